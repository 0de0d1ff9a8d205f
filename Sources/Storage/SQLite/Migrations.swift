/// One step of the schema and the way back. Each runs in a transaction of its own, together with the change of `user_version`.
struct Migration: Sendable {
    let number: Int
    let name: String
    let up: String
    let down: String
    /// Fills what `up` made from rows that are already there; nil where there is nothing to fill.
    let fill: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)?
}

/// The schema, step by step. A step that was released is never changed: a new one follows it.
///
/// Identifiers are blobs of 16 bytes, times are microseconds since 1970, and every key begins with the organization, so that an identifier of
/// another organization neither collides nor shows. All tables keep SQLite's own row number: then each key is an index of its own beside the
/// table, and `integrity_check` compares the two, which finds damage to a key that no checksum of a row could show.
enum Migrations {
    /// "Pnyn" in ASCII, in the file's header.
    static let applicationID: Int64 = 0x506E_796E

    static let all: [Migration] = [tenancy, memories, changes]

    static let latest = all.count

    private static let tenancy = Migration(
        number: 1, name: "tenancy",
        up: """
            CREATE TABLE organizations (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                name TEXT NOT NULL,
                slug TEXT NOT NULL UNIQUE,
                created_at INTEGER NOT NULL,
                checksum INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE api_keys (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                name TEXT NOT NULL,
                key_prefix TEXT NOT NULL,
                key_hash BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
                role TEXT NOT NULL CHECK (role IN ('admin', 'writer', 'reader')),
                created_at INTEGER NOT NULL,
                expires_at INTEGER,
                revoked_at INTEGER,
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            """,
        down: """
            DROP TABLE api_keys;
            DROP TABLE organizations;
            """,
        fill: nil)

    private static let memories = Migration(
        number: 2, name: "memories",
        up: """
            CREATE TABLE agents (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                slug TEXT NOT NULL,
                name TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, slug)
            ) STRICT;
            CREATE TABLE embedding_spaces (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                provider TEXT NOT NULL,
                model TEXT NOT NULL,
                revision TEXT NOT NULL,
                dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 16000),
                is_main INTEGER NOT NULL CHECK (is_main IN (0, 1)),
                created_at INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            CREATE UNIQUE INDEX idx_embedding_spaces_main ON embedding_spaces (organization_id) WHERE is_main = 1;
            CREATE TABLE agent_memories (
                organization_id BLOB NOT NULL,
                id BLOB NOT NULL CHECK (length(id) = 16),
                agent_id BLOB NOT NULL,
                user_id BLOB CHECK (length(user_id) = 16),
                session_id BLOB CHECK (length(session_id) = 16),
                memory_type TEXT NOT NULL CHECK (memory_type IN ('conversation', 'fact', 'preference', 'task')),
                content TEXT NOT NULL,
                importance_score REAL NOT NULL DEFAULT 0.5 CHECK (importance_score BETWEEN 0 AND 1),
                access_count INTEGER NOT NULL DEFAULT 0 CHECK (access_count >= 0),
                last_accessed_at INTEGER,
                tags TEXT NOT NULL DEFAULT '[]',
                metadata TEXT NOT NULL DEFAULT '{}',
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                expires_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                embedding_space_id BLOB,
                embedding BLOB CHECK (length(embedding) >= 8),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id),
                FOREIGN KEY (organization_id, embedding_space_id) REFERENCES embedding_spaces (organization_id, id),
                CHECK ((embedding IS NULL) = (embedding_space_id IS NULL))
            ) STRICT;
            CREATE INDEX idx_agent_memories_agent ON agent_memories (organization_id, agent_id, id);
            CREATE INDEX idx_agent_memories_session ON agent_memories (organization_id, session_id, id) WHERE session_id IS NOT NULL;
            CREATE INDEX idx_agent_memories_type ON agent_memories (organization_id, memory_type, id);
            """,
        down: """
            DROP TABLE agent_memories;
            DROP TABLE embedding_spaces;
            DROP TABLE agents;
            """,
        fill: nil)

    private static let changes = Migration(
        number: 3, name: "changes",
        up: """
            CREATE TABLE changes (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                organization_id BLOB NOT NULL CHECK (length(organization_id) = 16),
                kind INTEGER NOT NULL,
                record_id BLOB NOT NULL CHECK (length(record_id) = 16),
                version INTEGER NOT NULL,
                operation INTEGER NOT NULL CHECK (operation IN (1, 2)),
                at INTEGER NOT NULL,
                checksum INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE idempotency_keys (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                idempotency_key BLOB NOT NULL CHECK (length(idempotency_key) = 16),
                digest BLOB NOT NULL CHECK (length(digest) = 32),
                change_number INTEGER NOT NULL,
                receipt BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, idempotency_key)
            ) STRICT;
            CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (created_at);
            CREATE TABLE counters (
                organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
                memories INTEGER NOT NULL CHECK (memories >= 0),
                memories_with_vectors INTEGER NOT NULL CHECK (memories_with_vectors BETWEEN 0 AND memories),
                agents INTEGER NOT NULL CHECK (agents >= 0),
                checksum INTEGER NOT NULL
            ) STRICT;
            """,
        down: """
            DROP TABLE counters;
            DROP TABLE idempotency_keys;
            DROP TABLE changes;
            """,
        fill: SQLiteSchema.fillChanges)
}
