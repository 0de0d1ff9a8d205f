/// Brings a database to a version of the schema.
enum PostgresSchema {
    /// What is refused below.
    static let serverVersionMin = 150_000
    /// "Pnyn" in ASCII: whoever changes the schema holds this lock, so that of two that start at once one waits and finds the work done.
    private static let lock = 0x506E_796E

    /// 0 where there is no schema yet.
    static func version(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) -> Int {
        // A look-up by name could answer from before another made it.
        let exists = try connection.ask("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_migrations')") { $0.add(names.schema) }
        guard exists.flag(0, 0) == true else { return 0 }
        let found = try connection.ask("SELECT version, name FROM \(names.quoted).schema_migrations ORDER BY version")
        let version = Int(found.count == 0 ? 0 : found.integer(found.count - 1, 0) ?? 0)
        guard version <= PostgresMigrations.latest else { throw .newerSchema(found: version, known: PostgresMigrations.latest) }
        let steps = (0..<found.count).map { found.text($0, 1) }
        guard steps == PostgresMigrations.all(names).prefix(version).map(\.name) else {
            throw .unavailable("the schema '\(names.schema)' was made by other steps than this version's (\(steps.joined(separator: ", "))); name another with --store-schema")
        }
        return version
    }

    /// For what is done to the tables from outside a server, which would migrate them first.
    static func requireLatest(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) {
        guard try version(connection, names) == PostgresMigrations.latest else {
            throw .unavailable("Pinyon's schema '\(names.schema)' is not there, or not up to date; `pinyon migrate up` makes it so")
        }
    }

    /// Refuses a database in which nothing could be kept, with what to do about it.
    static func check(_ connection: PostgresConnection) throws(StorageError) {
        guard connection.serverVersion >= serverVersionMin else {
            throw .unavailable("PostgreSQL \(connection.serverVersion / 10_000) is too old; it takes \(serverVersionMin / 10_000) or newer")
        }
        let facts = try connection.ask("SELECT current_setting('server_encoding'), pg_is_in_recovery()")
        guard facts.text(0, 0) == "UTF8" else { throw .unavailable("the database's encoding is \(facts.text(0, 0)); make one with ENCODING 'UTF8'") }
        guard facts.flag(0, 1) == false else { throw .unavailable("this PostgreSQL is a standby, which only reads; name the primary") }
    }

    /// Up or down, one transaction a step. What is dropped on the way down is gone.
    static func migrate(_ connection: PostgresConnection, _ names: PostgresNames, to target: Int) throws(StorageError) {
        guard (0...PostgresMigrations.latest).contains(target) else { throw .newerSchema(found: target, known: PostgresMigrations.latest) }
        let migrations = PostgresMigrations.all(names)
        // Nothing that is up to date is touched, or waits for whoever holds the lock.
        var current = try version(connection, names)
        while current != target {
            try connection.transaction { () throws(StorageError) in
                try connection.script("SELECT pg_advisory_xact_lock(\(lock))")
                // Another may have been at work until now.
                current = try version(connection, names)
                guard current != target else { return }
                if current == 0 { try begin(connection, names) }
                try setSearchPath(connection, names)
                let isUp = current < target
                let migration = migrations[isUp ? current : current - 1]
                try connection.script(isUp ? migration.up : migration.down)
                if isUp {
                    _ = try connection.ask("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)") {
                        $0.add(Int64(migration.number))
                        $0.add(migration.name)
                    }
                } else {
                    _ = try connection.ask("DELETE FROM schema_migrations WHERE version = $1") { $0.add(Int64(migration.number)) }
                }
                current += isUp ? 1 : -1
                if current == 0 { try leave(connection, names) }
            }
        }
    }

    /// What belongs to others stays: a schema that holds something else, roles that another database has given rights to.
    private static func leave(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) {
        try connection.script("DROP TABLE \(names.quoted).schema_migrations")
        for statement in ["DROP SCHEMA \(names.quoted)", "DROP ROLE IF EXISTS \(names.service)", "DROP ROLE IF EXISTS \(names.feed)", "DROP ROLE IF EXISTS \(names.backup)"] {
            try connection.script("DO $$ BEGIN \(statement); EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL; END $$")
        }
    }

    private static func begin(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) {
        let extensions = try connection.ask("SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'vector'), (SELECT count(*) FROM pg_available_extensions WHERE name = 'vector')")
        if extensions.integer(0, 0) == 0 {
            guard extensions.integer(0, 1) == 1 else {
                throw .unavailable("this PostgreSQL has no pgvector; install its package for PostgreSQL \(connection.serverVersion / 10_000) on the database's machine")
            }
            try connection.script("CREATE EXTENSION IF NOT EXISTS vector")
        }
        let taken = try connection.ask("SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename::text = ANY($2) ORDER BY tablename LIMIT 1") {
            $0.add(names.schema)
            $0.add(Table.allCases.map(\.name))
        }
        guard taken.count == 0 else {
            throw .unavailable(
                "the schema '\(names.schema)' holds a table '\(taken.text(0, 0))' already: another program's, or half of a backup; name another schema with --store-schema, or drop this one")
        }
        try connection.script(
            """
            CREATE SCHEMA IF NOT EXISTS \(names.quoted);
            CREATE TABLE IF NOT EXISTS \(names.quoted).schema_migrations (
                version bigint PRIMARY KEY,
                name text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            );
            """)
    }

    /// pgvector may lie in any schema.
    static func setSearchPath(_ connection: PostgresConnection, _ names: PostgresNames, isOfTransaction: Bool = true) throws(StorageError) {
        _ = try connection.ask(
            "SELECT set_config('search_path', quote_ident($1) || ', ' || quote_ident(n.nspname), $2) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'"
        ) {
            $0.add(names.schema)
            $0.add(isOfTransaction)
        }
    }
}

extension PostgresConnection {
    /// One statement, and what it gives.
    func ask(_ sql: String, _ fill: (inout PostgresParameters) -> Void = { _ in }) throws(StorageError) -> PostgresRows {
        do throws(PostgresFailure) { return try run(PostgresStep(sql, fill)) } catch { throw StorageError(error) }
    }

    /// All that `body` does, or nothing.
    func transaction<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        try script("BEGIN")
        do throws(StorageError) {
            let value = try body()
            try script("COMMIT")
            return value
        } catch {
            try? rollBack()
            throw error
        }
    }

    func script(_ text: String) throws(StorageError) {
        do throws(PostgresFailure) { try execute(text) } catch { throw StorageError(error) }
    }
}
