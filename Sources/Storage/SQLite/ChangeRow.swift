import Records

/// How a change lies in its table.
enum ChangeRow {
    static func encode(_ change: ChangeRecord, into row: RowEncoder) {
        row.begin(.changes)
        row.add(change.number)
        row.add(change.organization)
        row.add(Int64(change.kind.rawValue))
        row.add(change.record)
        row.add(change.version)
        row.add(change.operation.rawValue)
        row.add(change.at.microseconds)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> ChangeRecord {
        try statement.check(.changes)
        guard let organization = statement.identifier(1), let kind = UInt8(exactly: statement.integer(2)).flatMap(Kind.init),
            let record = statement.identifier(3), let operation = ChangeRecord.Operation(rawValue: statement.integer(5))
        else { throw statement.corrupt(.changes) }
        return ChangeRecord(
            number: statement.integer(0), organization: organization, kind: kind, record: record, version: statement.integer(4),
            operation: operation, at: Timestamp(microseconds: statement.integer(6)))
    }
}
