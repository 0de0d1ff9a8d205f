/// One step of the schema and the way back, each in a transaction of its own. The schema, and pgvector's, are on the search path.
struct PostgresMigration: Sendable {
    let number: Int
    let name: String
    let up: String
    let down: String

    init(_ number: Int, _ name: String, up: String, down: String) {
        self.number = number
        self.name = name
        self.up = up
        self.down = down
    }
}

/// The tables as PostgreSQL has them, step by step. A step that was released is never changed: a new one follows it.
///
/// They stay ordinary: what a report or another program writes with plain SQL has its defaults. Texts that lists are ordered by are compared byte by byte.
/// A tenant's table shows the service the rows of the organization that the transaction named, and no row when it named none.
enum PostgresMigrations {
    static func all(_ names: PostgresNames) -> [PostgresMigration] { [tenancy, contents, changes, policies(names), triggers(names), views(names), feed(names), months(names), auditing(names), terms] }

    static let latest = 10

    private static let tenancy = PostgresMigration(
        1, "tenancy",
        up: """
            -- The first identifier of a moment, and a new one of now: both as UUIDs of version 7 have it, whose order is that of time.
            CREATE FUNCTION first_id(moment timestamptz) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
                SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
            $$;
            CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql AS $$
                SELECT encode(
                    set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
                        52, 1), 53, 1), 'hex')::uuid
            $$;
            CREATE TABLE organizations (
                id uuid PRIMARY KEY DEFAULT new_id(),
                name text NOT NULL,
                slug text COLLATE "C" NOT NULL UNIQUE,
                plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'pro', 'enterprise')),
                status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'cancelled')),
                monthly_query_limit bigint CHECK (monthly_query_limit >= 0),
                monthly_token_limit bigint CHECK (monthly_token_limit >= 0),
                max_users bigint CHECK (max_users >= 0),
                max_agents bigint CHECK (max_agents >= 0),
                settings jsonb,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1)
            );
            CREATE TABLE users (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id uuid NOT NULL DEFAULT new_id(),
                email text COLLATE "C" NOT NULL,
                name text NOT NULL,
                avatar_url text,
                role text NOT NULL DEFAULT 'user' CHECK (role IN ('owner', 'admin', 'member', 'user', 'viewer')),
                permissions jsonb,
                preferences jsonb,
                last_login_at timestamptz,
                last_active_at timestamptz,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                deleted_at timestamptz,
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                PRIMARY KEY (organization_id, id)
            );
            CREATE UNIQUE INDEX idx_users_email ON users (organization_id, email) WHERE deleted_at IS NULL;
            CREATE INDEX idx_users_order ON users (organization_id, email, id);
            CREATE TABLE agents (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id uuid NOT NULL DEFAULT new_id(),
                slug text COLLATE "C" NOT NULL,
                name text NOT NULL,
                user_id uuid,
                description text,
                avatar_url text,
                system_prompt text,
                model_used text,
                temperature double precision CHECK (temperature BETWEEN 0 AND 2),
                max_tokens bigint CHECK (max_tokens >= 0),
                tools jsonb,
                memory_enabled boolean NOT NULL DEFAULT true,
                memory_type text NOT NULL DEFAULT 'conversation' CHECK (memory_type IN ('conversation', 'long_term', 'hybrid')),
                status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused', 'archived')),
                is_public boolean NOT NULL DEFAULT false,
                settings jsonb,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                deleted_at timestamptz,
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                PRIMARY KEY (organization_id, id),
                UNIQUE (organization_id, slug),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id)
            );
            CREATE TABLE api_keys (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id uuid NOT NULL DEFAULT new_id(),
                name text COLLATE "C" NOT NULL,
                description text,
                key_prefix text NOT NULL,
                key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
                role text CHECK (role IN ('admin', 'writer', 'reader', 'operator')),
                scopes text[],
                user_id uuid,
                agent_id uuid,
                session_id uuid,
                kinds text[],
                allowed_networks text[],
                expires_at timestamptz,
                revoked_at timestamptz,
                last_used_at timestamptz,
                last_used_from text,
                use_count bigint NOT NULL DEFAULT 0 CHECK (use_count >= 0),
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                PRIMARY KEY (organization_id, id),
                FOREIGN KEY (organization_id, user_id) REFERENCES users (organization_id, id),
                FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id)
            );
            CREATE TABLE embedding_spaces (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id uuid NOT NULL DEFAULT new_id(),
                provider text NOT NULL,
                model text NOT NULL,
                revision text NOT NULL,
                dimension bigint NOT NULL CHECK (dimension BETWEEN 1 AND 16000),
                is_main boolean NOT NULL,
                created_at timestamptz NOT NULL DEFAULT now(),
                pooling text NOT NULL DEFAULT '',
                query_prefix text NOT NULL DEFAULT '',
                passage_prefix text NOT NULL DEFAULT '',
                is_normalized boolean NOT NULL DEFAULT false,
                precision text NOT NULL DEFAULT '',
                PRIMARY KEY (organization_id, id)
            );
            CREATE UNIQUE INDEX idx_embedding_spaces_main ON embedding_spaces (organization_id) WHERE is_main;
            """,
        down: """
            DROP TABLE embedding_spaces, api_keys, agents, users, organizations;
            DROP FUNCTION new_id, first_id;
            """)

