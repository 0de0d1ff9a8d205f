import Records

extension ReadConnection {
    func waits(of organization: Identifier) throws(StorageError) -> StoreCounts.Waits {
        let statement = try stored["SELECT count(*), min(since) FROM embedding_waits WHERE organization_id = ?1"]
        try statement.bind(1, organization)
        defer { statement.reset() }
        guard try statement.step() else { return StoreCounts.Waits() }
        return StoreCounts.Waits(count: statement.integer(0), since: statement.timestamp(1))
    }

    func waitingRows(of organization: Identifier, limit: Int) throws(StorageError) -> [WaitingRow] {
        let statement = try stored[Table.embeddingWaits.selection + " WHERE organization_id = ?1 ORDER BY since, rowid LIMIT ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, Int64(limit))
        defer { statement.reset() }
        var rows: [WaitingRow] = []
        while try statement.step() { rows.append(try WaitRow.decode(statement, of: organization)) }
        return rows
    }

    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [Identifier: AuditKey] { try stored.auditKeys(of: memories, organization) }

    func eachAuditKey(of organization: Identifier, _ body: (Identifier, AuditKey) throws(StorageError) -> Void) throws(StorageError) {
        let statement = try stored[Table.auditKeys.selection + " WHERE organization_id = ?1"]
        try statement.bind(1, organization)
        defer { statement.reset() }
        while try statement.step() {
            let row = try AuditKeyRow.decode(statement, of: organization)
            try body(row.memory, row.key)
        }
    }

    func eachReceipt(of organization: Identifier, _ body: (Identifier, IdempotencyRow) throws(StorageError) -> Void) throws(StorageError) {
        let statement = try stored[Table.idempotencyKeys.selection + " WHERE organization_id = ?1"]
        try statement.bind(1, organization)
        defer { statement.reset() }
        while try statement.step() {
            let row = try IdempotencyRow.decode(statement)
            guard let key = statement.identifier(1) else { throw statement.corrupt(.idempotencyKeys) }
            try body(key, row)
        }
    }

    func unread(after position: ChangePosition) throws(StorageError) -> (count: Int64, since: Timestamp?) {
        let statement = try stored["SELECT count(*), min(at) FROM changes WHERE number > ?1"]
        try statement.bind(1, position.number)
        defer { statement.reset() }
        guard try statement.step() else { return (0, nil) }
        return (statement.integer(0), statement.timestamp(1))
    }

    func organizationsWaiting() throws(StorageError) -> [Identifier] {
        let statement = try stored["SELECT DISTINCT organization_id FROM embedding_waits"]
        defer { statement.reset() }
        var organizations: [Identifier] = []
        while try statement.step() {
            guard let organization = statement.identifier(0) else { throw statement.corrupt(.embeddingWaits) }
            organizations.append(organization)
        }
        return organizations
    }

    func organizationsDue(at time: Timestamp) throws(StorageError) -> [DueOrganization] {
        let statement = try stored[
            """
            SELECT o.id, EXISTS (SELECT 1 FROM agent_memories WHERE organization_id = o.id AND deleted_at IS NULL AND forget_at IS NOT NULL AND forget_at <= ?1)
                OR EXISTS (SELECT 1 FROM agent_memories WHERE organization_id = o.id AND deleted_at IS NULL AND expires_at IS NOT NULL AND expires_at <= ?1),
                (SELECT min(deleted_at) FROM agent_memories WHERE organization_id = o.id AND deleted_at IS NOT NULL),
                (SELECT min(created_at) FROM audit_logs WHERE organization_id = o.id)
            FROM organizations AS o
            """]
        try statement.bind(1, time.microseconds)
        defer { statement.reset() }
        var due: [DueOrganization] = []
        while try statement.step() {
            guard let organization = statement.identifier(0) else { throw statement.corrupt(.organizations) }
            let found = DueOrganization(organization: organization, isDue: statement.integer(1) != 0, hiddenAt: statement.timestamp(2), auditedAt: statement.timestamp(3))
            if found.isDue || found.hiddenAt != nil || found.auditedAt != nil { due.append(found) }
        }
        return due
    }
}
