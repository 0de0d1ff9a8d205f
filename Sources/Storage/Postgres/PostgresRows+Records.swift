import Records

/// Rows as the tables have them, in the order of `Table.columns`.
extension PostgresParameters {
    mutating func add(_ record: Record) {
        let schema = record.schema
        if record.kind != .organization { add(record.organization) }
        add(record.id)
        for value in record.values { add(value) }
        add(record.createdAt)
        add(record.updatedAt)
        if schema.deletesSoftly { add(record.deletedAt) }
        add(record.version)
        if schema.hasVector { add(record.embedding) }
    }

    mutating func add(_ memory: Memory) {
        add(memory.organization)
        add(memory.id)
        add(memory.agent)
        add(memory.user)
        add(memory.session)
        add(memory.type.name)
        add(memory.content)
        add(memory.importance)
        add(memory.accessCount)
        add(memory.lastAccessedAt)
        add(memory.tags)
        add(memory.metadata)
        add(memory.createdAt)
        add(memory.updatedAt)
        add(memory.expiresAt)
        add(memory.version)
        add(memory.embedding)
        add(memory.isPinned)
        add(memory.validity.from)
        add(memory.validity.to)
        add(memory.validity.closedAt)
        add(memory.supersededBy)
        add(memory.sourceMessage)
        add(memory.forgetAt)
        add(memory.deletedAt)
        add(ContentHash.of(memory.content))
    }

    private mutating func add(_ embedding: Embedding?) {
        add(embedding?.space)
        if let embedding { add(vector: embedding.vector) } else { addNull() }
    }

    mutating func add(_ space: EmbeddingSpace, isMain: Bool) {
        let model = space.model
        add(space.organization)
        add(space.id)
        add(model.provider)
        add(model.name)
        add(model.revision)
        add(Int64(model.dimension))
        add(isMain)
        add(space.createdAt)
        add(model.pooling)
        add(model.queryPrefix)
        add(model.passagePrefix)
        add(model.isNormalized)
        add(space.precision)
    }

    /// Without its transaction, which PostgreSQL knows.
    mutating func add(_ change: ChangeRecord) {
        add(change.number)
        add(change.organization)
        add(Int64(change.kind.rawValue))
        add(change.record)
        add(change.version)
        add(change.operation.rawValue)
        add(change.at)
    }

    mutating func add(_ idempotency: Idempotency, _ receipt: WriteReceipt, of organization: Identifier, at time: Timestamp) {
        add(organization)
        add(idempotency.key)
        add(idempotency.digest)
        add(receipt.change)
        add(IdempotencyRow.bytes(of: receipt.rows))
        add(time)
        if let details = IdempotencyRow.details(of: receipt) { add(details) } else { addNull() }
    }
}

extension PostgresRows {
    func record(_ row: Int, _ kind: Kind) throws(StorageError) -> Record {
        guard let record = parse(row, kind) else { throw corrupt(row, .of(kind)) }
        return record
    }

    private func parse(_ row: Int, _ kind: Kind) -> Record? {
        let schema = Schema.of(kind)
        let start = kind == .organization ? 0 : 1
        guard let organization = identifier(row, 0), let id = identifier(row, start) else { return nil }
        var column = start + 1
        var values: [Value?] = []
        values.reserveCapacity(schema.rules.count)
        for rule in schema.rules {
            if isNull(row, column) {
                guard !rule.isRequired else { return nil }
                values.append(nil)
            } else {
                guard let value = value(row, column, rule.type) else { return nil }
                values.append(value)
            }
            column += 1
        }
        guard let createdAt = time(row, column), let updatedAt = time(row, column + 1) else { return nil }
        column += 2
        var deletedAt: Timestamp?
        if schema.deletesSoftly {
            deletedAt = time(row, column)
            column += 1
        }
        guard let version = integer(row, column) else { return nil }
        var embedding: Embedding?
        if schema.hasVector, !isNull(row, column + 2) {
            guard let read = self.embedding(row, column + 1) else { return nil }
            embedding = read
        }
        return Record(
            kind, id: id, organization: organization, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version, row: values,
            embedding: embedding)
    }

    func memory(_ row: Int) throws(StorageError) -> Memory {
        guard let memory = parseMemory(row) else { throw corrupt(row, .agentMemories) }
        return memory
    }

