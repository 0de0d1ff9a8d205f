/// What an index holds and takes, at one moment.
public struct IndexStatistics: Hashable, Sendable {
    /// Rows that a search can find.
    public let rows: Int
    /// Rows that were removed or replaced and whose place was not yet given back.
    public let deadRows: Int
    public let bytesVectors: Int
    /// With an estimate for tags and metadata.
    public let bytesColumns: Int
    public let dimension: Int
    public let chunks: Int

    public init(rows: Int, deadRows: Int, bytesVectors: Int, bytesColumns: Int, dimension: Int, chunks: Int) {
        self.rows = rows
        self.deadRows = deadRows
        self.bytesVectors = bytesVectors
        self.bytesColumns = bytesColumns
        self.dimension = dimension
        self.chunks = chunks
    }
}
