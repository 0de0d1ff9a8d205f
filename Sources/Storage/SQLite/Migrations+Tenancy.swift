extension Migrations {
    static let tenancy = Migration(
        1, "tenancy",
        up: """
            CREATE TABLE organizations (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                name TEXT NOT NULL,
                slug TEXT NOT NULL UNIQUE,
                plan TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'pro', 'enterprise')),
                status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'cancelled')),
                monthly_query_limit INTEGER CHECK (monthly_query_limit >= 0),
                monthly_token_limit INTEGER CHECK (monthly_token_limit >= 0),
                max_users INTEGER CHECK (max_users >= 0),
                max_agents INTEGER CHECK (max_agents >= 0),
                settings TEXT,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE users (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                email TEXT NOT NULL,
                name TEXT NOT NULL,
                avatar_url TEXT,
                role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('owner', 'admin', 'member', 'user', 'viewer')),
                permissions TEXT,
                preferences TEXT,
                last_login_at INTEGER,
                last_active_at INTEGER,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                deleted_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            CREATE UNIQUE INDEX idx_users_email ON users (organization_id, email) WHERE deleted_at IS NULL;
            CREATE INDEX idx_users_order ON users (organization_id, email, id);
            CREATE TABLE agents (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                slug TEXT NOT NULL,
                name TEXT NOT NULL,
                user_id BLOB,
                description TEXT,
                avatar_url TEXT,
                system_prompt TEXT,
                model_used TEXT,
                temperature REAL CHECK (temperature BETWEEN 0 AND 2),
                max_tokens INTEGER CHECK (max_tokens >= 0),
                tools TEXT,
                memory_enabled INTEGER NOT NULL DEFAULT 1 CHECK (memory_enabled IN (0, 1)),
                memory_type TEXT NOT NULL DEFAULT 'conversation' CHECK (memory_type IN ('conversation', 'long_term', 'hybrid')),
                status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused', 'archived')),
                is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
                settings TEXT,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                deleted_at INTEGER,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, slug),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
            ) STRICT;
            CREATE TABLE api_keys (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                name TEXT NOT NULL,
                description TEXT,
                key_prefix TEXT NOT NULL,
                key_hash BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
                role TEXT CHECK (role IN ('admin', 'writer', 'reader', 'operator')),
                scopes TEXT,
                user_id BLOB,
                agent_id BLOB,
                session_id BLOB CHECK (length(session_id) = 16),
                kinds TEXT,
                allowed_networks TEXT,
                expires_at INTEGER,
                revoked_at INTEGER,
                last_used_at INTEGER,
                last_used_from TEXT,
                use_count INTEGER NOT NULL DEFAULT 0 CHECK (use_count >= 0),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id)
            ) STRICT;
            """,
        down: """
            DROP TABLE api_keys;
            DROP TABLE agents;
            DROP TABLE users;
            DROP TABLE organizations;
            """)

    static let changes = Migration(
        4, "changes",
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
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                kind INTEGER NOT NULL,
                rows INTEGER NOT NULL CHECK (rows >= 0),
                with_vectors INTEGER NOT NULL CHECK (with_vectors BETWEEN 0 AND rows),
                deleted INTEGER NOT NULL CHECK (deleted BETWEEN 0 AND rows),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, kind)
            ) STRICT;
            """,
        down: """
            DROP TABLE counters;
            DROP TABLE idempotency_keys;
            DROP TABLE changes;
            """,
        fill: SQLiteSchema.fillChanges)

    static let jobs = Migration(
        5, "jobs",
        up: """
            CREATE TABLE jobs (
                organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                job_type TEXT NOT NULL CHECK (job_type IN ('import', 'export', 'retention')),
                parameters TEXT,
                state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
                cursor TEXT,
                done_count INTEGER NOT NULL CHECK (done_count >= 0),
                failed_count INTEGER NOT NULL CHECK (failed_count >= 0),
                total_count INTEGER CHECK (total_count >= 0),
                rate REAL NOT NULL CHECK (rate >= 0),
                last_error TEXT,
                worker_id BLOB CHECK (length(worker_id) = 16),
                lease_until INTEGER,
                heartbeat_at INTEGER,
                started_at INTEGER,
                finished_at INTEGER,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
                checksum INTEGER NOT NULL,
                PRIMARY KEY (organization_id, id)
            ) STRICT;
            CREATE INDEX idx_jobs_state ON jobs (state, id);
            """,
        down: "DROP TABLE jobs;")
}
