/// How far back the changes go, and in which life of the database they were written.
extension PostgresMigrations {
    /// Another after a restore: then transactions are numbered anew, and no position means anything any more.
    static let epoch = """
        (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT timeline_id FROM pg_control_checkpoint()) || '/' ||
        (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    static func feed(_ names: PostgresNames) -> PostgresMigration {
        PostgresMigration(
            7, "feed",
            up: """
                CREATE TABLE feed_state (
                    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
                    epoch text NOT NULL,
                    -- Another whenever all is made anew.
                    made uuid NOT NULL DEFAULT gen_random_uuid(),
                    pruned_transaction xid8 NOT NULL DEFAULT '0',
                    pruned_number bigint NOT NULL DEFAULT 0
                );
                INSERT INTO feed_state (epoch) SELECT \(epoch);
                GRANT SELECT ON feed_state TO \(names.service), \(names.feed);
                -- What was told stays told, and of what others did; a space is only ever added.
                REVOKE ALL ON changes, embedding_spaces FROM \(names.service);
                GRANT SELECT, INSERT ON embedding_spaces TO \(names.service);
                GRANT SELECT ON changes TO \(names.service);
                GRANT INSERT (number, organization_id, kind, record_id, version, operation, at) ON changes TO \(names.service);
                -- The owner made that role, and may be a member of it.
                CREATE POLICY told ON changes AS RESTRICTIVE FOR INSERT TO \(names.service)
                    WITH CHECK (operation IN (1, 2) OR pg_has_role((SELECT relowner FROM pg_class WHERE oid = '\(names.table(.changes))'::regclass), 'USAGE'));
                -- By the database's clock, by which they are forgotten.
                ALTER TABLE changes ADD COLUMN told_at timestamptz NOT NULL DEFAULT now();
                CREATE INDEX idx_changes_told_at ON changes (told_at);
                CREATE POLICY owner_reads ON changes FOR SELECT TO CURRENT_USER USING (true);
                CREATE POLICY owner_prunes ON changes FOR DELETE TO CURRENT_USER USING (true);
                """,
            down: """
                DROP POLICY told ON changes;
                GRANT SELECT, INSERT, UPDATE, DELETE ON changes, embedding_spaces TO \(names.service);
                DROP POLICY owner_prunes ON changes;
                DROP POLICY owner_reads ON changes;
                ALTER TABLE changes DROP COLUMN told_at;
                DROP TABLE feed_state;
                """)
    }
}
