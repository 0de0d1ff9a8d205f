extension PostgresStore {
    /// The latest version of the schema that this program knows.
    public static var schemaVersionMax: Int { PostgresMigrations.latest }

    public static func schemaSteps(_ configuration: PostgresConfiguration) throws(StorageError) -> [SchemaStep] {
        PostgresMigrations.all(try PostgresNames(schema: configuration.schema)).map { SchemaStep(version: $0.number, name: $0.name, up: $0.up, down: $0.down) }
    }

    /// 0 where the database has no such schema. Servers may be at work on it.
    public static func schemaVersion(_ configuration: PostgresConfiguration) throws(StorageError) -> Int {
        try PostgresSchema.version(try PostgresConnection(configuration), try PostgresNames(schema: configuration.schema))
    }

    /// Refuses a database without the schema as this program knows it, and makes none.
    public static func requireLatest(_ configuration: PostgresConfiguration) throws(StorageError) {
        try PostgresSchema.requireLatest(try PostgresConnection(configuration), try PostgresNames(schema: configuration.schema))
    }

    /// Moves the schema to a version, up or down, and returns the one that it had.
    ///
    /// Down drops the tables of the steps that are undone, with all that is in them; down to 0 nothing of it stays. No server may be at work on it then.
    public static func migrate(_ configuration: PostgresConfiguration, to version: Int) throws(StorageError) -> Int {
        let names = try PostgresNames(schema: configuration.schema)
        let connection = try PostgresConnection(migrating: configuration)
        try PostgresSchema.check(connection)
        let before = try PostgresSchema.version(connection, names)
        try PostgresSchema.migrate(connection, names, to: version)
        return before
    }
}
