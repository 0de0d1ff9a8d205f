public import Records

/// A table of somebody else's, in any PostgreSQL database, read in the order of a key, some rows at a time: what was read up to a key need not be read again.
///
/// Only reads, with COPY in binary form. Belongs to one thread at a time.
public final class ForeignTable {
    public struct Column: Sendable {
        public let name: String
        /// As PostgreSQL writes it.
        public let type: String

        /// Whether it holds a vector: pgvector's own, or a list of floating-point numbers.
        public var isVector: Bool { ["vector", "halfvec"].contains(plainType) || isList }
        /// Without what pgvector's schema may be called, and without a dimension.
        fileprivate var plainType: Substring { (type.split(separator: ".").last ?? "").prefix { $0 != "(" } }
        /// The schema of its type, where that has to be named.
        fileprivate var typeSchema: String { type.contains(".") ? type.prefix(type.count - (type.split(separator: ".").last?.count ?? 0)) + "" : "" }
        fileprivate var isList: Bool { ["real[]", "double precision[]"].contains(type) }
        public var isIdentifier: Bool { type == "uuid" }
    }

    public struct Row: Sendable {
        public let key: String
        /// Members by the names that were asked for, none of them null.
        public let values: JSON
        /// Nil where it is NULL, or none was asked for.
        public let vector: [Float]?
        /// Why the row cannot be taken as it is.
        public let refusal: String?
    }

    /// With its schema, as SQL writes it.
    public let name: String
    public let columns: [Column]
    private let connection: PostgresConnection
    private let condition: String
    private var order: [(column: String, type: String)] = []

    private static let secondsMax = 3_600

    /// `condition` is SQL that narrows the rows, as behind WHERE.
    public init(_ address: PostgresAddress, _ table: String, where condition: String? = nil) throws(StorageError) {
        connection = try PostgresConnection(address, secondsMax: ForeignTable.secondsMax, keepsStatements: false)
        let found = try connection.ask(
            """
            SELECT format('%I.%I', n.nspname, c.relname), a.attname::text, format_type(CASE WHEN y.typtype = 'd' THEN y.typbasetype ELSE y.oid END,
                CASE WHEN y.typtype = 'd' THEN y.typtypmod ELSE a.atttypmod END), c.relkind::text
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type AS y ON y.oid = a.atttypid WHERE c.oid = to_regclass($1::text) ORDER BY a.attnum
            """
        ) { $0.add(table) }
        guard found.count > 0 else { throw .unavailable("there is no table \(table) in \(address); name it as SCHEMA.TABLE") }
        name = found.text(0, 0)
        guard ["r", "p", "f"].contains(found.text(0, 3)) else {
            throw .unavailable("\(table) is a view, in which nothing is unique; name the table that it reads, with --where for the rows, or make one of it")
        }
        columns = (0..<found.count).map { Column(name: found.text($0, 1), type: found.text($0, 2)) }
        self.condition = condition.map { "(\($0))" } ?? "true"
    }

    public func column(_ name: String) throws(StorageError) -> Column {
        guard let column = columns.first(where: { $0.name == name }) else {
            throw .unavailable("\(self.name) has no column \(name); its columns are \(columns.map(\.name).joined(separator: ", "))")
        }
        return column
    }

    /// Reads in the order of that column, or of several with commas between, or of the primary key.
    public func order(by given: String?) throws(StorageError) {
        let unique = try connection.ask(
            """
            SELECT k.columns, k.types, i.indisprimary FROM pg_index AS i, LATERAL (
                SELECT array_agg(a.attname::text ORDER BY u.place) AS columns, array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY u.place) AS types, bool_and(a.attnotnull) AS are_there
                FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS u (number, place) JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.number
                WHERE u.place <= i.indnkeyatts
            ) AS k
            WHERE i.indrelid = to_regclass($1::text) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.are_there ORDER BY i.indisprimary DESC
            """
        ) { $0.add(name) }
        var known: [String] = []
        for row in 0..<unique.count {
            guard let columns = unique.texts(row, 0), let types = unique.texts(row, 1) else { continue }
            known.append(columns.joined(separator: ","))
            guard given.map({ $0 == known.last }) ?? (unique.flag(row, 2) == true) else { continue }
            order = zip(columns, types).map { ($0, $1) }
            return
        }
        throw .unavailable(
            "\(name) is read in an order that is unique and never NULL, and \(given ?? "it has no primary key")\(given == nil ? "" : " is none")"
                + (known.isEmpty ? "; make one, such as ALTER TABLE … ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY UNIQUE" : "; --by \(known.joined(separator: " or --by ")) is"))
    }

    /// The columns by which it is read, with commas between.
    public var key: String { order.map(\.column).joined(separator: ",") }

    private var orderList: String { order.map { "t.\(quoted($0.column))" }.joined(separator: ", ") }

    /// As text; of several columns as a JSON list of texts.
    private var keyValue: String {
        let texts = order.map { "t.\(quoted($0.column))::text" }
        return texts.count == 1 ? texts[0] : "to_jsonb(ARRAY[\(texts.joined(separator: ", "))])::text"
    }

