import Columns
import Records
import Vectors

/// Up to 1,024 rows as they stood at one moment: the shared storage, how much of it there was, and which rows were alive.
///
/// The storage below `count` never changes, so what a snapshot sees is fixed by the two small values here.
struct Chunk: Sendable {
    static let capacity = ColumnChunk.capacity

    let matrix: RowMatrix
    let columns: ColumnChunk
    private(set) var count = 0
    private(set) var live = Bitmap()
    private(set) var liveCount = 0
    /// Of the live rows.
    private(set) var lifespan = Lifespan()

    init(dimension: Int) {
        self.init(matrix: RowMatrix(dimension: dimension, capacity: Chunk.capacity))
    }

    /// Without rows, for as many as the empty matrix has room for.
    init(matrix: RowMatrix) {
        precondition(matrix.capacity == Chunk.capacity)
        self.matrix = matrix
        columns = ColumnChunk()
    }

    var isFull: Bool { count == Chunk.capacity }

    var deadCount: Int { count - liveCount }

    /// Adds a row and returns its number. The vector has length one.
    mutating func append(_ attributes: Attributes, tagCodes: [UInt32], unit: [Float]) -> Int {
        matrix.append(unit)
        columns.append(attributes, tagCodes: tagCodes)
        return admit()
    }

    /// Adds a row of another chunk, bit for bit.
    mutating func append(row: Int, of other: Chunk) -> Int {
        matrix.append(row: row, of: other.matrix)
        columns.append(row: row, of: other.columns)
        return admit()
    }

    private mutating func admit() -> Int {
        let row = count
        count += 1
        live[row] = true
        liveCount += 1
        lifespan.admit(row, of: columns)
        return row
    }

    /// Whether that row is there, alive, and called so.
    func has(_ id: Identifier, _ row: Int) -> Bool { row < count && live[row] && columns.identifier(row) == id }

    mutating func bury(_ row: Int) {
        guard live[row] else { return }
        live[row] = false
        liveCount -= 1
        guard lifespan.isBounded(by: row, of: columns) else { return }
        lifespan = Lifespan()
        live.forEach { lifespan.admit($0, of: columns) }
    }

    /// The rows that are of that moment and that the filter admits.
    func matching(_ expression: Expression?, at moment: Moment) -> Bitmap {
        var rows = live
        if lifespan.mayHide(at: moment) { rows = columns.alive(at: moment, among: rows) }
        if let expression { rows = expression.select(in: columns, among: rows) }
        return rows
    }
}
