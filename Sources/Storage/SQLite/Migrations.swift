/// One step of the schema and the way back. Each runs in a transaction of its own, together with the change of `user_version`.
struct Migration: Sendable {
    let number: Int
    let name: String
    let up: String
    let down: String
    /// Puts right what `down` left of rows that stay; nil where there is nothing to put right.
    let drain: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)?
    /// Fills what `up` made from rows that are already there; nil where there is nothing to fill.
    let fill: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)?

    init(
        _ number: Int, _ name: String, up: String, down: String, fill: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)? = nil,
        drain: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)? = nil
    ) {
        self.number = number
        self.name = name
        self.up = up
        self.down = down
        self.fill = fill
        self.drain = drain
    }
}

/// The schema, step by step. A step that was released is never changed: a new one follows it.
///
/// Identifiers are blobs of 16 bytes, times are microseconds since 1970, flags 0 or 1, lists and objects JSON text. Every key begins with the
/// organization, so that an identifier of another organization neither collides nor shows. All tables keep SQLite's own row number: then each key
/// is an index of its own beside the table, and `integrity_check` compares the two, which finds damage to a key that no checksum of a row could show.
enum Migrations {
    /// "Pnyn" in ASCII, in the file's header.
    static let applicationID: Int64 = 0x506E_796E

    static let all: [Migration] = [tenancy, memories, conversations, changes, jobs, embedding, keeping, auditing, terms]

    static let latest = all.count
}
