import Records

/// How the kept counts of one kind of an organization lie in `counters`.
enum CounterRow {
    static func encode(_ count: StoreCounts.Count, of kind: Kind, _ organization: Identifier, into row: RowEncoder) {
        row.begin(.counters)
        row.add(organization)
        row.add(Int64(kind.rawValue))
        row.add(count.rows)
        row.add(count.withVectors)
        row.add(count.deleted)
    }

    static func decode(_ statement: SQLiteStatement, of organization: Identifier) throws(StorageError) -> (kind: Kind, count: StoreCounts.Count) {
        try statement.check(.counters)
        guard statement.identifier(0) == organization, let kind = Kind(rawValue: UInt8(clamping: statement.integer(1))) else { throw statement.corrupt(.counters) }
        return (kind, StoreCounts.Count(rows: statement.integer(2), withVectors: statement.integer(3), deleted: statement.integer(4)))
    }
}
