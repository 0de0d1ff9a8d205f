import Records

/// What a request under an idempotency key came to, so that its retry gets the same answer.
struct IdempotencyRow {
    let digest: [UInt8]
    let receipt: WriteReceipt
    let createdAt: Timestamp

    static func encode(
        _ idempotency: Idempotency, _ receipt: WriteReceipt, of organization: Identifier, at time: Timestamp, into row: RowEncoder
    ) {
        row.begin(.idempotencyKeys)
        row.add(organization)
        row.add(idempotency.key)
        row.add(idempotency.digest)
        row.add(receipt.change)
        row.add(bytes(of: receipt.rows))
        row.add(time.microseconds)
        if let details = details(of: receipt) { row.add(details) } else { row.addNull() }
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> IdempotencyRow {
        try statement.check(.idempotencyKeys)
        guard let rows = rows(of: statement.blob(4)), let notes = notes(in: statement.isNull(6) ? nil : statement.text(6)) else { throw statement.corrupt(.idempotencyKeys) }
        return IdempotencyRow(
            digest: statement.blob(2), receipt: WriteReceipt(change: statement.integer(3), rows: rows, notes: notes),
            createdAt: Timestamp(microseconds: statement.integer(5)))
    }

    /// Its notes as JSON; nil where it has none.
    static func details(of receipt: WriteReceipt) -> String? { receipt.notes.isEmpty ? nil : JSON.list(receipt.notes.map(\.json)).description }

    /// Nil for what `details` does not make.
    static func notes(in details: String?) -> [RememberNote]? {
        guard let details else { return [] }
        guard let list = (try? JSON(parsing: details))?.list else { return nil }
        let notes = list.compactMap { RememberNote($0) }
        return notes.count == list.count ? notes : nil
    }

    static func bytes(of rows: [WriteReceipt.Row]) -> [UInt8] { rows.flatMap { $0.id.bytes + bytes($0.version) } }

    static func rows(of bytes: [UInt8]) -> [WriteReceipt.Row]? {
        guard bytes.count.isMultiple(of: rowBytes) else { return nil }
        return stride(from: 0, to: bytes.count, by: rowBytes).compactMap { start -> WriteReceipt.Row? in
            let version = bytes[(start + Identifier.byteCount)..<(start + rowBytes)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return Identifier(bytes: bytes[start..<(start + Identifier.byteCount)])
                .map { WriteReceipt.Row(id: $0, version: Int64(bitPattern: version)) }
        }
    }

    /// An identifier, and the version in eight bytes, most significant first.
    private static let rowBytes = Identifier.byteCount + 8

    private static func bytes(_ version: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: version >> $0) }
    }
}
