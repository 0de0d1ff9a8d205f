import Records

/// Reads everything that a data directory keeps and checks it, also while a server runs on it.
public enum Verification {
    public struct Progress: Hashable, Sendable {
        public let table: String
        public let rows: Int64
        /// Nil when the number of rows cannot be read.
        public let rowsTotal: Int64?
    }

    public static let damagedRowsMax = 1_000
    static let linesMax = 100
    private static let rowsPerProgress: Int64 = 1_000

    /// Blocks, and holds one snapshot: while it runs, a server's write-ahead log grows. Damage never makes it throw, only a missing database.
    public static func run(path: String, progress: (Progress) -> Void = { _ in }) throws(StorageError) -> VerificationReport {
        let databasePath = path + "/pinyon.db"
        guard let file = try ReadOnlyFile.open(databasePath) else { throw .unavailable("there is no database in \(path)") }
        var report = VerificationReport(path: path)
        do throws(StorageError) {
            guard try file.byteCount() > 0 else { throw .corruptFile(path: databasePath, detail: "it is empty") }
            if !DataDirectory.isInUse(path) { try examineLog(databasePath + "-wal", &report) }
            let connection = try SQLiteConnection(path: databasePath, .readOnly)
            try connection.execute("PRAGMA query_only = ON; BEGIN")
            try examine(connection, &report, progress)
        } catch {
            report.problems.append(error.description)
        }
        return report
    }

    private static func examineLog(_ path: String, _ report: inout VerificationReport) throws(StorageError) {
        switch try WriteAheadLog.examine(path) {
        case .sound: break
        case .torn(let frames): report.notes.append("the write-ahead log ends in \(frames) frames of an unfinished commit")
        case .damaged(let detail): report.problems.append("\(path) is damaged: \(detail)")
        }
    }

    private static func examine(
        _ connection: SQLiteConnection, _ report: inout VerificationReport, _ progress: (Progress) -> Void
    ) throws(StorageError) {
        let version = try SQLiteSchema.version(of: connection)
        report.schemaVersion = version
        attempt(&report) { report throws(StorageError) in
            if let difference = try SQLiteSchema.difference(connection, version: version) { report.problems.append(difference) }
        }
        attempt(&report) { report throws(StorageError) in
            report.structure = try SQLiteSchema.damage(connection, quick: false, linesMax: linesMax)
        }
        attempt(&report) { report throws(StorageError) in
            let lines = try connection.texts("SELECT \"table\" || ' row ' || rowid || ' needs ' || \"parent\" FROM pragma_foreign_key_check")
            report.missingReferences = Array(lines.prefix(linesMax))
        }
        var counted: [Identifier: StoreCounts] = [:]
        var kept: [Identifier: StoreCounts] = [:]
        var organizations: Set<Identifier> = []
        var conversations: [Identifier: MessageCount] = [:]
        for table in Table.allCases where table.firstVersion <= version {
            walk(table, connection, &report, progress) { row in
                guard let organization = row.identifier(0) else { return }
                switch table {
                case .organizations: organizations.insert(organization)
                case .agentMemories:
                    counted[organization, default: StoreCounts()][.memory] += StoreCounts.Count(
                        rows: 1, withVectors: row.isNull(MemoryRow.embeddingColumn) ? 0 : 1, deleted: row.isNull(MemoryRow.deletedColumn) ? 0 : 1)
                case .counters:
                    guard let (kind, count) = try? CounterRow.decode(row, of: organization), Table.of(kind).firstVersion <= version else { return }
                    kept[organization, default: StoreCounts()][kind] = count
                case .agents, .users, .conversations, .messages, .terminologyEntries, .learningPatterns:
                    guard let kind = table.kind, let record = try? RecordRow.decode(row, kind, of: organization) else { return }
                    counted[organization, default: StoreCounts()][kind] += StoreCounts.Count(
                        rows: 1, withVectors: record.embedding == nil ? 0 : 1, deleted: record.deletedAt == nil ? 0 : 1)
                    follow(record, &conversations)
                case .apiKeys, .embeddingSpaces, .embeddingWaits, .changes, .idempotencyKeys, .jobs, .auditLogs, .auditKeys: break
                }
            }
        }
        guard version >= Table.counters.firstVersion else { return }
        for organization in organizations.union(counted.keys).union(kept.keys).sorted() {
            let real = counted[organization] ?? StoreCounts()
            guard kept[organization] != real else { continue }
            report.counters.append("organization \(organization): kept \(text(kept[organization])), found \(text(real))")
        }
        for (id, count) in conversations.sorted(by: { $0.key < $1.key }) where count.kept != count.found {
            report.counters.append("conversation \(id): kept \(count.kept) messages, found \(count.found)")
        }
        attempt(&report) { report throws(StorageError) in try examineChanges(connection, &report) }
    }

