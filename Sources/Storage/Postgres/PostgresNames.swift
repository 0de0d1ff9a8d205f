import Records

/// What things are called in one database: the schema that holds the tables, and the roles, whose names begin with the schema's.
struct PostgresNames: Sendable {
    let schema: String

    /// Works under the policies, for one organization at a time.
    var service: String { schema + "_service" }
    /// Reads what every organization has, and writes nothing.
    var feed: String { schema + "_feed" }
    /// Reads everything, whatever the policies say.
    var backup: String { schema + "_backup" }

    init(schema: String = PostgresConfiguration.defaultSchema) throws(StorageError) {
        let isPlain = schema.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_") }
        guard isPlain, (1...PostgresNames.bytesMax).contains(schema.utf8.count), schema.first?.isLetter == true, !schema.hasPrefix("pg_"), schema != "information_schema" else {
            throw .unavailable("'\(schema)' is no name of a schema: up to \(PostgresNames.bytesMax) small letters, digits and underscores, a letter first, and not pg_")
        }
        self.schema = schema
        for table in Table.allCases {
            for place in VectorPlace.allCases { written[Written(table: table, place: place)] = Statements(self, table, place) }
        }
    }

    /// Made once, as each row is written with one.
    private var written: [Written: Statements] = [:]

    /// What PostgreSQL takes, less the longest ending of a role.
    private static let bytesMax = 63 - "_service".utf8.count

    /// As statements have it: a word of SQL's own is a name then, too.
    var quoted: String { "\"\(schema)\"" }

    func table(_ table: Table) -> String { "\(quoted).\(table.name)" }

    // MARK: Statements

    /// Where vectors lie: those of the database's main space in columns of its dimension, all others beside them.
    enum VectorPlace: Hashable, CaseIterable {
        case main, beside
    }

    /// As they are called where vectors lie there.
    func columns(_ table: Table, _ place: VectorPlace) -> [String] { table.columns.map { PostgresNames.isOfVectors($0) && place == .beside ? "other_" + $0 : $0 } }

    /// Parameters are numbered as the columns are.
    func insertion(_ table: Table, _ place: VectorPlace = .main) -> String { written[Written(table: table, place: place)]?.insertion ?? "" }

    /// With the rows as the one parameter, an array of the table's row type.
    func insertionOfMany(_ table: Table, _ place: VectorPlace) -> String { written[Written(table: table, place: place)]?.insertionOfMany ?? "" }

    /// Writes all columns where the row's identity matches, with the parameters of `insertion`.
    func update(_ table: Table, _ place: VectorPlace = .main) -> String { written[Written(table: table, place: place)]?.update ?? "" }

    private struct Written: Hashable {
        let table: Table
        let place: VectorPlace
    }

    private struct Statements {
        let insertion: String
        let insertionOfMany: String
        let update: String

        init(_ names: PostgresNames, _ table: Table, _ place: VectorPlace) {
            let (name, columns) = (names.table(table), names.columns(table, place))
            let listed = columns.joined(separator: ", ")
            insertion = "INSERT INTO \(name) (\(listed)) VALUES (\(columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")))"
            insertionOfMany = "INSERT INTO \(name) (\(listed)) SELECT \(listed) FROM unnest($1::\(name)[])"
            let identity = columns.indices.prefix(table.identityCount).map { "\(columns[$0]) = $\($0 + 1)" }.joined(separator: " AND ")
            let empty = zip(names.columns(table, place == .main ? .beside : .main), columns).filter { $0 != $1 }.map { "\($0.0) = NULL" }
            let assignments = columns.indices.dropFirst(table.identityCount).map { "\(columns[$0]) = $\($0 + 1)" } + empty
            update = "UPDATE \(name) SET \(assignments.joined(separator: ", ")) WHERE \(identity)"
        }
    }

    /// All columns; those of vectors are empty where they are not wanted.
    func selection(_ table: Table, withVectors: Bool = true) -> String {
        let columns = table.columns.map { !PostgresNames.isOfVectors($0) ? $0 : withVectors ? read($0) : "NULL" }
        return "SELECT \(columns.joined(separator: ", ")) FROM \(self.table(table))"
    }

    private static func isOfVectors(_ column: String) -> Bool { column.hasSuffix("embedding") }

    private func read(_ vectors: String) -> String { "coalesce(\(vectors), other_\(vectors))" }

    /// The columns that indexes are filled from: what no filter knows comes empty, but for texts where these are wanted.
    func loaded(_ kind: Kind, _ part: LoadedPart) -> [String] {
        let schema = Schema.of(kind)
        return Table.of(kind).columns.map { column in
            if column == "embedding" { return part == .vectors ? read(column) : "NULL" }
            guard kind != .memory else { return column == "content" && part == .vectors ? "''" : column }
            guard let rule = schema.rules.first(where: { $0.column == column }), rule.field != .metadata, !schema.filterFields.contains(rule.field) else { return column }
            return switch rule.type {
            case .text: part == .texts ? column : rule.isRequired ? "''" : "NULL"
            case .object: rule.isRequired ? "'{}'::jsonb" : "NULL"
            case .list: rule.isRequired ? "'[]'::jsonb" : "NULL"
            case .vector: "NULL"
            case .flag, .integer, .number, .choice, .identifier, .time, .texts, .bytes: column
            }
        }
    }

    /// The one of an identifier, with the organization as the first parameter and the identifier as the second.
    func row(of kind: Kind, withVectors: Bool) -> String {
        selection(.of(kind), withVectors: withVectors) + " WHERE \(owner(of: kind)) = $1 AND id = $2"
    }

    /// Those of identifiers, which are the second parameter.
    func rows(of kind: Kind, withVectors: Bool) -> String {
        selection(.of(kind), withVectors: withVectors) + " WHERE \(owner(of: kind)) = $1 AND id = ANY($2)"
    }

    private func owner(of kind: Kind) -> String { kind == .organization ? "id" : "organization_id" }
}