    private func parseMemory(_ row: Int) -> Memory? {
        guard let organization = identifier(row, 0), let id = identifier(row, 1), let agent = identifier(row, 2), let type = MemoryType(name: text(row, 5)),
            let importance = number(row, 7), let accessCount = integer(row, 8), let tags = texts(row, 10), let metadata = json(row, 11),
            let createdAt = time(row, 12), let updatedAt = time(row, 13), let version = integer(row, 15), let isPinned = flag(row, 18)
        else { return nil }
        var embedding: Embedding?
        if !isNull(row, 17) {
            guard let read = self.embedding(row, 16) else { return nil }
            embedding = read
        }
        return Memory(
            id: id, organization: organization, agent: agent, user: identifier(row, 3), session: identifier(row, 4), type: type, content: text(row, 6),
            importance: importance, accessCount: accessCount, lastAccessedAt: time(row, 9), tags: tags, metadata: metadata, createdAt: createdAt,
            updatedAt: updatedAt, expiresAt: time(row, 14), isPinned: isPinned, validity: Validity(from: time(row, 19), to: time(row, 20), closedAt: time(row, 21)),
            supersededBy: identifier(row, 22), sourceMessage: identifier(row, 23), forgetAt: time(row, 24), deletedAt: time(row, 25), version: version,
            embedding: embedding)
    }

    private func embedding(_ row: Int, _ column: Int) -> Embedding? {
        guard let space = identifier(row, column), let vector = vector(row, column + 1) else { return nil }
        return Embedding(space: space, vector: vector)
    }

    func space(_ row: Int) throws(StorageError) -> EmbeddingSpace {
        guard let organization = identifier(row, 0), let id = identifier(row, 1), let dimension = integer(row, 5), let createdAt = time(row, 7),
            let isNormalized = flag(row, 11)
        else { throw corrupt(row, .embeddingSpaces) }
        let model = EmbeddingModel(
            provider: text(row, 2), name: text(row, 3), revision: text(row, 4), dimension: Int(dimension), pooling: text(row, 8), queryPrefix: text(row, 9),
            passagePrefix: text(row, 10), isNormalized: isNormalized)
        return EmbeddingSpace(id: id, organization: organization, model: model, precision: text(row, 12), createdAt: createdAt)
    }

    /// Read with its transaction in front.
    func change(_ row: Int) throws(StorageError) -> ChangeRecord {
        guard let transaction = integer(row, 0), let number = integer(row, 1), let organization = identifier(row, 2),
            let kind = integer(row, 3).flatMap({ UInt8(exactly: $0) }).flatMap(Kind.init), let id = identifier(row, 4), let version = integer(row, 5),
            let operation = integer(row, 6).flatMap(ChangeRecord.Operation.init), let at = time(row, 7)
        else { throw corrupt(row, .changes) }
        return ChangeRecord(
            number: number, transaction: UInt64(bitPattern: transaction), organization: organization, kind: kind, record: id, version: version,
            operation: operation, at: at)
    }

    func counter(_ row: Int) throws(StorageError) -> (kind: Kind, count: StoreCounts.Count) {
        guard let kind = integer(row, 1).flatMap({ UInt8(exactly: $0) }).flatMap(Kind.init), let rows = integer(row, 2), let withVectors = integer(row, 3),
            let deleted = integer(row, 4)
        else { throw corrupt(row, .counters) }
        return (kind, StoreCounts.Count(rows: rows, withVectors: withVectors, deleted: deleted))
    }

    func receipt(_ row: Int) throws(StorageError) -> IdempotencyRow {
        guard let change = integer(row, 3), let rows = IdempotencyRow.rows(of: blob(row, 4)), let createdAt = time(row, 5),
            let notes = IdempotencyRow.notes(in: isNull(row, 6) ? nil : text(row, 6))
        else {
            throw corrupt(row, .idempotencyKeys)
        }
        return IdempotencyRow(digest: blob(row, 2), receipt: WriteReceipt(change: change, rows: rows, notes: notes), createdAt: createdAt)
    }

    func identifiers() throws(StorageError) -> [Identifier] {
        var ids: [Identifier] = []
        for row in 0..<count {
            guard let id = identifier(row, 0) else { throw .internalError("an identifier has not sixteen bytes") }
            ids.append(id)
        }
        return ids
    }

    private func corrupt(_ row: Int, _ table: Table) -> StorageError {
        let place = (0..<table.identityCount).map { identifier(row, $0)?.description ?? integer(row, $0).map { String($0) } ?? "?" }
        return .corruptRow(table: table.name, place: place.joined(separator: "/"))
    }
}
