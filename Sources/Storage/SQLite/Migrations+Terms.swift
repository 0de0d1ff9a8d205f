import Records

extension Migrations {
    /// Which terms are to be used, in which language they are, and how much they are used.
    static let terms = Migration(
        9, "standing of terms",
        up: termsTable(
            """
            status TEXT NOT NULL CHECK (status IN ('preferred', 'admitted', 'deprecated')),
                preferred_term TEXT,
                language TEXT,
                frecency_at INTEGER,

            """, values: ", 'preferred', NULL, NULL, NULL"),
        down: termsTable("", values: ""),
        fill: { connection throws(StorageError) in try reseal(.terminologyEntries, from: termColumnsBefore, to: Table.terminologyEntries.columns, connection) },
        drain: { connection throws(StorageError) in try reseal(.terminologyEntries, from: nil, to: termColumnsBefore, connection) })

    /// Makes the table anew, with columns behind `is_public` or without them, as SQLite adds columns at the end alone.
    private static func termsTable(_ new: String, values: String) -> String {
        let (first, rest) = ("organization_id, id, user_id, term, definition, context, usage_examples, related_terms, frequency, last_used_at, tags, is_public", "created_at, updated_at, version, embedding_space_id, embedding, checksum")
        return """
            ALTER TABLE terminology_entries RENAME TO terminology_entries_before;
            DROP INDEX idx_terminology_entries_term;
            DROP INDEX idx_terminology_entries_frequency;
            DROP INDEX idx_terminology_entries_last_used_at;
            DROP INDEX idx_terminology_entries_user;
            CREATE TABLE terminology_entries (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                user_id BLOB NOT NULL,
                term TEXT NOT NULL,
                definition TEXT NOT NULL,
                context TEXT,
                usage_examples TEXT,
                related_terms TEXT,
                frequency INTEGER NOT NULL DEFAULT 1 CHECK (frequency >= 1),
                last_used_at INTEGER NOT NULL,
                tags TEXT,
                is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
                \(new)created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL))
            ) STRICT;
            INSERT INTO terminology_entries SELECT \(first)\(values), \(rest) FROM terminology_entries_before ORDER BY rowid;
            DROP TABLE terminology_entries_before;
            CREATE INDEX idx_terminology_entries_term ON terminology_entries (organization_id, term, id);
            CREATE INDEX idx_terminology_entries_frequency ON terminology_entries (organization_id, frequency, id);
            CREATE INDEX idx_terminology_entries_last_used_at ON terminology_entries (organization_id, last_used_at, id);
            CREATE INDEX idx_terminology_entries_user ON terminology_entries (organization_id, user_id, id);
            """
    }

    private static let newTermColumns: Set<String> = ["status", "preferred_term", "language", "frecency_at"]
    private static let termColumnsBefore = Table.terminologyEntries.columns.filter { !newTermColumns.contains($0) }

    /// A checksum over these columns, of rows that were intact over the former ones.
    private static func reseal(_ table: Table, from before: [String]?, to columns: [String], _ connection: SQLiteConnection) throws(StorageError) {
        let rows = try connection.prepare("SELECT \(columns.joined(separator: ", ")), rowid FROM \(table.name)")
        var former: SQLiteStatement?
        if let before { former = try connection.prepare("SELECT \(before.joined(separator: ", ")), checksum FROM \(table.name) WHERE rowid = ?1") }
        let seal = try connection.prepare("UPDATE \(table.name) SET checksum = ?1 WHERE rowid = ?2")
        while try rows.step() {
            let row = rows.integer(columns.count)
            if let former, let before {
                try former.bind(1, row)
                defer { former.reset() }
                guard try former.step(), former.isIntact(table, columnCount: before.count) else { continue }
            }
            try seal.bind(1, Int64(rows.checksum(table, columnCount: columns.count).value))
            try seal.bind(2, row)
            try seal.run()
        }
    }
}
