extension PostgresStore {
    /// One month of messages, by when their identifiers were made.
    public struct Month: Sendable {
        /// As 2026-11; `earlier` before the first, `other` of no time.
        public let name: String
        /// As PostgreSQL estimates them.
        public let rows: Int64
        public let bytes: Int64
    }

    /// Those that are kept apart, the first first, those to come too.
    public static func months(_ configuration: PostgresConfiguration) throws(StorageError) -> [Month] {
        let (connection, names) = try upToDate(configuration)
        let found = try connection.ask(
            """
            SELECT m.name, CASE WHEN c.reltuples < 0 THEN pg_stat_get_live_tuples(c.oid) ELSE c.reltuples::bigint END, pg_total_relation_size(c.oid)
            FROM (
                SELECT to_char(month, 'YYYY-MM') AS name, \(names.quoted).partition_of(month) AS partition, 1 AS place FROM \(names.quoted).message_months
                UNION ALL VALUES ('earlier', 'messages_earlier', 0), ('other', 'messages_other', 2)
            ) AS m
            JOIN pg_class AS c ON c.relnamespace = $1::text::regnamespace AND c.relname = m.partition ORDER BY m.place, m.name
            """
        ) { $0.add(names.quoted) }
        return (0..<found.count).map { Month(name: found.text($0, 0), rows: found.integer($0, 1) ?? 0, bytes: found.integer($0, 2) ?? 0) }
    }

    /// Drops the months before one, given as 2026-11, each in a transaction of its own; `done` is told of each, and how many messages went with it. Servers at work
    /// learn of it as of any change.
    public static func dropMonths(_ configuration: PostgresConfiguration, before month: String, done: (_ month: String, _ messages: Int64) -> Void) throws(StorageError) {
        let (connection, names) = try upToDate(configuration)
        while true {
            let first = try connection.ask(
                "SELECT to_char(min(month), 'YYYY-MM') FROM \(names.quoted).message_months HAVING min(month) < least($1::text::date, \(names.quoted).this_month())"
            ) { $0.add(month + "-01") }
            guard first.count == 1 else { return }
            do throws(StorageError) {
                let dropped = try connection.transaction { () throws(StorageError) in
                    try connection.script("SET LOCAL lock_timeout = '\(lockSeconds)s'")
                    return try connection.ask("SELECT \(names.quoted).drop_month()")
                }
                done(first.text(0, 0), dropped.integer(0, 0) ?? 0)
            } catch {
                guard error == .busy else { throw error }
                throw .unavailable(
                    "a transaction that is open has read or written messages, and was not over within \(lockSeconds) s; pg_stat_activity shows it. Nothing more was dropped")
            }
        }
    }

    private static let lockSeconds = 5

    private static func upToDate(_ configuration: PostgresConfiguration) throws(StorageError) -> (PostgresConnection, PostgresNames) {
        let names = try PostgresNames(schema: configuration.schema)
        let connection = try PostgresConnection(migrating: configuration)
        try PostgresSchema.requireLatest(connection, names)
        return (connection, names)
    }

    /// Of one statement, which may have to look at all rows.
    static let maintenanceSecondsMax = 86_400
}
