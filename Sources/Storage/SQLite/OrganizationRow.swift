import Records

/// How an organization lies in its table.
enum OrganizationRow {
    static func encode(_ organization: Organization, into row: RowEncoder) {
        row.begin(.organizations)
        row.add(organization.id)
        row.add(organization.name)
        row.add(organization.slug)
        row.add(organization.createdAt.microseconds)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> Organization {
        try statement.check(.organizations)
        guard let id = statement.identifier(0) else { throw statement.corrupt(.organizations) }
        return Organization(
            id: id, name: statement.text(1), slug: statement.text(2), createdAt: Timestamp(microseconds: statement.integer(3)))
    }
}
