import CKernels

/// Inner products through the inner loops of one instruction set.
///
/// A row's score depends on query, row and instruction set alone, not on where the row lies or which of the functions computed it.
@safe public struct Kernels: Sendable {
    public let name: String
    private let dotProduct: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float
    private let dotRows: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>) -> Void
    private let dotSelected:
        @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafePointer<UInt32>, Int, Int, UnsafeMutablePointer<Float>) -> Void

    private let dotEach: @convention(c) (UnsafePointer<Float>, UnsafePointer<UnsafePointer<Float>>, Int, Int, UnsafeMutablePointer<Float>) -> Void
    private let atLeast: @convention(c) (UnsafePointer<Float>, Int, Float, UnsafeMutablePointer<UInt64>) -> Void

    private init(_ table: UnsafePointer<ck_kernels>) {
        unsafe name = String(cString: table.pointee.name)
        unsafe dotProduct = table.pointee.dot
        unsafe dotRows = table.pointee.dot_rows
        unsafe dotSelected = table.pointee.dot_selected
        unsafe dotEach = table.pointee.dot_each
        unsafe atLeast = table.pointee.at_least
    }

    /// The fastest that this machine has; chosen once.
    public static let best = unsafe Kernels(ck_best())

    public static let portable = unsafe Kernels(ck_portable())

    /// Every set that runs on this machine.
    public static var available: [Kernels] {
        var result = [portable]
        if let table = unsafe ck_avx2() { unsafe result.append(Kernels(table)) }
        if let table = unsafe ck_avx512() { unsafe result.append(Kernels(table)) }
        if let table = unsafe ck_neon() { unsafe result.append(Kernels(table)) }
        return result
    }

    public func dot(_ a: [Float], _ b: [Float]) -> Float {
        precondition(a.count == b.count)
        return unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                guard let aStart = a.baseAddress, let bStart = b.baseAddress else { return 0 }
                return unsafe dotProduct(aStart, bStart, a.count)
            }
        }
    }

    /// The product of a row with another one.
    public func dot(row: Int, of matrix: RowMatrix, row otherRow: Int, of other: RowMatrix) -> Float {
        precondition(matrix.dimension == other.dimension)
        return unsafe dotProduct(matrix.start(ofRow: row), other.start(ofRow: otherRow), matrix.dimension)
    }

    /// The score of one row.
    public func score(of query: [Float], row: Int, in matrix: RowMatrix) -> Float {
        precondition(query.count == matrix.dimension)
        return unsafe query.withUnsafeBufferPointer { query in
            guard let start = query.baseAddress else { return 0 }
            return unsafe dotProduct(start, matrix.start(ofRow: row), matrix.dimension)
        }
    }

    /// Scores of rows 0..<count into the first `count` places of `scores`.
    public func score(of query: [Float], rowsBelow count: Int, in matrix: RowMatrix, into scores: inout [Float]) {
        precondition(query.count == matrix.dimension && scores.count >= count)
        let rows = unsafe matrix.start(ofRowsBelow: count)
        unsafe query.withUnsafeBufferPointer { query in
            unsafe scores.withUnsafeMutableBufferPointer { scores in
                guard let start = query.baseAddress, let out = scores.baseAddress else { return }
                unsafe dotRows(start, rows, matrix.stride, count, matrix.dimension, out)
            }
        }
    }

    /// The score of `selected[i]` into place i of `scores`.
    public func score(of query: [Float], selected: [UInt32], in matrix: RowMatrix, into scores: inout [Float]) {
        precondition(query.count == matrix.dimension && scores.count >= selected.count)
        guard let last = selected.max() else { return }
        let rows = unsafe matrix.start(ofRowsBelow: Int(last) + 1)
        unsafe query.withUnsafeBufferPointer { query in
            unsafe scores.withUnsafeMutableBufferPointer { scores in
                unsafe selected.withUnsafeBufferPointer { selected in
                    guard let start = query.baseAddress, let out = scores.baseAddress, let first = selected.baseAddress
                    else { return }
                    unsafe dotSelected(start, rows, matrix.stride, first, selected.count, matrix.dimension, out)
                }
            }
        }
    }

    /// Products of a row with rows 0..<count of another matrix.
    public func score(row: Int, of matrix: RowMatrix, rowsBelow count: Int, in other: RowMatrix, into scores: FloatBlock) {
        precondition(matrix.dimension == other.dimension)
        unsafe dotRows(matrix.start(ofRow: row), other.start(ofRowsBelow: count), other.stride, count, other.dimension, scores.start(of: 0..<count))
    }

    /// For `RowDirectory`: products with `count` rows, one after the other.
    func score(of query: UnsafePointer<Float>, rows: UnsafePointer<Float>, stride: Int, count: Int, dimension: Int, into scores: UnsafeMutablePointer<Float>) {
        unsafe dotRows(query, rows, stride, count, dimension, scores)
    }

    /// For `RowDirectory`: out[i] = query · rows[i].
    func score(of query: UnsafePointer<Float>, rows: UnsafePointer<UnsafePointer<Float>>, count: Int, dimension: Int, into scores: UnsafeMutablePointer<Float>) {
        guard count > 0 else { return }
        unsafe dotEach(query, rows, count, dimension, scores)
    }

    /// Which of the `count` values from `offset` on are `least` or more: value i in bit i % 64 of `bits[i / 64]`, zeros after the last.
    public func select(_ values: [Float], from offset: Int, count: Int, atLeast least: Float, into bits: inout [UInt64]) {
        precondition(offset >= 0 && count >= 0 && offset + count <= values.count && bits.count * 64 >= count)
        unsafe values.withUnsafeBufferPointer { values in
            unsafe bits.withUnsafeMutableBufferPointer { bits in
                guard let first = values.baseAddress, let out = bits.baseAddress else { return }
                unsafe atLeast(first + offset, count, least, out)
            }
        }
    }
}
