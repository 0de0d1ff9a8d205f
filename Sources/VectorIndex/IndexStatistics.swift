public import Records

/// What an index holds and takes, at one moment.
public struct IndexStatistics: Hashable, Sendable {
    /// Rows that a search can find.
    public let rows: Int
    /// Rows that were removed or replaced and whose place was not yet given back.
    public let deadRows: Int
    public let bytesVectors: Int
    /// With the table that finds rows by their identifiers, and an estimate for tags and metadata.
    public let bytesColumns: Int
    public let dimension: Int
    public let chunks: Int
    /// 0 where every search compares all rows; 1 where it looks at the codes of all.
    public let lists: Int
    /// What they keep; nil without lists.
    public let style: ListStyle?
    /// Codes, centres and what belongs to them.
    public let bytesCodes: Int
    /// Rows when the lists were trained, and those that came or went since.
    public let trainedRows: Int
    public let changedRows: Int

    public init(
        rows: Int, deadRows: Int, bytesVectors: Int, bytesColumns: Int, dimension: Int, chunks: Int, lists: Int = 0, style: ListStyle? = nil, bytesCodes: Int = 0,
        trainedRows: Int = 0, changedRows: Int = 0
    ) {
        self.rows = rows
        self.deadRows = deadRows
        self.bytesVectors = bytesVectors
        self.bytesColumns = bytesColumns
        self.dimension = dimension
        self.chunks = chunks
        self.lists = lists
        self.style = style
        self.bytesCodes = bytesCodes
        self.trainedRows = trainedRows
        self.changedRows = changedRows
    }
}
