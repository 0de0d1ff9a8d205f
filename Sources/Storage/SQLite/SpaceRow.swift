import Records

/// How an embedding space lies in its table.
enum SpaceRow {
    static func encode(_ space: EmbeddingSpace, isMain: Bool, into row: RowEncoder) {
        let model = space.model
        row.begin(.embeddingSpaces)
        row.add(space.organization)
        row.add(space.id)
        row.add(model.provider)
        row.add(model.name)
        row.add(model.revision)
        row.add(Int64(model.dimension))
        row.add(isMain ? 1 as Int64 : 0)
        row.add(space.createdAt.microseconds)
        row.add(model.pooling)
        row.add(model.queryPrefix)
        row.add(model.passagePrefix)
        row.add(model.isNormalized ? 1 as Int64 : 0)
        row.add(space.precision)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> EmbeddingSpace {
        try statement.check(.embeddingSpaces)
        guard let organization = statement.identifier(0), let id = statement.identifier(1), let dimension = Int(exactly: statement.integer(5))
        else { throw statement.corrupt(.embeddingSpaces) }
        let model = EmbeddingModel(
            provider: statement.text(2), name: statement.text(3), revision: statement.text(4), dimension: dimension, pooling: statement.text(8),
            queryPrefix: statement.text(9), passagePrefix: statement.text(10), isNormalized: statement.integer(11) != 0)
        return EmbeddingSpace(
            id: id, organization: organization, model: model, precision: statement.text(12), createdAt: Timestamp(microseconds: statement.integer(7)))
    }
}

/// How a row that waits for its vector lies in `embedding_waits`.
enum WaitRow {
    static func encode(_ kind: Kind, _ id: Identifier, of organization: Identifier, since time: Timestamp, into row: RowEncoder) {
        row.begin(.embeddingWaits)
        row.add(organization)
        row.add(Int64(kind.rawValue))
        row.add(id)
        row.add(time.microseconds)
    }

    static func decode(_ statement: SQLiteStatement, of organization: Identifier) throws(StorageError) -> WaitingRow {
        try statement.check(.embeddingWaits)
        guard statement.identifier(0) == organization, let kind = Kind(rawValue: UInt8(clamping: statement.integer(1))), let id = statement.identifier(2)
        else { throw statement.corrupt(.embeddingWaits) }
        return WaitingRow(kind: kind, id: id, since: Timestamp(microseconds: statement.integer(3)))
    }
}
