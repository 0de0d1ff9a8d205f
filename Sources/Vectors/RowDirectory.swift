import CKernels

/// Rows of many matrices under one number each: row r is row r % 1,024 of matrix r / 1,024. It never changes.
///
/// `@unchecked Sendable`: it is written once, before anyone else has it, and keeps the matrices.
@safe public final class RowDirectory: @unchecked Sendable {
    public static let matrixRows = 1_024

    private let matrices: [RowMatrix?]
    private let starts: UnsafeMutablePointer<UnsafePointer<Float>?>
    private let stride: Int
    private let dimension: Int

    /// Rows of a number where there is no matrix cannot be read. All have the same dimension and room for 1,024 rows.
    public init(_ matrices: [RowMatrix?], dimension: Int) {
        self.matrices = matrices
        self.dimension = dimension
        stride = RowMatrix.stride(dimension: dimension)
        unsafe starts = .allocate(capacity: max(1, matrices.count))
        for (place, matrix) in matrices.enumerated() {
            precondition(matrix.map { $0.dimension == dimension && $0.capacity == RowDirectory.matrixRows } ?? true)
            unsafe (starts + place).initialize(to: matrix?.start(ofRowsBelow: 0))
        }
    }

    deinit { unsafe starts.deallocate() }

    public var count: Int { matrices.count }

    /// The scores of the rows of a range, each as `Kernels` would give it anywhere, into the first places of `scores`.
    public func score(of query: FloatBlock, range: Range<Int>, with kernels: Kernels, into scores: FloatBlock) {
        precondition(query.count >= dimension && range.count <= scores.count)
        unsafe forEachPart(of: range) { start, first, count in
            unsafe kernels.score(
                of: query.start(of: 0..<dimension), rows: start, stride: stride, count: count, dimension: dimension, into: scores.start(of: first..<first + count))
        }
    }

    /// The scores of a range for the first `count` of `queries`, each within `BLAS.roundingBound` of what `Kernels` would give; row q of `scores` are those of query q.
    public func multiply(_ queries: Rows, count: Int, range: Range<Int>, into scores: Rows) {
        precondition(dimension <= queries.stride && count <= queries.capacity && count <= scores.capacity && range.count <= scores.stride)
        unsafe forEachPart(of: range) { start, first, rows in
            unsafe BLAS.multiply(
                queries.start(0..<count), queries.stride, count, byTransposed: start, stride, rows, width: dimension, into: scores.start(0..<count) + first, scores.stride)
        }
    }

    /// Where the rows of a range lie, matrix by matrix: the first of some, its place in the range, and how many.
    private func forEachPart(of range: Range<Int>, _ body: (_ start: UnsafePointer<Float>, _ first: Int, _ count: Int) -> Void) {
        var row = range.lowerBound
        while row < range.upperBound {
            let (matrix, place) = (row / RowDirectory.matrixRows, row % RowDirectory.matrixRows)
            let count = min(range.upperBound - row, RowDirectory.matrixRows - place)
            precondition(matrix < matrices.count)
            guard let start = unsafe starts[matrix] else { preconditionFailure("a row of a matrix that is not there") }
            unsafe body(start + place * stride, row - range.lowerBound, count)
            row += count
        }
    }

    /// The scores of `rows`, each as `Kernels` would give it anywhere, into the first places of `scores`. The rows can be read, as a snapshot says.
    public func score(of query: FloatBlock, rows: [UInt32], with kernels: Kernels, pointers: RowPointers, into scores: FloatBlock) {
        precondition(query.count >= dimension && rows.count <= pointers.capacity && rows.count <= scores.count)
        for (place, row) in rows.enumerated() {
            let matrix = Int(row) / RowDirectory.matrixRows
            precondition(matrix < matrices.count)
            guard let start = unsafe starts[matrix] else { preconditionFailure("a row of a matrix that is not there") }
            unsafe pointers.base[place] = unsafe start + Int(row) % RowDirectory.matrixRows * stride
        }
        unsafe kernels.score(of: query.start(of: 0..<dimension), rows: pointers.base, count: rows.count, dimension: dimension, into: scores.start(of: 0..<rows.count))
    }
}

/// Room for the addresses of rows.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class RowPointers: @unchecked Sendable {
    public let capacity: Int
    let base: UnsafeMutablePointer<UnsafePointer<Float>>

    public init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: max(1, capacity))
    }

    deinit { unsafe base.deallocate() }
}
