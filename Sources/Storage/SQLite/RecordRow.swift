import Records

/// How a record of any kind lies in its table: what names it, the fields of its schema in their order, its times and version, and its vector.
enum RecordRow {
    static func encode(_ record: Record, into row: RowEncoder) {
        let schema = record.schema
        row.begin(Table.of(record.kind))
        if record.kind != .organization { row.add(record.organization) }
        row.add(record.id)
        for value in record.values { add(value, to: row) }
        row.add(record.createdAt.microseconds)
        row.add(record.updatedAt.microseconds)
        if schema.deletesSoftly { row.add(record.deletedAt) }
        row.add(record.version)
        guard schema.hasVector else { return }
        row.add(record.embedding?.space)
        if let embedding = record.embedding { row.add(vector: embedding.vector) } else { row.addNull() }
    }

    private static func add(_ value: Value?, to row: RowEncoder) {
        switch value {
        case nil: row.addNull()
        case .flag(let flag)?: row.add(flag ? 1 as Int64 : 0)
        case .integer(let integer)?: row.add(integer)
        case .number(let number)?: row.add(number)
        case .text(let text)?: row.add(text)
        case .identifier(let id)?: row.add(id)
        case .time(let time)?: row.add(time.microseconds)
        case .texts(let texts)?: row.add(JSON.list(texts.map { .text($0) }).description)
        case .json(let json)?: row.add(json.description)
        case .bytes(let bytes)?: row.add(bytes)
        case .vector(let vector)?: row.add(vector: vector)
        }
    }

    /// The row that `statement` stands on, read with `Table.selection`; refused when it is not of that organization.
    static func decode(
        _ statement: SQLiteStatement, _ kind: Kind, of organization: Identifier?, withVector: Bool = true
    ) throws(StorageError) -> Record {
        let table = Table.of(kind)
        try statement.check(table)
        guard let record = parse(statement, kind, withVector), organization.map({ $0 == record.organization }) ?? true else { throw statement.corrupt(table) }
        return record
    }

    private static func parse(_ statement: SQLiteStatement, _ kind: Kind, _ withVector: Bool) -> Record? {
        let schema = Schema.of(kind)
        let start = kind == .organization ? 0 : 1
        guard let organization = statement.identifier(0), let id = statement.identifier(start) else { return nil }
        var column = start + 1
        var values: [Value?] = []
        values.reserveCapacity(schema.rules.count)
        for rule in schema.rules {
            if statement.isNull(column) || (rule.type == .vector && !withVector) {
                guard !rule.isRequired else { return nil }
                values.append(nil)
            } else {
                guard let value = value(statement, column, rule.type) else { return nil }
                values.append(value)
            }
            column += 1
        }
        let createdAt = Timestamp(microseconds: statement.integer(column))
        let updatedAt = Timestamp(microseconds: statement.integer(column + 1))
        column += 2
        var deletedAt: Timestamp?
        if schema.deletesSoftly {
            deletedAt = statement.timestamp(column)
            column += 1
        }
        let version = statement.integer(column)
        var embedding: Embedding?
        if schema.hasVector, withVector, !statement.isNull(column + 2) {
            guard let space = statement.identifier(column + 1), let vector = statement.vector(column + 2) else { return nil }
            embedding = Embedding(space: space, vector: vector)
        }
        return Record(
            kind, id: id, organization: organization, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version, row: values,
            embedding: embedding)
    }

    private static func value(_ statement: SQLiteStatement, _ column: Int, _ type: ValueType) -> Value? {
        switch type {
        case .flag: .flag(statement.integer(column) != 0)
        case .integer: .integer(statement.integer(column))
        case .number: .number(statement.real(column))
        case .text, .choice: .text(statement.text(column))
        case .identifier: statement.identifier(column).map { .identifier($0) }
        case .time: .time(Timestamp(microseconds: statement.integer(column)))
        case .texts: texts(statement.text(column)).map { .texts($0) }
        case .object, .list: (try? JSON(parsing: statement.text(column))).map { .json($0) }
        case .bytes: .bytes(statement.blob(column))
        case .vector: statement.vector(column).map { .vector($0) }
        }
    }

    private static func texts(_ json: String) -> [String]? {
        guard let list = (try? JSON(parsing: json))?.list else { return nil }
        let texts = list.compactMap(\.text)
        return texts.count == list.count ? texts : nil
    }
}
