/// Room for many matrices in one piece.
@safe public final class RowArena: Sendable {
    private let dimension: Int
    private let rows: Int
    private let matrices: Int
    private let pages: LargePages

    /// Room for `matrices` of so many rows each.
    public init(dimension: Int, matrices: Int, rows: Int) {
        precondition(dimension > 0 && matrices >= 0 && rows > 0)
        self.dimension = dimension
        self.rows = rows
        self.matrices = matrices
        pages = LargePages(bytes: matrices * RowArena.matrixBytes(dimension, rows))
    }

    private static func matrixBytes(_ dimension: Int, _ rows: Int) -> Int { RowMatrix.stride(dimension: dimension) * rows * MemoryLayout<Float>.size }

    /// Each of them is asked for once.
    public subscript(place: Int) -> RowMatrix {
        precondition(place >= 0 && place < matrices)
        let start = unsafe pages.start + place * RowArena.matrixBytes(dimension, rows)
        return unsafe RowMatrix(dimension: dimension, capacity: rows, base: start.assumingMemoryBound(to: Float.self), arena: self)
    }
}
