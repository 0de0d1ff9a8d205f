import Columns
import Records
import Vectors

/// Everything that a search reads. It never changes.
struct Snapshot: Sendable {
    var chunks = ChunkTable()
    var tags = TagCodes()
    var rows = 0
    var finder = RowFinder(capacity: 0)
    /// Nil where every search compares all rows.
    var lists: Lists?
    var lifespan = Lifespan()

    /// Where the row of that identifier is.
    func number(of id: Identifier) -> Int? {
        finder.find(hash: id.hashValue) { number in chunks.has(id, number: number) }
    }
}
