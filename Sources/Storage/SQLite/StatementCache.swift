import Records

/// Statements over the tables of records, prepared when they are first needed. There are as many as the schema has shapes, so none is ever let go.
final class StatementCache {
    private let connection: SQLiteConnection
    private var statements: [String: SQLiteStatement] = [:]

    init(_ connection: SQLiteConnection) { self.connection = connection }

    subscript(sql: String) -> SQLiteStatement {
        get throws(StorageError) {
            if let known = statements[sql] { return known }
            let statement = try connection.prepare(sql)
            statements[sql] = statement
            return statement
        }
    }

    func record(_ kind: Kind) throws(StorageError) -> SQLiteStatement { try self[StatementCache.selections[kind] ?? ""] }

    func insertion(_ kind: Kind) throws(StorageError) -> SQLiteStatement { try self[StatementCache.insertions[kind] ?? ""] }

    func update(_ kind: Kind) throws(StorageError) -> SQLiteStatement { try self[StatementCache.updates[kind] ?? ""] }

    private static let selections = byKind { kind in
        Table.of(kind).selection + (kind == .organization ? " WHERE id = ?1 AND id = ?2" : " WHERE organization_id = ?1 AND id = ?2")
    }

    private static let insertions = byKind { Table.of($0).insertion }

    private static let updates = byKind { Table.of($0).update }

    private static func byKind(_ text: (Kind) -> String) -> [Kind: String] {
        Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, text($0)) })
    }
}

extension StatementCache {
    /// The row as it is, checked; nil when the organization has none of that identifier.
    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier, withVector: Bool = true) throws(StorageError) -> Record? {
        let statement = try record(kind)
        try statement.bind(1, organization)
        try statement.bind(2, id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let record = try RecordRow.decode(statement, kind, of: organization, withVector: withVector)
        guard record.id == id else { throw statement.corrupt(Table.of(kind)) }
        return record
    }
}