    /// What a conversation says of its messages, and what they say.
    private struct MessageCount {
        var kept: Int64 = 0
        var found: Int64 = 0
    }

    private static func follow(_ record: Record, _ conversations: inout [Identifier: MessageCount]) {
        if record.kind == .conversation { conversations[record.id, default: MessageCount()].kept = record.integer(.messageCount) ?? 0 }
        if record.kind == .message, record.deletedAt == nil, let id = record.identifier(.conversation) {
            conversations[id, default: MessageCount()].found += 1
        }
    }

    private static func attempt(
        _ report: inout VerificationReport, _ body: (inout VerificationReport) throws(StorageError) -> Void
    ) {
        do throws(StorageError) { try body(&report) } catch { report.problems.append(error.description) }
    }

    private static func walk(
        _ table: Table, _ connection: SQLiteConnection, _ report: inout VerificationReport, _ progress: (Progress) -> Void,
        _ body: (SQLiteStatement) -> Void
    ) {
        var rows: Int64 = 0
        var damaged: Int64 = 0
        attempt(&report) { report throws(StorageError) in
            let total = try? connection.integer("SELECT count(*) FROM \(table.name)")
            let columnCount = table.columnCount
            let statement = try connection.prepare(table.selection + " NOT INDEXED ORDER BY rowid")
            while try statement.step() {
                rows += 1
                if !statement.isIntact(table, columnCount: columnCount) {
                    damaged += 1
                    if report.damagedRows.count < damagedRowsMax {
                        report.damagedRows.append("\(table.name) \(statement.place(identityCount: table.identityCount))")
                    }
                }
                body(statement)
                if rows % rowsPerProgress == 0 { progress(Progress(table: table.name, rows: rows, rowsTotal: total ?? nil)) }
            }
            progress(Progress(table: table.name, rows: rows, rowsTotal: rows))
        }
        report.tables.append(VerificationReport.TableCount(table: table.name, rows: rows, damaged: damaged))
    }

    private static func examineChanges(_ connection: SQLiteConnection, _ report: inout VerificationReport) throws(StorageError) {
        let last = try SQLiteSchema.lastChange(connection)
        report.lastChange = last
        let count = try connection.integer("SELECT count(*) FROM changes") ?? 0
        let first = try connection.integer("SELECT min(number) FROM changes") ?? 1
        if first != 1 || count != last { report.changes.append("\(count) changes from \(first) to \(last): there are gaps") }
        let given = try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'changes'") ?? 0
        if given != last { report.changes.append("the last change is \(last), the last number given out \(given)") }
        if let acknowledged = DataDirectory.acknowledged(in: report.path), acknowledged > last, !DataDirectory.isInUse(report.path) {
            report.changes.append("the last change is \(last), but change \(acknowledged) was acknowledged")
        }
    }

    private static func text(_ counts: StoreCounts?) -> String {
        guard let counts else { return "nothing" }
        let parts = counts.changed.map { "\($0.count.rows) \($0.kind.name) rows, \($0.count.withVectors) with vectors, \($0.count.deleted) deleted" }
        return parts.isEmpty ? "no rows" : parts.joined(separator: "; ")
    }
}
