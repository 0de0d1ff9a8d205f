/// What happened, and what memories' digests in it are made by.
extension PostgresMigrations {
    static func auditing(_ names: PostgresNames) -> PostgresMigration {
        PostgresMigration(
            9, "audit",
            up: """
                CREATE TABLE audit_logs (
                    organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                    id uuid NOT NULL DEFAULT new_id(),
                    event_type text COLLATE "C" NOT NULL,
                    action text NOT NULL CHECK (action IN ('create', 'read', 'update', 'delete', 'execute')),
                    status text NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'failure')),
                    resource_type text COLLATE "C" NOT NULL,
                    resource_id uuid,
                    session_id uuid,
                    user_id uuid,
                    key_id uuid,
                    metadata jsonb,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    updated_at timestamptz NOT NULL DEFAULT now(),
                    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
                    PRIMARY KEY (organization_id, id)
                );
                CREATE INDEX idx_audit_logs_resource ON audit_logs (organization_id, resource_id, id);
                CREATE INDEX idx_audit_logs_session ON audit_logs (organization_id, session_id, id) WHERE session_id IS NOT NULL;
                CREATE INDEX idx_audit_logs_user ON audit_logs (organization_id, user_id, id) WHERE user_id IS NOT NULL;
                CREATE INDEX idx_audit_logs_created_at ON audit_logs (organization_id, created_at);
                -- No foreign key: a table that is referred to cannot be emptied by TRUNCATE alone.
                CREATE TABLE audit_keys (
                    organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
                    memory_id uuid NOT NULL,
                    audit_key bytea NOT NULL CHECK (length(audit_key) = 16),
                    PRIMARY KEY (organization_id, memory_id)
                );
                DO $policies$
                DECLARE
                    tenant text;
                BEGIN
                    \(isolation(of: "'audit_logs', 'audit_keys'", names))
                END
                $policies$;
                -- What happened is not changed afterwards.
                REVOKE UPDATE ON audit_logs, audit_keys FROM \(names.service);
                -- A key goes with its memory, whoever takes that away.
                CREATE POLICY owner ON audit_keys TO CURRENT_USER USING (true);
                CREATE FUNCTION end_audit_keys() RETURNS trigger \(triggerFunction) $$
                BEGIN
                    DELETE FROM audit_keys AS k USING old_rows AS o WHERE k.organization_id = o.organization_id AND k.memory_id = o.id;
                    RETURN NULL;
                END
                $$;
                CREATE FUNCTION end_all_audit_keys() RETURNS trigger \(triggerFunction) $$
                BEGIN
                    DELETE FROM audit_keys;
                    RETURN NULL;
                END
                $$;
                CREATE TRIGGER audit_DELETE AFTER DELETE ON agent_memories REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION end_audit_keys();
                CREATE TRIGGER audit_TRUNCATE AFTER TRUNCATE ON agent_memories FOR EACH STATEMENT EXECUTE FUNCTION end_all_audit_keys();
                DO $backup$
                BEGIN
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(names.backup)') THEN
                        GRANT SELECT ON audit_logs, audit_keys TO \(names.backup);
                    END IF;
                END
                $backup$;
                """,
            down: """
                DROP TRIGGER audit_DELETE ON agent_memories;
                DROP TRIGGER audit_TRUNCATE ON agent_memories;
                DROP FUNCTION end_audit_keys, end_all_audit_keys;
                DROP TABLE audit_keys, audit_logs;
                """)
    }
}