    private static let changes = PostgresMigration(
        3, "changes",
        up: """
            CREATE SEQUENCE change_numbers;
            CREATE TABLE changes (
                transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
                number bigint NOT NULL DEFAULT nextval('change_numbers'),
                organization_id uuid NOT NULL,
                kind bigint NOT NULL,
                record_id uuid NOT NULL,
                version bigint NOT NULL,
                operation bigint NOT NULL CHECK (operation IN (1, 2)),
                at timestamptz NOT NULL DEFAULT clock_timestamp(),
                PRIMARY KEY (transaction, number)
            );
            CREATE TABLE idempotency_keys (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                idempotency_key uuid NOT NULL,
                digest bytea NOT NULL CHECK (length(digest) = 32),
                change_number bigint NOT NULL,
                receipt bytea NOT NULL,
                created_at timestamptz NOT NULL,
                details text,
                PRIMARY KEY (organization_id, idempotency_key)
            );
            CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (organization_id, created_at);
            CREATE TABLE counters (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                kind bigint NOT NULL,
                rows bigint NOT NULL CHECK (rows >= 0),
                with_vectors bigint NOT NULL CHECK (with_vectors BETWEEN 0 AND rows),
                deleted bigint NOT NULL CHECK (deleted BETWEEN 0 AND rows),
                PRIMARY KEY (organization_id, kind)
            );
            CREATE TABLE embedding_waits (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                kind bigint NOT NULL,
                record_id uuid NOT NULL,
                since timestamptz NOT NULL,
                place bigint GENERATED ALWAYS AS IDENTITY,
                PRIMARY KEY (organization_id, kind, record_id)
            );
            CREATE INDEX idx_embedding_waits_since ON embedding_waits (organization_id, since, place);
            CREATE TABLE jobs (
                organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                id uuid NOT NULL DEFAULT new_id(),
                job_type text NOT NULL CHECK (job_type IN ('import', 'export', 'retention', 'embed', 'forget')),
                parameters jsonb,
                state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
                cursor text,
                done_count bigint NOT NULL DEFAULT 0 CHECK (done_count >= 0),
                failed_count bigint NOT NULL DEFAULT 0 CHECK (failed_count >= 0),
                total_count bigint CHECK (total_count >= 0),
                rate double precision NOT NULL DEFAULT 0 CHECK (rate >= 0),
                last_error text,
                worker_id uuid,
                lease_until timestamptz,
                heartbeat_at timestamptz,
                started_at timestamptz,
                finished_at timestamptz,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                PRIMARY KEY (organization_id, id)
            );
            CREATE INDEX idx_jobs_state ON jobs (state, id) WHERE state IN ('queued', 'running');
            """,
        down: """
            DROP TABLE jobs, embedding_waits, counters, idempotency_keys, changes;
            DROP SEQUENCE change_numbers;
            """)

