public import Records

/// pgvector's own indexes, for those who search with SQL. Pinyon's searches use none of them, and every write pays for each.
extension PostgresStore {
    /// What became of the vectors of one space in one table.
    public struct VectorIndex: Sendable {
        public enum State: Sendable {
            case made(name: String, lists: Int)
            /// As good as a new one would be.
            case kept(name: String, lists: Int)
            case tooFew
            case tooWide
        }

        public let table: String
        public let space: Identifier
        public let dimension: Int
        public let rows: Int64
        public let state: State
    }

    /// So few are compared at once in less time than an index takes to be asked.
    public static let indexedRowsMin: Int64 = 1_000
    /// Beyond the first an index holds half-precision numbers, and beyond the second pgvector has none.
    public static let wholeDimensionsMax = 2_000
    public static let indexedDimensionsMax = 4_000

    /// Makes an index of each space in each table, and each month of messages, that is filled, without holding up whoever writes; `done` is told of each. One
    /// that is there already is made anew when its lists are half or double of what its rows want.
    public static func indexVectors(_ configuration: PostgresConfiguration, done: (VectorIndex) -> Void) throws(StorageError) {
        let names = try PostgresNames(schema: configuration.schema)
        // Making one takes as long as it takes.
        let connection = try PostgresConnection(migrating: configuration)
        try PostgresSchema.requireLatest(connection, names)
        try PostgresSchema.setSearchPath(connection, names, isOfTransaction: false)
        try connection.script("SET statement_timeout = 0; SET maintenance_work_mem = '\(workMegabytes)MB'")
        for place in try places(connection) { done(try index(place, connection)) }
    }

    /// k-means holds a sample of the rows there.
    private static let workMegabytes = 1_024

    private struct Place {
        let table: String
        let space: Identifier
        let dimension: Int
        let isMain: Bool
        let rows: Int64

        /// Of one space beside others.
        var condition: String { isMain ? "" : " WHERE embedding_space_id = '\(space)'" }
        var name: String { "idx_\(table)_vectors" + (isMain ? "" : "_\(space.description.suffix(8))") }

        var lists: Int { rows <= 1_000_000 ? max(1, Int(rows / 1_000)) : Int(Double(rows).squareRoot()) }

        var key: String {
            if dimension > wholeDimensionsMax { return "((\(isMain ? "" : "other_")embedding::halfvec(\(dimension))) halfvec_cosine_ops)" }
            return isMain ? "(embedding vector_cosine_ops)" : "((other_embedding::vector(\(dimension))) vector_cosine_ops)"
        }
    }

    private static func places(_ connection: PostgresConnection) throws(StorageError) -> [Place] {
        let tables = try connection.ask(
            """
            SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'other_embedding'
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname
            """)
        var places: [Place] = []
        for row in 0..<tables.count {
            let table = tables.text(row, 0)
            let found = try connection.ask(
                """
                SELECT t.embedding_space_id, max(vector_dims(coalesce(t.embedding, t.other_embedding)))::bigint, bool_or(t.embedding IS NOT NULL), count(*)
                FROM \(table) AS t WHERE t.embedding_space_id IS NOT NULL GROUP BY t.embedding_space_id ORDER BY count(*) DESC
                """)
            for row in 0..<found.count {
                guard let space = found.identifier(row, 0), let dimension = found.integer(row, 1), let isMain = found.flag(row, 2), let rows = found.integer(row, 3) else { continue }
                places.append(Place(table: table, space: space, dimension: Int(dimension), isMain: isMain, rows: rows))
            }
        }
        return places
    }

    private static func index(_ place: Place, _ connection: PostgresConnection) throws(StorageError) -> VectorIndex {
        func state(_ state: VectorIndex.State) -> VectorIndex {
            VectorIndex(table: place.table, space: place.space, dimension: place.dimension, rows: place.rows, state: state)
        }
        guard place.rows >= indexedRowsMin else { return state(.tooFew) }
        guard place.dimension <= indexedDimensionsMax else { return state(.tooWide) }
        let known = try connection.ask(
            """
            SELECT coalesce((SELECT option_value::bigint FROM pg_options_to_table(c.reloptions) WHERE option_name = 'lists'), 100), i.indisvalid
            FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1
            """
        ) { $0.add(place.name) }
        if known.count == 1, known.flag(0, 1) == true, let lists = known.integer(0, 0).map({ Int($0) }), lists < 2 * place.lists, place.lists < 2 * lists {
            return state(.kept(name: place.name, lists: lists))
        }
        // What was broken off is there, and serves nobody.
        let new = place.name + "_new"
        try connection.script("DROP INDEX CONCURRENTLY IF EXISTS \(new)")
        do throws(StorageError) {
            try connection.script("CREATE INDEX CONCURRENTLY \(new) ON \(place.table) USING ivfflat \(place.key) WITH (lists = \(place.lists))\(place.condition)")
        } catch {
            try? connection.script("DROP INDEX CONCURRENTLY IF EXISTS \(new)")
            throw error
        }
        try connection.script("DROP INDEX CONCURRENTLY IF EXISTS \(place.name)")
        try connection.script("ALTER INDEX \(new) RENAME TO \(place.name)")
        return state(.made(name: place.name, lists: place.lists))
    }
}
