import Records

extension ReadConnection {
    func waits(of organization: Identifier) throws(StorageError) -> StoreCounts.Waits {
        let statement = try stored["SELECT count(*), min(since) FROM embedding_waits WHERE organization_id = ?1"]
        try statement.bind(1, organization)
        defer { statement.reset() }
        guard try statement.step() else { return StoreCounts.Waits() }
        return StoreCounts.Waits(count: statement.integer(0), since: statement.timestamp(1))
    }

    /// Those that wait longest, with what is to be embedded of them, hidden rows too.
    func waitingTexts(of organization: Identifier, limit: Int) throws(StorageError) -> [WaitingText] {
        let statement = try stored[Table.embeddingWaits.selection + " WHERE organization_id = ?1 ORDER BY since, rowid LIMIT ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, Int64(limit))
        defer { statement.reset() }
        var texts: [WaitingText] = []
        while try statement.step() {
            let (kind, id) = try WaitRow.decode(statement, of: organization)
            let text =
                if kind == .memory {
                    try memories([id], of: organization, shownTo: .none, withVectors: false).first?.content
                } else {
                    try stored.find(kind, id, of: organization, withVector: false)?.embeddedText
                }
            texts.append(WaitingText(kind: kind, id: id, text: text))
        }
        return texts
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
}
