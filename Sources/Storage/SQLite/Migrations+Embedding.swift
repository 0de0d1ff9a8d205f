extension Migrations {
    /// What a space needs to be told from another of the same dimension, the rows that wait for their vector, and the jobs that make it.
    static let embedding = Migration(
        6, "embedding models",
        up: """
            ALTER TABLE embedding_spaces ADD COLUMN pooling TEXT NOT NULL DEFAULT '';
            ALTER TABLE embedding_spaces ADD COLUMN query_prefix TEXT NOT NULL DEFAULT '';
            ALTER TABLE embedding_spaces ADD COLUMN passage_prefix TEXT NOT NULL DEFAULT '';
            ALTER TABLE embedding_spaces ADD COLUMN is_normalized INTEGER NOT NULL DEFAULT 0 CHECK (is_normalized IN (0, 1));
            ALTER TABLE embedding_spaces ADD COLUMN precision TEXT NOT NULL DEFAULT '';
            CREATE TABLE embedding_waits (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                kind INTEGER NOT NULL,
                record_id BLOB NOT NULL CHECK (length(record_id) = 16),
                since INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, kind, record_id)
            ) STRICT;
            CREATE INDEX idx_embedding_waits_since ON embedding_waits (organization_id, since);
            """ + jobsTable(types: ["import", "export", "retention", "embed"]),
        down: """
            DELETE FROM jobs WHERE job_type = 'embed';
            DROP TABLE embedding_waits;
            ALTER TABLE embedding_spaces DROP COLUMN precision;
            ALTER TABLE embedding_spaces DROP COLUMN is_normalized;
            ALTER TABLE embedding_spaces DROP COLUMN passage_prefix;
            ALTER TABLE embedding_spaces DROP COLUMN query_prefix;
            ALTER TABLE embedding_spaces DROP COLUMN pooling;
            """ + jobsTable(types: ["import", "export", "retention"]),
        fill: { connection throws(StorageError) in try sealSpaces(connection, withModel: true) },
        drain: { connection throws(StorageError) in try sealSpaces(connection, withModel: false) })

    /// The same table for other types of jobs, with what is in it.
    static func jobsTable(types: [String]) -> String {
        let known = jobs.up.replacing("('import', 'export', 'retention')", with: "(" + types.map { "'\($0)'" }.joined(separator: ", ") + ")")
        return """

            ALTER TABLE jobs RENAME TO jobs_before;
            DROP INDEX idx_jobs_state;
            \(known)
            INSERT INTO jobs SELECT * FROM jobs_before ORDER BY rowid;
            DROP TABLE jobs_before;
            """
    }

    /// Checksums that are right for the columns that a space has now.
    private static func sealSpaces(_ connection: SQLiteConnection, withModel: Bool) throws(StorageError) {
        let row = RowEncoder()
        let spaces = try connection.prepare("SELECT organization_id, id, provider, model, revision, dimension, is_main, created_at, rowid FROM embedding_spaces")
        let seal = try connection.prepare("UPDATE embedding_spaces SET checksum = ?1 WHERE rowid = ?2")
        while try spaces.step() {
            guard let organization = spaces.identifier(0), let id = spaces.identifier(1) else { throw .internalError("a space without an identifier") }
            row.begin(.embeddingSpaces)
            row.add(organization)
            row.add(id)
            for column in 2...4 { row.add(spaces.text(column)) }
            for column in 5...7 { row.add(spaces.integer(column)) }
            if withModel {
                for _ in 1...3 { row.add("") }
                row.add(0 as Int64)
                row.add("")
            }
            try seal.bind(1, Int64(row.checksum))
            try seal.bind(2, spaces.integer(8))
            try seal.run()
        }
    }
}
