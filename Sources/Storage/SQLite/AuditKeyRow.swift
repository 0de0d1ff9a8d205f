import Records

/// How the key of a memory's digests lies in `audit_keys`.
enum AuditKeyRow {
    static func encode(_ key: AuditKey, of memory: Identifier, _ organization: Identifier, into row: RowEncoder) {
        row.begin(.auditKeys)
        row.add(organization)
        row.add(memory)
        row.add(key.bytes)
    }

    static func decode(_ statement: SQLiteStatement, of organization: Identifier) throws(StorageError) -> (memory: Identifier, key: AuditKey) {
        try statement.check(.auditKeys)
        guard statement.identifier(0) == organization, let memory = statement.identifier(1) else { throw statement.corrupt(.auditKeys) }
        return (memory, AuditKey(bytes: statement.blob(2)))
    }
}

extension StatementCache {
    private static let auditKey = Table.auditKeys.selection + " WHERE organization_id = ?1 AND memory_id = ?2"

    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [Identifier: AuditKey] {
        var keys: [Identifier: AuditKey] = [:]
        for memory in memories { keys[memory] = try auditKey(of: memory, organization) }
        return keys
    }

    func auditKey(of memory: Identifier, _ organization: Identifier) throws(StorageError) -> AuditKey? {
        let statement = try self[StatementCache.auditKey]
        try statement.bind(1, organization)
        try statement.bind(2, memory)
        defer { statement.reset() }
        return try statement.step() ? try AuditKeyRow.decode(statement, of: organization).key : nil
    }
}
