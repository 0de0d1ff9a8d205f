import Records

extension ReadConnection {
    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Record] {
        var records: [Record] = []
        for id in ids {
            if let record = try stored.find(kind, id, of: organization, withVector: withVectors) { records.append(record) }
        }
        return records
    }

    /// Each row is read whole, so that its checksum is looked at.
    func deletedConversations(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Identifier] {
        try records(.conversation, ids, of: organization, withVectors: false).filter { $0.deletedAt != nil }.map(\.id)
    }

    func each(_ listing: RecordListing, of organization: Identifier, passingDamage: Bool, _ body: (Record) throws(StorageError) -> Bool) throws(StorageError) {
        let statement = try stored[ReadConnection.sql(listing)]
        try bind(listing, organization, to: statement)
        defer { statement.reset() }
        while try statement.step() {
            let record: Record
            do throws(StorageError) { record = try RecordRow.decode(statement, listing.kind, of: organization, withVector: listing.withVectors) } catch {
                guard passingDamage, case .corruptRow = error else { throw error }
                continue
            }
            guard try body(record) else { return }
        }
    }

    /// One statement for each order, direction, and set of fields that the listing narrows by.
    private static func sql(_ listing: RecordListing) -> String {
        let schema = Schema.of(listing.kind)
        var conditions = [listing.kind == .organization ? "id = ?1" : "organization_id = ?1"]
        for (place, field) in listing.fields.enumerated() {
            let (column, parameter) = (schema[field]?.column ?? "id", "?\(place + 4)")
            if case .texts = listing.values[field] { conditions.append(holdsAll(column, parameter)) } else { conditions.append("\(column) = \(parameter)") }
        }
        let direction = listing.isAscending ? "ASC" : "DESC"
        let comparison = listing.isAscending ? ">" : "<"
        let order = listing.order.map { schema[$0]?.column ?? $0.name }
        if listing.after != nil { conditions.append(order.map { "(\($0), id) \(comparison) (?2, ?3)" } ?? "id \(comparison) ?3") }
        if listing.deleted == .without, schema.deletesSoftly { conditions.append("deleted_at IS NULL") }
        let ordering = order.map { "\($0) \(direction), id \(direction)" } ?? "id \(direction)"
        return Table.of(listing.kind).selection + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(ordering)"
    }

    /// Of two lists of texts, as they are stored. What is no list is let through, and told where the row is read.
    private static func holdsAll(_ column: String, _ parameter: String) -> String {
        let lacks = "SELECT 1 FROM json_each(\(parameter)) AS wanted WHERE wanted.value NOT IN (SELECT value FROM json_each(\(column)))"
        return "CASE WHEN json_valid(\(column)) THEN NOT EXISTS (\(lacks)) ELSE \(column) IS NOT NULL END"
    }

    private func bind(_ listing: RecordListing, _ organization: Identifier, to statement: SQLiteStatement) throws(StorageError) {
        try statement.bind(1, organization)
        if let after = listing.after {
            try statement.bind(3, after.id)
            if let value = after.value { try statement.bind(2, value) }
        }
        for (place, field) in listing.fields.enumerated() {
            if let value = listing.values[field] { try statement.bind(place + 4, value) }
        }
    }

    func openJobs() throws(StorageError) -> [Record] {
        let statement = try stored[Table.of(.job).selection + " WHERE state IN ('queued', 'running') ORDER BY state, id"]
        defer { statement.reset() }
        var jobs: [Record] = []
        while try statement.step() { jobs.append(try RecordRow.decode(statement, .job, of: nil)) }
        return jobs
    }

    /// Every record that can be found and has that part.
    func load(_ kind: Kind, _ part: LoadedPart, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) {
        var conversations = ConversationStates()
        let row = try connection.prepare(Table.of(kind).selection + " NOT INDEXED ORDER BY rowid")
        while try row.step() {
            do throws(StorageError) {
                let record = try RecordRow.decode(row, kind, of: nil, withVector: part == .vectors)
                if part == .texts || record.embedding != nil, record.deletedAt == nil, try !conversations.hide(record, self) { body(.success(.record(record))) }
            } catch {
                body(.failure(error))
            }
        }
    }
}

extension RecordListing {
    /// The fields that it narrows by, in one order for all listings of that shape.
    var fields: [RecordField] { values.keys.sorted { $0.rawValue < $1.rawValue } }
}

extension SQLiteStatement {
    fileprivate func bind(_ index: Int, _ value: Value) throws(StorageError) {
        switch value {
        case .flag(let flag): try bind(index, flag ? 1 as Int64 : 0)
        case .integer(let integer): try bind(index, integer)
        case .number(let number): try bind(index, number)
        case .text(let text): try bind(index, text)
        case .identifier(let id): try bind(index, id)
        case .time(let time): try bind(index, time.microseconds)
        case .texts(let texts): try bind(index, JSON.list(texts.map { .text($0) }).description)
        case .json, .bytes, .vector: throw .internalError("a list is ordered by a value that has no order")
        }
    }
}
