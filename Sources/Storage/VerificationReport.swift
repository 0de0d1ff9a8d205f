/// What a verification looked at and found.
public struct VerificationReport: Hashable, Sendable {
    public struct TableCount: Hashable, Sendable {
        public let table: String
        public let rows: Int64
        /// Rows that do not match their checksum.
        public let damaged: Int64

        public init(table: String, rows: Int64, damaged: Int64) {
            self.table = table
            self.rows = rows
            self.damaged = damaged
        }
    }

    /// The directory.
    public let path: String
    public internal(set) var schemaVersion: Int?
    /// What `integrity_check` says of the file's structure.
    public internal(set) var structure: [String] = []
    /// What `foreign_key_check` says: table, and the table whose row is missing.
    public internal(set) var missingReferences: [String] = []
    public internal(set) var tables: [TableCount] = []
    /// The first damaged rows, as table and place, at most `Verification.damagedRowsMax`.
    public internal(set) var damagedRows: [String] = []
    /// Kept counters that differ from what is there.
    public internal(set) var counters: [String] = []
    /// What is wrong with the change sequence.
    public internal(set) var changes: [String] = []
    /// Everything else, such as a part that cannot be read at all.
    public internal(set) var problems: [String] = []
    /// Remarkable, but no damage.
    public internal(set) var notes: [String] = []
    public internal(set) var lastChange: Int64 = 0

    init(path: String) { self.path = path }

    public var rowCount: Int64 { tables.reduce(0) { $0 + $1.rows } }

    /// Nothing is damaged.
    public var isSound: Bool {
        structure.isEmpty && missingReferences.isEmpty && tables.allSatisfy { $0.damaged == 0 } && counters.isEmpty && changes.isEmpty
            && problems.isEmpty
    }
}

extension VerificationReport: CustomStringConvertible {
    /// One finding a line, and the verdict last.
    public var description: String {
        var lines = tables.map { "\($0.table): \($0.rows) rows, \($0.damaged) damaged" }
        lines += structure.map { "structure: \($0)" } + missingReferences.map { "reference: \($0)" } + damagedRows.map { "damaged: \($0)" }
        lines += counters.map { "counter: \($0)" } + changes.map { "changes: \($0)" } + problems.map { "problem: \($0)" }
        lines += notes.map { "note: \($0)" }
        lines.append(isSound ? "\(path) is sound: \(rowCount) rows up to change \(lastChange)" : "\(path) is damaged")
        return lines.joined(separator: "\n")
    }
}