    /// A loop over tables of which the service sees the rows of one organization.
    static func isolation(of tenants: String, _ names: PostgresNames) -> String {
        // Within a text that is itself quoted.
        let quoted = "(SELECT nullif(current_setting(''pinyon.organization'', true), '''')::uuid)"
        return """
            FOREACH tenant IN ARRAY ARRAY[\(tenants)] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
                EXECUTE format(
                    'CREATE POLICY tenant ON %1$I TO \(names.service) USING (%2$I = \(quoted)) WITH CHECK (%2$I = \(quoted))',
                    tenant, CASE tenant WHEN 'organizations' THEN 'id' ELSE 'organization_id' END);
                EXECUTE format('CREATE POLICY feed ON %I FOR SELECT TO \(names.feed) USING (true)', tenant);
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO \(names.service)', tenant);
                EXECUTE format('GRANT SELECT ON %I TO \(names.feed)', tenant);
            END LOOP;
            """
    }

    /// Who sees what. Roles belong to the whole cluster: they stay when the schema goes, as another database may have them too.
    private static func policies(_ names: PostgresNames) -> PostgresMigration {
        let tenants = """
            'organizations', 'users', 'agents', 'api_keys', 'embedding_spaces', 'agent_memories', 'conversations', 'messages', 'terminology_entries',
            'learning_patterns', 'changes', 'idempotency_keys', 'counters', 'embedding_waits', 'jobs'
            """
        return PostgresMigration(
            4, "policies",
            up: """
                DO $policies$
                DECLARE
                    role text;
                    tenant text;
                    may_be boolean;
                BEGIN
                    FOREACH role IN ARRAY ARRAY['\(names.service)', '\(names.feed)'] LOOP
                        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
                            BEGIN
                                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
                            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                                NULL;
                            END;
                        END IF;
                        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role AND (rolsuper OR rolbypassrls)) THEN
                            RAISE EXCEPTION 'the role % would see every row, whatever the policies say', role;
                        END IF;
                        -- Who made a role is a member of it, but since version 16 may not become it.
                        IF current_setting('server_version_num')::integer >= 160000 THEN
                            may_be := pg_has_role(current_user, role, 'SET');
                        ELSE
                            may_be := pg_has_role(current_user, role, 'MEMBER');
                        END IF;
                        IF NOT may_be THEN
                            EXECUTE format('GRANT %I TO CURRENT_USER', role);
                        END IF;
                        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', '\(names.schema)', role);
                    END LOOP;
                    \(isolation(of: tenants, names))
                END
                $policies$;
                GRANT USAGE ON SEQUENCE change_numbers TO \(names.service);
                GRANT SELECT ON main_space TO \(names.service), \(names.feed);
                CREATE POLICY owner_reads ON embedding_spaces FOR SELECT TO CURRENT_USER USING (true);
                GRANT EXECUTE ON FUNCTION lay_space TO \(names.service);
                """,
            down: """
                DO $policies$
                DECLARE
                    tenant text;
                BEGIN
                    FOREACH tenant IN ARRAY ARRAY[\(tenants)] LOOP
                        EXECUTE format('DROP POLICY tenant ON %I', tenant);
                        EXECUTE format('DROP POLICY feed ON %I', tenant);
                        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', tenant);
                        EXECUTE format('REVOKE ALL ON %I FROM \(names.service), \(names.feed)', tenant);
                    END LOOP;
                END
                $policies$;
                DROP POLICY owner_reads ON embedding_spaces;
                REVOKE ALL ON FUNCTION lay_space FROM \(names.service);
                REVOKE ALL ON main_space FROM \(names.service), \(names.feed);
                REVOKE ALL ON SEQUENCE change_numbers FROM \(names.service);
                REVOKE USAGE ON SCHEMA \(names.quoted) FROM \(names.service), \(names.feed);
                """)
    }
}
