import CKernels

/// Rows of numbers from −127 to 127 with a scale each, for products that need not be exact.
///
/// `@unchecked Sendable`: it is written once, before anyone else has it.
@safe public final class ByteRows: @unchecked Sendable {
    public let count: Int
    public let dimension: Int
    let bytes: UnsafeMutablePointer<UInt8>
    let scales: FloatBlock
    /// 0, 1, 2 and so on.
    private let all: UnsafeMutablePointer<UInt32>

    public init(_ rows: Rows, count: Int, dimension: Int) {
        let stride = ByteRows.stride(dimension)
        self.count = count
        self.dimension = dimension
        scales = FloatBlock(count: count)
        unsafe all = .allocate(capacity: max(1, count))
        for row in 0..<count { unsafe all[row] = UInt32(row) }
        unsafe bytes = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * stride), alignment: 64).assumingMemoryBound(to: UInt8.self)
        unsafe bytes.initialize(repeating: 128, count: max(64, count * stride))
        var signed = [Int8](repeating: 0, count: dimension)
        for row in 0..<count {
            scales[row] = unsafe ck_to_bytes(rows.start(row..<row + 1), dimension, &signed)
            for (column, value) in signed.enumerated() { unsafe bytes[row * stride + column] = UInt8(Int(value) + 128) }
        }
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe all.deallocate()
    }

    public var byteCount: Int { count * (ByteRows.stride(dimension) + 8) }

    /// The products of those rows with a vector.
    func multiply(_ numbers: ByteNumbers, rows: UnsafePointer<UInt32>, count: Int, into out: FloatBlock, _ kernels: CodeKernels) {
        precondition(numbers.stride == ByteRows.stride(dimension) && count <= self.count)
        unsafe kernels.table.pointee.dot_bytes(
            numbers.values, numbers.scale, bytes, scales.start(of: 0..<self.count), rows, count, numbers.stride, out.start(of: 0..<count))
    }

    /// The products of all rows with a vector.
    func multiply(_ vector: FloatBlock, _ numbers: ByteNumbers, into out: FloatBlock, _ kernels: CodeKernels) {
        numbers.take(vector)
        unsafe multiply(numbers, rows: all, count: count, into: out, kernels)
    }

    static func stride(_ dimension: Int) -> Int { (dimension + CK_BYTES - 1) / CK_BYTES * CK_BYTES }
}

/// A vector as `ByteRows` are multiplied with it.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe final class ByteNumbers: @unchecked Sendable {
    let stride: Int
    private let dimension: Int
    let values: UnsafeMutablePointer<Int8>
    private(set) var scale: Float = 0

    init(_ rows: ByteRows) {
        dimension = rows.dimension
        stride = ByteRows.stride(rows.dimension)
        unsafe values = UnsafeMutableRawPointer.allocate(byteCount: stride, alignment: 64).assumingMemoryBound(to: Int8.self)
        unsafe values.initialize(repeating: 0, count: stride)
    }

    deinit { unsafe values.deallocate() }

    func take(_ vector: FloatBlock) { scale = unsafe ck_to_bytes(vector.start(of: 0..<dimension), dimension, values) }
}
