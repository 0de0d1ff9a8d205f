import Records

/// How a memory lies in `agent_memories`.
enum MemoryRow {
    static let columnCount = Table.agentMemories.columnCount
    static let embeddingColumn = 17
    static let deletedColumn = 25

    static func encode(_ memory: Memory, into row: RowEncoder) {
        row.begin(.agentMemories)
        row.add(memory.organization)
        row.add(memory.id)
        row.add(memory.agent)
        row.add(memory.user)
        row.add(memory.session)
        row.add(memory.type.name)
        row.add(memory.content)
        row.add(memory.importance)
        row.add(memory.accessCount)
        row.add(memory.lastAccessedAt)
        row.add(memory.tags.isEmpty ? "[]" : JSON.list(memory.tags.map { .text($0) }).description)
        row.add(memory.metadata == .emptyObject ? "{}" : memory.metadata.description)
        row.add(memory.createdAt.microseconds)
        row.add(memory.updatedAt.microseconds)
        row.add(memory.expiresAt)
        row.add(memory.version)
        row.add(memory.embedding?.space)
        if let embedding = memory.embedding { row.add(vector: embedding.vector) } else { row.addNull() }
        row.add(memory.isPinned ? 1 as Int64 : 0)
        row.add(memory.validity.from)
        row.add(memory.validity.to)
        row.add(memory.validity.closedAt)
        row.add(memory.supersededBy)
        row.add(memory.sourceMessage)
        row.add(memory.forgetAt)
        row.add(memory.deletedAt)
        row.add(ContentHash.of(memory.content))
    }

    /// The row that `statement` stands on, read with `Table.selection`.
    static func decode(_ statement: SQLiteStatement, withVector: Bool) throws(StorageError) -> Memory {
        guard statement.isIntact(.agentMemories, columnCount: columnCount), let memory = parse(statement, withVector: withVector) else {
            throw corrupt(statement)
        }
        return memory
    }

    static func corrupt(_ statement: SQLiteStatement) -> StorageError {
        .corruptRow(table: Table.agentMemories.name, place: statement.place(identityCount: Table.agentMemories.identityCount))
    }

    /// Nil for one that makes no sense.
    static func parse(_ statement: SQLiteStatement, withVector: Bool) -> Memory? {
        guard let organization = statement.identifier(0), let id = statement.identifier(1), let agent = statement.identifier(2),
            let type = MemoryType(name: statement.text(5)), let tags = tags(statement.text(10)), let metadata = metadata(statement.text(11))
        else { return nil }
        var embedding: Embedding?
        if withVector, !statement.isNull(embeddingColumn) {
            guard let space = statement.identifier(16), let vector = statement.vector(embeddingColumn) else { return nil }
            embedding = Embedding(space: space, vector: vector)
        }
        return Memory(
            id: id, organization: organization, agent: agent, user: statement.identifier(3), session: statement.identifier(4), type: type,
            content: statement.text(6), importance: statement.real(7), accessCount: statement.integer(8), lastAccessedAt: statement.timestamp(9),
            tags: tags, metadata: metadata, createdAt: Timestamp(microseconds: statement.integer(12)),
            updatedAt: Timestamp(microseconds: statement.integer(13)), expiresAt: statement.timestamp(14), isPinned: statement.integer(18) != 0,
            validity: Validity(from: statement.timestamp(19), to: statement.timestamp(20), closedAt: statement.timestamp(21)), supersededBy: statement.identifier(22),
            sourceMessage: statement.identifier(23), forgetAt: statement.timestamp(24), deletedAt: statement.timestamp(deletedColumn), version: statement.integer(15),
            embedding: embedding)
    }

    private static func tags(_ text: String) -> [String]? {
        if text == "[]" { return [] }
        guard let list = (try? JSON(parsing: text))?.list else { return nil }
        let tags = list.compactMap(\.text)
        return tags.count == list.count ? tags : nil
    }

    private static func metadata(_ text: String) -> JSON? {
        text == "{}" ? .emptyObject : try? JSON(parsing: text)
    }
}
