import Records

/// Brings a database file to a version of the schema, and compares what it holds with what it should.
enum SQLiteSchema {
    /// A page holds four rows of 384 floats; of 4, 8 and 16 KiB this wrote and read such rows fastest.
    static let pageBytes = 8_192

    /// Refuses the file of another program and that of a newer pinyon; gives the version of ours, 0 for an empty file.
    static func version(of connection: SQLiteConnection) throws(StorageError) -> Int {
        let application = try connection.integer("PRAGMA application_id") ?? 0
        let version = Int(try connection.integer("PRAGMA user_version") ?? 0)
        guard application == Migrations.applicationID else {
            let objects = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
            guard application == 0, version == 0, objects == 0 else { throw .notPinyon(path: connection.path) }
            return 0
        }
        guard version <= Migrations.latest else { throw .newerSchema(found: version, known: Migrations.latest) }
        guard version >= 0 else { throw .corruptFile(path: connection.path, detail: "its schema version is \(version)") }
        return version
    }

    /// Up or down, one transaction a step. What is dropped on the way down is gone.
    static func migrate(_ connection: SQLiteConnection, to target: Int) throws(StorageError) {
        guard (0...Migrations.latest).contains(target) else { throw .newerSchema(found: target, known: Migrations.latest) }
        var version = try version(of: connection)
        while version < target {
            let migration = Migrations.all[version]
            try step(connection, to: version + 1) { () throws(StorageError) in
                try connection.execute(migration.up)
                try migration.fill?(connection)
            }
            version += 1
        }
        while version > target {
            let migration = Migrations.all[version - 1]
            try step(connection, to: version - 1) { () throws(StorageError) in
                try connection.execute(migration.down)
                try migration.drain?(connection)
            }
            version -= 1
        }
    }

    private static func step(
        _ connection: SQLiteConnection, to version: Int, _ body: () throws(StorageError) -> Void
    ) throws(StorageError) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            try body()
            try connection.execute("PRAGMA application_id = \(Migrations.applicationID); PRAGMA user_version = \(version); COMMIT")
        } catch {
            try connection.rollBack()
            throw error
        }
    }

    /// What differs between the file's tables and indexes and those that its version should have; nil when nothing does.
    ///
    /// A flipped bit in the text of a table or an index would otherwise change what SQLite believes of the rows.
    static func difference(_ connection: SQLiteConnection, version: Int) throws(StorageError) -> String? {
        let model = try SQLiteConnection(path: connection.path, .inMemory)
        try migrate(model, to: version)
        let wanted = try objects(model)
        let found = try objects(connection)
        if let missing = wanted.first(where: { !found.contains($0) }) { return "its schema lacks or has changed: \(missing)" }
        if let strange = found.first(where: { !wanted.contains($0) }) { return "its schema has what does not belong there: \(strange)" }
        return nil
    }

    private static func objects(_ connection: SQLiteConnection) throws(StorageError) -> [String] {
        try connection.texts(
            """
            SELECT type || ' ' || name || ' on ' || tbl_name || ': ' || coalesce(sql, '') FROM sqlite_schema
            WHERE name NOT IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4') ORDER BY type, name
            """)
    }

    /// 0 before the first change.
    static func lastChange(_ connection: SQLiteConnection) throws(StorageError) -> Int64 {
        try connection.integer("SELECT max(number) FROM changes") ?? 0
    }

    /// What `integrity_check` or `quick_check` finds wrong, at most `linesMax` lines; empty when all is well.
    static func damage(_ connection: SQLiteConnection, quick: Bool, linesMax: Int) throws(StorageError) -> [String] {
        let lines = try connection.texts("PRAGMA \(quick ? "quick_check" : "integrity_check")(\(linesMax))")
        return lines == ["ok"] ? [] : lines.flatMap { $0.split(separator: "\n").map(String.init) }
    }

    /// Counters and a change sequence for rows that were there before: one `put` for each, in the order in which they were written.
    static func fillChanges(_ connection: SQLiteConnection) throws(StorageError) {
        try fillCounters(connection)
        let row = RowEncoder()
        let kinds: [Kind] = [.organization, .user, .agent, .key, .memory, .conversation, .message, .term, .pattern]
        let selections = kinds.map { kind in
            let organization = kind == .organization ? "id" : "organization_id"
            return "SELECT * FROM (SELECT \(organization), \(kind.rawValue), id, version, updated_at FROM \(Table.of(kind).name) ORDER BY rowid)"
        }
        let existing = try connection.prepare(selections.joined(separator: " UNION ALL "))
        let insertion = try connection.prepare(Table.changes.insertion)
        var number: Int64 = 0
        while try existing.step() {
            guard let organization = existing.identifier(0), let kind = Kind(rawValue: UInt8(clamping: existing.integer(1))),
                let record = existing.identifier(2)
            else { throw .internalError("a row without an identifier") }
            number += 1
            let change = ChangeRecord(
                number: number, organization: organization, kind: kind, record: record, version: existing.integer(3), operation: .put,
                at: Timestamp(microseconds: existing.integer(4)))
            ChangeRow.encode(change, into: row)
            try insertion.bind(row)
            try insertion.run()
        }
    }

    private static func fillCounters(_ connection: SQLiteConnection) throws(StorageError) {
        let row = RowEncoder()
        let counter = try connection.prepare(Table.counters.insertion)
        for kind in StoreCounts.kinds {
            let schema = Schema.of(kind)
            let counting = try connection.prepare(
                """
                SELECT o.id, count(r.id), \(schema.hasVector ? "count(r.embedding)" : "0"), \(schema.deletesSoftly ? "count(r.deleted_at)" : "0")
                FROM organizations AS o LEFT JOIN \(Table.of(kind).name) AS r ON r.organization_id = o.id GROUP BY o.id
                """)
            while try counting.step() {
                guard let organization = counting.identifier(0) else { throw .internalError("an organization without an identifier") }
                let count = StoreCounts.Count(rows: counting.integer(1), withVectors: counting.integer(2), deleted: counting.integer(3))
                CounterRow.encode(count, of: kind, organization, into: row)
                try counter.bind(row)
                try counter.run()
            }
        }
    }
}
