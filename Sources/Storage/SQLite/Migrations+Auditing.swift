extension Migrations {
    /// What happened, and what memories' digests in it are made by.
    static let auditing = Migration(
        8, "audit",
        up: """
            CREATE TABLE audit_logs (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                event_type TEXT NOT NULL,
                action TEXT NOT NULL CHECK (action IN ('create', 'read', 'update', 'delete', 'execute')),
                status TEXT NOT NULL CHECK (status IN ('success', 'failure')),
                resource_type TEXT NOT NULL,
                resource_id BLOB CHECK (length(resource_id) = 16),
                session_id BLOB CHECK (length(session_id) = 16),
                user_id BLOB CHECK (length(user_id) = 16),
                key_id BLOB CHECK (length(key_id) = 16),
                metadata TEXT,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            CREATE INDEX idx_audit_logs_resource ON audit_logs (organization_id, resource_id, id);
            CREATE INDEX idx_audit_logs_session ON audit_logs (organization_id, session_id, id) WHERE session_id IS NOT NULL;
            CREATE INDEX idx_audit_logs_user ON audit_logs (organization_id, user_id, id) WHERE user_id IS NOT NULL;
            CREATE INDEX idx_audit_logs_created_at ON audit_logs (organization_id, created_at);
            CREATE TABLE audit_keys (
                organization_id BLOB NOT NULL,
                memory_id BLOB NOT NULL CHECK (length(memory_id) = 16),
                audit_key BLOB NOT NULL CHECK (length(audit_key) = 16),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, memory_id),
                FOREIGN KEY (organization_id, memory_id) REFERENCES agent_memories (organization_id, id) ON DELETE CASCADE
            ) STRICT;
            """,
        down: """
            DROP TABLE audit_keys;
            DROP TABLE audit_logs;
            """)
}
