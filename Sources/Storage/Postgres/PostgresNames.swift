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
    }

    /// What PostgreSQL takes, less the longest ending of a role.
    private static let bytesMax = 63 - "_service".utf8.count

    /// As statements have it: a word of SQL's own is a name then, too.
    var quoted: String { "\"\(schema)\"" }

    func table(_ table: Table) -> String { "\(quoted).\(table.name)" }

    // MARK: Statements

    /// Where vectors lie: those of the database's main space in columns of its dimension, all others beside them.
    enum VectorPlace {
        case main, beside
    }

    /// Parameters are numbered as the columns are.
    func insertion(_ table: Table, _ place: VectorPlace = .main) -> String {
        let columns = table.columns.map { isOfVectors($0) && place == .beside ? "other_" + $0 : $0 }
        return "INSERT INTO \(self.table(table)) (\(columns.joined(separator: ", "))) VALUES (\(columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")))"
    }

    /// Writes all columns where the row's identity matches, with the parameters of `insertion`.
    func update(_ table: Table, _ place: VectorPlace = .main) -> String {
        let columns = table.columns
        let identity = columns.indices.prefix(table.identityCount).map { "\(columns[$0]) = $\($0 + 1)" }.joined(separator: " AND ")
        let assignments = columns.indices.dropFirst(table.identityCount).map { index in
            guard isOfVectors(columns[index]) else { return "\(columns[index]) = $\(index + 1)" }
            let (filled, empty) = place == .main ? (columns[index], "other_" + columns[index]) : ("other_" + columns[index], columns[index])
            return "\(filled) = $\(index + 1), \(empty) = NULL"
        }
        return "UPDATE \(self.table(table)) SET \(assignments.joined(separator: ", ")) WHERE \(identity)"
    }

    /// All columns; those of vectors are empty where they are not wanted.
    func selection(_ table: Table, withVectors: Bool = true) -> String {
        let columns = table.columns.map { !isOfVectors($0) ? $0 : withVectors ? read($0) : "NULL" }
        return "SELECT \(columns.joined(separator: ", ")) FROM \(self.table(table))"
    }

    private func isOfVectors(_ column: String) -> Bool { column.hasSuffix("embedding") }

    private func read(_ vectors: String) -> String { "coalesce(\(vectors), other_\(vectors))" }

    /// The columns that indexes are filled from: what no filter knows comes empty.
    func loaded(_ kind: Kind) -> [String] {
        let schema = Schema.of(kind)
        return Table.of(kind).columns.map { column in
            if column == "embedding" { return read(column) }
            guard kind != .memory else { return column == "content" ? "''" : column }
            guard let rule = schema.rules.first(where: { $0.column == column }), rule.field != .metadata, !schema.filterFields.contains(rule.field) else { return column }
            return switch rule.type {
            case .text: rule.isRequired ? "''" : "NULL"
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
