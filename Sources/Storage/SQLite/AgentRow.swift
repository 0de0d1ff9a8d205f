import Records

/// How an agent lies in its table.
enum AgentRow {
    static let firstVersion: Int64 = 1

    static func encode(_ agent: Agent, into row: RowEncoder) {
        row.begin(.agents)
        row.add(agent.organization)
        row.add(agent.id)
        row.add(agent.slug)
        row.add(agent.name)
        row.add(agent.createdAt.microseconds)
        row.add(firstVersion)
    }

    static func decode(_ statement: SQLiteStatement) throws(StorageError) -> (agent: Agent, version: Int64) {
        try statement.check(.agents)
        guard let organization = statement.identifier(0), let id = statement.identifier(1) else { throw statement.corrupt(.agents) }
        let agent = Agent(
            id: id, organization: organization, slug: statement.text(2), name: statement.text(3),
            createdAt: Timestamp(microseconds: statement.integer(4)))
        return (agent, statement.integer(5))
    }
}