    private func behind(_ key: String) throws(StorageError) -> String {
        let values = order.count == 1 ? [key] : (try? JSON(parsing: key))?.list?.compactMap(\.text) ?? []
        guard values.count == order.count else { throw .unavailable("'\(key)' is no key of \(name)") }
        return " AND (\(orderList)) > (\(zip(values, order).map { "\(literal($0))::\($1.type)" }.joined(separator: ", ")))"
    }

    /// How many rows there are, by PostgreSQL's estimate; nil where it has none.
    public func estimate() throws(StorageError) -> Int64? {
        try connection.ask("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1::text)") { $0.add(name) }.integer(0, 0).flatMap { $0 > 0 ? $0 : nil }
    }

    /// The dimensions that vectors of a column have, and how many rows have them; those that are declared are not counted.
    public func dimensions(of column: Column) throws(StorageError) -> [(dimension: Int, rows: Int64?)] {
        if let declared = column.type.split(separator: "(").last.flatMap({ Int($0.dropLast()) }) { return [(declared, nil)] }
        let dimension = column.isList ? "cardinality(t.\(quoted(column.name)))" : "\(column.typeSchema)vector_dims(t.\(quoted(column.name)))"
        let found = try read("SELECT \(dimension)::bigint, count(*) FROM \(name) AS t WHERE \(condition) AND t.\(quoted(column.name)) IS NOT NULL GROUP BY 1 ORDER BY 2 DESC")
        return (0..<found.count).map { (Int(found.integer($0, 0) ?? 0), found.integer($0, 1)) }
    }

    /// The rows behind that key, the first ones, with the columns under the names that are given.
    public func page(after key: String?, _ fields: [(name: String, column: Column)], vector: Column?, limit: Int) throws(StorageError) -> [Row] {
        let listed = fields.map { "\(value($0.column)) AS \(quoted($0.name))" }.joined(separator: ", ")
        let values = fields.isEmpty ? "'{}'" : "(SELECT to_jsonb(r)::text FROM (SELECT \(listed)) AS r)"
        let last = if let key { try behind(key) } else { "" }
        let query = """
            SELECT \(keyValue), \(values), \(vector.map(vectorValue) ?? "NULL::real[]") FROM \(name) AS t
            WHERE \(condition)\(last) ORDER BY \(orderList) LIMIT \(limit)
            """
        var rows: [Row] = []
        try copy(query) { found throws(StorageError) in
            for row in 0..<found.count {
                let key = found.text(row, 0)
                var (values, given, refusal) = (JSON.emptyObject, [Float]?.none, String?.none)
                do throws(JSONError) {
                    if case .object(let members) = try JSON(stored: found.text(row, 1)) { values = .object(members.filter { $0.value != .null }) }
                } catch {
                    refusal = "\(error)"
                }
                if let vector, !found.isNull(row, 2) {
                    given = vector.isList ? found.floats(row, 2) : found.vector(row, 2)
                    if given == nil { refusal = "\(vector.name) is no list of one dimension" }
                }
                rows.append(Row(key: key, values: values, vector: given, refusal: refusal))
            }
        }
        return rows
    }

    private func read(_ query: String) throws(StorageError) -> PostgresRows {
        var found: PostgresRows?
        try inTransaction { () throws(StorageError) in found = try connection.ask(query) }
        guard let found else { throw .internalError("a query without an answer") }
        return found
    }

    private func copy(_ query: String, _ body: (PostgresRows) throws(StorageError) -> Void) throws(StorageError) {
        try inTransaction { () throws(StorageError) in try connection.copy(query, columns: 3, body) }
    }

    /// What is set here is nobody else's afterwards, where a pooler stands between.
    private func inTransaction(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try connection.script("BEGIN READ ONLY; SET LOCAL TimeZone = 'UTC'")
            try body()
            try connection.script("COMMIT")
        } catch {
            try? connection.rollBack()
            throw ForeignTable.told(error)
        }
    }

    /// What is wrong with a query is so with what somebody asked for.
    private static func told(_ error: StorageError) -> StorageError {
        switch error {
        case .internalError(let detail): return .unavailable("PostgreSQL does not read that: \(detail)")
        // The advice is for tables of Pinyon's own.
        case .unavailable(let detail): return .unavailable(detail.split(separator: "; ").prefix(1).joined())
        default: return error
        }
    }

    /// A time without a zone is taken for one of UTC.
    private func value(_ column: Column) -> String {
        let name = "t.\(quoted(column.name))"
        if column.type == "date" { return "(\(name)::timestamp AT TIME ZONE 'UTC')" }
        return column.type.hasPrefix("timestamp") && column.type.hasSuffix("without time zone") ? "(\(name) AT TIME ZONE 'UTC')" : name
    }

    private func vectorValue(_ column: Column) -> String {
        let name = "t.\(quoted(column.name))"
        if column.isList { return "\(name)::real[]" }
        return column.plainType == "halfvec" ? "\(name)::\(column.typeSchema)vector" : name
    }

    private func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    /// Backslashes mean themselves, as standard_conforming_strings has it unless somebody chose otherwise long ago.
    private func literal(_ text: String) -> String { "E'\(text.replacing("\\", with: "\\\\").replacing("'", with: "''"))'" }
}
