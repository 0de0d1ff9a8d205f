import CKernels

/// Inner loops for products of rows with fixed weights, both rounded to 16 bits.
///
/// `@unchecked Sendable`: it points to a constant of the C module.
@safe public struct ProductKernels: @unchecked Sendable {
    public let name: String
    public let precision: Precision
    let table: UnsafePointer<ck_product>

    private init?(_ table: UnsafePointer<ck_product>?) {
        guard let table = unsafe table else { return nil }
        unsafe self.table = unsafe table
        unsafe name = String(cString: table.pointee.name)
        unsafe precision = table.pointee.format == CK_BF16 ? .bf16 : .i16
    }

    /// Every set that runs on this machine.
    public static let available: [ProductKernels] = unsafe [
        ProductKernels(ck_product_amx_bf16()), ProductKernels(ck_product_avx512_bf16()), ProductKernels(ck_product_vnni_i16()),
        ProductKernels(ck_product_avx512_i16()), ProductKernels(ck_product_avx2_i16()), portable(.bf16), portable(.i16),
    ].compactMap { $0 }

    /// Plain C, far slower than BLAS is at single precision; what the others are compared with.
    public static func portable(_ precision: Precision) -> ProductKernels? {
        switch precision {
        case .f32: nil
        case .bf16: unsafe ProductKernels(ck_product_portable(CK_BF16))
        case .i16: unsafe ProductKernels(ck_product_portable(CK_I16))
        }
    }

    /// The fastest of what is faster than BLAS is in single precision, on this machine and measured once; nil where nothing is.
    public static let fastest: ProductKernels? = {
        let best = timed.min { $0.seconds < $1.seconds }
        return best.flatMap { $0.seconds < singleSeconds ? $0.kernels : nil }
    }()

    public static func fastest(of precision: Precision) -> ProductKernels? {
        timed.filter { $0.kernels.precision == precision }.min { $0.seconds < $1.seconds }?.kernels ?? portable(precision)
    }

    private static let timed = available.filter { !$0.isPortable }.map { (kernels: $0, seconds: seconds($0)) }
    private static let singleSeconds = seconds(nil)

    /// The least time of a few that a product of a common size takes.
    private static func seconds(_ product: ProductKernels?) -> Double {
        let size = 384, rows = 64
        let weights = Floats((0..<size * size).map { Float($0 % 7) - 3 })
        let linear = Linear(weights: weights, bias: Floats(Array(repeating: 0, count: size)), inputs: size, kernels: product)
        let x = Rows(FloatBlock(count: rows * size), stride: size), out = Rows(FloatBlock(count: rows * size), stride: size)
        for place in 0..<rows * size { x.block[place] = Float(place % 5) - 2 }
        let numbers = NumberBlock(rows: rows, width: size)
        let clock = ContinuousClock()
        let once = { clock.measure { linear.multiply(x, rows: rows, into: out, numbers: numbers, .best) } }
        let times = (0..<5).map { _ in product?.use(once) ?? once() }
        return times.min().map { Double($0.components.attoseconds) * 1e-18 + Double($0.components.seconds) } ?? .infinity
    }

    var isPortable: Bool { name.hasPrefix("portable") }

    /// Numbers in a row of `width`, so that the widest instruction takes whole ones.
    static func depth(_ width: Int) -> Int { roundedUp(width, Int(CK_DEPTH)) }
    static func columns(_ outputs: Int) -> Int { roundedUp(outputs, Int(CK_COLUMNS)) }
    /// Rows that there must be room for, in the numbers and in the results, when so many are multiplied.
    public static func rows(_ count: Int) -> Int { roundedUp(count, Int(CK_ROWS)) }

    private static func roundedUp(_ count: Int, _ multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }

    func pack(_ weights: Floats, outputs: Int, inputs: Int) -> NumberBlock {
        let depth = ProductKernels.depth(inputs), columns = ProductKernels.columns(outputs)
        precondition(weights.count == outputs * inputs)
        let packed = NumberBlock(rows: columns, depth: depth)
        unsafe ck_pack_weights(format, weights.start(of: 0..<weights.count), outputs, inputs, depth, columns, packed.values, packed.scales)
        return packed
    }

    /// out[r] = bias + x[r] · weights, for `rows` rows of `width` values from the first; `numbers` is scratch.
    func multiply(_ x: Rows, width: Int, rows: Int, _ weights: NumberBlock, _ bias: Floats, into out: Rows, numbers: NumberBlock, _ kernels: EncoderKernels) {
        let room = ProductKernels.rows(rows), depth = weights.depth, columns = weights.rows
        precondition(width <= x.stride && width <= depth && numbers.rows * numbers.depth >= room * depth && numbers.rows >= room)
        precondition(out.capacity >= room && columns <= out.stride && bias.count == columns)
        unsafe kernels.table.pointee.round(format, x.start(0..<rows), x.stride, rows, width, depth, numbers.values, numbers.scales)
        unsafe table.pointee.multiply(
            ck_numbers(values: numbers.values, scales: numbers.scales), rows, depth, ck_numbers(values: weights.values, scales: weights.scales), columns,
            bias.start(of: 0..<columns), out.start(0..<room), out.stride)
    }

    /// Does `body`, during which this thread may multiply; what is between products must not be left to another.
    public func use<Result>(_ body: () -> Result) -> Result {
        unsafe table.pointee.begin?()
        defer { unsafe table.pointee.end?() }
        return body()
    }

    private var format: ck_format { precision == .bf16 ? CK_BF16 : CK_I16 }
}

/// Rows of 16-bit numbers with a scale each, or weights in panels.
///
/// `@unchecked Sendable`: weights do not change once they are packed, and scratch is lent to one call at a time.
@safe public final class NumberBlock: @unchecked Sendable {
    let rows: Int
    let depth: Int
    let values: UnsafeMutablePointer<UInt16>
    let scales: UnsafeMutablePointer<Float>

    init(rows: Int, depth: Int) {
        self.rows = rows
        self.depth = depth
        let numbers = UnsafeMutableRawPointer.allocate(byteCount: max(64, rows * depth * 2), alignment: 64)
        unsafe numbers.initializeMemory(as: UInt8.self, repeating: 0, count: max(64, rows * depth * 2))
        unsafe values = numbers.assumingMemoryBound(to: UInt16.self)
        unsafe scales = .allocate(capacity: max(1, rows))
        unsafe scales.initialize(repeating: 0, count: max(1, rows))
    }

    /// Scratch for `rows` rows of up to `width` values.
    public convenience init(rows: Int, width: Int) {
        self.init(rows: ProductKernels.rows(rows), depth: ProductKernels.depth(width))
    }

    deinit {
        unsafe values.deallocate()
        unsafe scales.deallocate()
    }
}
