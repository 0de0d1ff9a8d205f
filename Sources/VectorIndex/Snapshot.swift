import Columns

/// Everything that a search reads. It never changes.
struct Snapshot: Sendable {
    var chunks = ChunkTable()
    var tags = TagCodes()
    var rows = 0
}
