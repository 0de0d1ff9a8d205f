public import Records

/// How important a row is and how it was used, in one place: whoever asks for one of these asks for all, row by row.
public struct RowUse: Sendable {
    public let importance: Double
    /// When it was accessed last, or else made.
    public let lastUsedAt: Timestamp
    public let accessCount: Int32
    public let type: UInt8
    public let isPinned: Bool

    init(_ row: Attributes) {
        importance = row.importance
        lastUsedAt = row.lastAccessedAt ?? row.createdAt
        accessCount = Int32(clamping: row.accessCount)
        type = row.type
        isPinned = row.isPinned
    }
}
