import Columns
import Records

/// Everything that a search reads. It never changes.
struct Snapshot: Sendable {
    var chunks = ChunkTable()
    var tags = TagCodes()
    var rows = 0
    /// Nil where every search compares all rows.
    var lists: Lists?
    /// No row expires before this; nil when none does.
    var firstExpiry: Timestamp?
}
