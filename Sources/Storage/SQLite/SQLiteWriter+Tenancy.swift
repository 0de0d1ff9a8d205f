import Records

extension SQLiteWriter {
    func create(_ organization: Organization, _ key: AccessKey, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard organization.id == request.organization, key.organization == request.organization else {
            throw .internalError("an organization or its key under another organization's request")
        }
        OrganizationRow.encode(organization, into: row)
        try statements.insertOrganization.bind(row)
        switch try statements.insertOrganization.runUnlessRefused() {
        case nil: break
        case .unique: throw .alreadyExists(.organization, organization.slug)
        case .foreignKey: throw .internalError("an organization refused by a foreign key")
        case .other(let message): throw .internalError(message)
        }
        CounterRow.encode(StoreCounts(), of: organization.id, into: row)
        try statements.insertCounter.bind(row)
        try statements.insertCounter.run()
        KeyRow.encode(key, into: row)
        try statements.insertKey.bind(row)
        switch try statements.insertKey.runUnlessRefused() {
        case nil: break
        case .unique: throw .alreadyExists(.key, key.id.description)
        case .foreignKey: throw .missingReference(field: "organization")
        case .other(let message): throw .internalError(message)
        }
        _ = try recordChange(.organization, organization.id, version: 1, .put, request)
        let last = try recordChange(.key, key.id, version: 1, .put, request)
        let rows = [organization.id, key.id].map { WriteReceipt.Row(id: $0, version: 1) }
        return WriteOutcome(receipt: WriteReceipt(change: last, rows: rows))
    }

    func ensure(_ agent: Agent, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard agent.organization == request.organization else { throw .internalError("an agent under another organization's request") }
        if let (found, version) = try self.agent(slug: agent.slug, of: request.organization) {
            return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: found.id, version: version)]))
        }
        AgentRow.encode(agent, into: row)
        try statements.insertAgent.bind(row)
        switch try statements.insertAgent.runUnlessRefused() {
        case nil: break
        case .unique: throw .alreadyExists(.agent, agent.id.description)
        case .foreignKey: throw .missingReference(field: "organization")
        case .other(let message): throw .internalError(message)
        }
        added[request.organization, default: StoreCounts()].agents += 1
        let change = try recordChange(.agent, agent.id, version: AgentRow.firstVersion, .put, request)
        return WriteOutcome(receipt: WriteReceipt(change: change, rows: [WriteReceipt.Row(id: agent.id, version: AgentRow.firstVersion)]))
    }

    private func agent(slug: String, of organization: Identifier) throws(StorageError) -> (agent: Agent, version: Int64)? {
        let statement = statements.agentOfSlug
        try statement.bind(1, organization)
        try statement.bind(2, slug)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let found = try AgentRow.decode(statement)
        guard found.agent.organization == organization, found.agent.slug == slug else { throw statement.corrupt(.agents) }
        return found
    }

    func ensure(_ space: EmbeddingSpace, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard space.organization == request.organization else { throw .internalError("a space under another organization's request") }
        if let found = try mainSpace(of: request.organization) {
            return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: found.id, version: 1)]), space: found)
        }
        SpaceRow.encode(space, isMain: true, into: row)
        try statements.insertSpace.bind(row)
        switch try statements.insertSpace.runUnlessRefused() {
        case nil: break
        case .unique: throw .internalError("the identifier of a new embedding space is taken")
        case .foreignKey: throw .missingReference(field: "organization")
        case .other(let message): throw .internalError(message)
        }
        return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: space.id, version: 1)]), space: space)
    }

    func mainSpace(of organization: Identifier) throws(StorageError) -> EmbeddingSpace? {
        let statement = statements.mainSpace
        try statement.bind(1, organization)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let space = try SpaceRow.decode(statement)
        guard space.organization == organization else { throw statement.corrupt(.embeddingSpaces) }
        return space
    }

    /// The dimension of one of the organization's spaces; nil when it has none of that identifier.
    func dimension(of space: Identifier, _ organization: Identifier) throws(StorageError) -> Int? {
        let name = SpaceName(organization: organization, space: space)
        if let known = dimensions[name] { return known }
        let statement = statements.space
        try statement.bind(1, organization)
        try statement.bind(2, space)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let found = try SpaceRow.decode(statement)
        guard found.organization == organization, found.id == space else { throw statement.corrupt(.embeddingSpaces) }
        dimensions[name] = found.dimension
        return found.dimension
    }
}
