import Records

/// How an access key lies in `api_keys`.
enum KeyRow {
    static func encode(_ key: AccessKey, into row: RowEncoder) {
        row.begin(.apiKeys)
        row.add(key.organization)
        row.add(key.id)
        row.add(key.name)
        row.add(key.prefix)
        row.add(key.hash)
        row.add(key.role.rawValue)
        row.add(key.createdAt.microseconds)
        row.add(key.expiresAt)
        row.add(key.revokedAt)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> AccessKey {
        try statement.check(.apiKeys)
        guard let organization = statement.identifier(0), let id = statement.identifier(1), let role = Role(rawValue: statement.text(5)) else {
            throw statement.corrupt(.apiKeys)
        }
        return AccessKey(
            id: id, organization: organization, name: statement.text(2), prefix: statement.text(3), hash: statement.blob(4), role: role,
            createdAt: Timestamp(microseconds: statement.integer(6)), expiresAt: statement.timestamp(7), revokedAt: statement.timestamp(8))
    }
}
