import Records

/// How the kept counts of an organization lie in `counters`.
enum CounterRow {
    static func encode(_ counts: StoreCounts, of organization: Identifier, into row: RowEncoder) {
        row.begin(.counters)
        row.add(organization)
        row.add(counts.memories)
        row.add(counts.memoriesWithVectors)
        row.add(counts.agents)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> (organization: Identifier, counts: StoreCounts) {
        try statement.check(.counters)
        guard let organization = statement.identifier(0) else { throw statement.corrupt(.counters) }
        let counts = StoreCounts(
            memories: statement.integer(1), memoriesWithVectors: statement.integer(2), agents: statement.integer(3))
        return (organization, counts)
    }
}
