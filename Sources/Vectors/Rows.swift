import Glibc

/// Rows of floats within a block: row r begins at `r * stride`.
public struct Rows: Sendable {
    public let block: FloatBlock
    public let stride: Int

    public init(_ block: FloatBlock, stride: Int) {
        self.block = block
        self.stride = stride
    }

    /// How many there is room for.
    public var capacity: Int { stride == 0 ? 0 : block.count / stride }

    public subscript(row: Int, column: Int) -> Float {
        get { block[row * stride + column] }
        nonmutating set { block[row * stride + column] = newValue }
    }

    public func copy(row: Int, of other: Rows, to place: Int) {
        precondition(other.stride == stride)
        unsafe start(place..<place + 1).update(from: other.start(row..<row + 1), count: stride)
    }

    /// A row of a matrix, without its padding.
    public func copy(row: Int, of matrix: RowMatrix, to place: Int) {
        precondition(matrix.dimension <= stride)
        unsafe start(place..<place + 1).update(from: matrix.start(ofRow: row), count: matrix.dimension)
    }

    /// As many values of a block as a row has, from its first on.
    public func copy(_ block: FloatBlock, to place: Int) {
        unsafe start(place..<place + 1).update(from: block.start(of: 0..<stride), count: stride)
    }

    public func add(row: Int, of other: Rows, to place: Int) {
        precondition(other.stride == stride)
        let (from, to) = unsafe (other.start(row..<row + 1), start(place..<place + 1))
        for column in 0..<stride { unsafe to[column] += from[column] }
    }

    public func scale(row: Int, by factor: Float) {
        let to = unsafe start(row..<row + 1)
        for column in 0..<stride { unsafe to[column] *= factor }
    }

    /// Row `place` becomes `a` − `b`.
    public func subtract(row a: Int, of left: Rows, less b: Int, of right: Rows, to place: Int) {
        precondition(left.stride == stride && right.stride == stride)
        let (x, y, to) = unsafe (left.start(a..<a + 1), right.start(b..<b + 1), start(place..<place + 1))
        for column in 0..<stride { unsafe to[column] = unsafe x[column] - y[column] }
    }

    func start(_ rows: Range<Int>) -> UnsafeMutablePointer<Float> { unsafe block.start(of: rows.lowerBound * stride..<rows.upperBound * stride) }
}
