/// Which terms are to be used, in which language they are, and how much they are used.
extension PostgresMigrations {
    static let terms = PostgresMigration(
        10, "standing of terms",
        up: """
            ALTER TABLE terminology_entries
                ADD COLUMN status text NOT NULL DEFAULT 'preferred' CHECK (status IN ('preferred', 'admitted', 'deprecated')),
                ADD COLUMN preferred_term text,
                ADD COLUMN language text,
                ADD COLUMN frecency_at timestamptz;
            """,
        down: """
            ALTER TABLE terminology_entries DROP COLUMN frecency_at, DROP COLUMN language, DROP COLUMN preferred_term, DROP COLUMN status;
            """)
}
