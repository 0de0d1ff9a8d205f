import Records

/// How an embedding space lies in its table.
enum SpaceRow {
    static func encode(_ space: EmbeddingSpace, isMain: Bool, into row: RowEncoder) {
        row.begin(.embeddingSpaces)
        row.add(space.organization)
        row.add(space.id)
        row.add(space.provider)
        row.add(space.model)
        row.add(space.revision)
        row.add(Int64(space.dimension))
        row.add(isMain ? 1 as Int64 : 0)
        row.add(space.createdAt.microseconds)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> EmbeddingSpace {
        try statement.check(.embeddingSpaces)
        guard let organization = statement.identifier(0), let id = statement.identifier(1), let dimension = Int(exactly: statement.integer(5))
        else { throw statement.corrupt(.embeddingSpaces) }
        return EmbeddingSpace(
            id: id, organization: organization, provider: statement.text(2), model: statement.text(3), revision: statement.text(4),
            dimension: dimension, createdAt: Timestamp(microseconds: statement.integer(7)))
    }
}
