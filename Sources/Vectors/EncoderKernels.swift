import CKernels

/// What an encoder does between its matrix products, through the inner loops of one instruction set.
///
/// `@unchecked Sendable`: it points to a constant of the C module.
@safe public struct EncoderKernels: @unchecked Sendable {
    public let name: String
    let table: UnsafePointer<ck_encoder>

    private init(_ table: UnsafePointer<ck_encoder>) {
        unsafe name = String(cString: table.pointee.name)
        unsafe self.table = unsafe table
    }

    /// The fastest that this machine has.
    public static let best = unsafe EncoderKernels(ck_encoder_best())
    public static let portable = unsafe EncoderKernels(ck_encoder_portable())

    /// Every set that runs on this machine.
    public static var available: [EncoderKernels] {
        var result = [portable]
        if let table = unsafe ck_encoder_avx2() { unsafe result.append(EncoderKernels(table)) }
        if let table = unsafe ck_encoder_avx512() { unsafe result.append(EncoderKernels(table)) }
        if let table = unsafe ck_encoder_bf16() { unsafe result.append(EncoderKernels(table)) }
        return result
    }

    /// Row `from` of `table`, whose rows have `width` floats, becomes row `row` of `rows`.
    public func copy(_ table: Floats, width: Int, row from: Int, to rows: Rows, row: Int) {
        precondition(width <= rows.stride)
        unsafe rows.start(row..<row + 1).update(from: table.start(of: from * width..<(from + 1) * width), count: width)
    }

    /// x[r] = (x[r] + added[r] − mean) / √(variance + epsilon) · gain + bias, over the first `gain.count` values of each row.
    public func normalize(_ x: Rows, adding added: Rows, rows: Range<Int>, gain: Floats, bias: Floats, epsilon: Float) {
        let width = gain.count
        precondition(width <= x.stride && added.stride == x.stride && bias.count == width)
        let start = unsafe x.start(rows)
        unsafe table.pointee.normalize(
            start, added.start(rows), x.stride, rows.count, width, gain.start(of: 0..<width), bias.start(of: 0..<width), epsilon, start)
    }

    /// x[r][i] += bias[i]
    public func add(_ bias: Floats, to x: Rows, rows: Range<Int>) {
        precondition(bias.count <= x.stride)
        unsafe table.pointee.add(x.start(rows), x.stride, rows.count, bias.count, bias.start(of: 0..<bias.count))
    }

    /// x[r][i] = gelu(x[r][i]) for i < width, to 2·10⁻⁶ and 3·10⁻⁷ of x, or where `coarse` to 10⁻⁴ and 2·10⁻⁵ of x.
    public func gelu(_ x: Rows, rows: Range<Int>, width: Int, coarse: Bool) {
        precondition(width <= x.stride)
        unsafe table.pointee.gelu(x.start(rows), x.stride, rows.count, width, coarse ? 1 : 0)
    }

    /// Floats of scratch that `attend` takes for so many rows, and for fewer.
    public static func attentionScratch(length: Int, headSize: Int) -> Int {
        max(ck_attention_scratch(length, headSize), (ck_rounded_attention_scratch(length, headSize) + 3) / 4)
    }

    /// Attention of each of `rows` to all of them. A row of `qkv` holds query, key and value; head h of each in its h-th part. The products are of rounded
    /// numbers where there are kernels for them.
    public func attend(_ qkv: Rows, rows: Range<Int>, heads: Int, headSize: Int, into out: Rows, scratch: FloatBlock, products: ProductKernels?) {
        let needed = EncoderKernels.attentionScratch(length: rows.count, headSize: headSize)
        precondition(3 * heads * headSize <= qkv.stride && heads * headSize <= out.stride && scratch.count >= needed)
        let from = unsafe qkv.start(rows), to = unsafe out.start(rows), scratch = unsafe scratch.start(of: 0..<needed)
        if let products {
            unsafe table.pointee.attend_rounded(products.table, from, qkv.stride, rows.count, heads, headSize, to, out.stride, scratch)
        } else {
            unsafe table.pointee.attend(from, qkv.stride, rows.count, heads, headSize, to, out.stride, scratch)
        }
    }

    /// The mean of the first `width` values of each row.
    public func mean(_ x: Rows, rows: Range<Int>, width: Int) -> [Float] {
        precondition(width <= x.stride && !rows.isEmpty)
        return unsafe [Float](unsafeUninitializedCapacity: width) { out, count in
            if let start = out.baseAddress { unsafe table.pointee.mean(x.start(rows), x.stride, rows.count, width, start) }
            count = width
        }
    }
}
