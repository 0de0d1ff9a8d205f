import Records

extension SQLiteWriter {
    func create(_ organization: Organization, _ key: AccessKey, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard organization.id == request.organization, key.organization == request.organization else {
            throw .internalError("an organization or its key under another organization's request")
        }
        var effects = RecordEffects()
        try insert(organization.record)
        for kind in StoreCounts.kinds {
            CounterRow.encode(StoreCounts.Count(), of: kind, organization.id, into: row)
            try statements.insertCounter.bind(row)
            try statements.insertCounter.run()
        }
        try insert(key.record)
        try note(organization.record, .put, request, &effects)
        try note(key.record, .put, request, &effects)
        return effects.outcome
    }

    func ensure(_ agent: Agent, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard agent.organization == request.organization else { throw .internalError("an agent under another organization's request") }
        var effects = RecordEffects()
        guard var found = try self.agent(slug: agent.slug, of: request.organization) else {
            guard request.narrowing.admits(agent.record) else { throw .notFound(.agent, agent.id) }
            try insert(agent.record)
            try note(agent.record, .put, request, &effects)
            count(.agent, of: request.organization, StoreCounts.Count(rows: 1))
            return effects.outcome
        }
        guard request.narrowing.shows(found) else { throw .notFound(.agent, found.id) }
        guard found.deletedAt != nil else {
            return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: found.id, version: found.version)]), records: [found])
        }
        guard request.narrowing.admits(found) else { throw .notFound(.agent, found.id) }
        found.deletedAt = nil
        found.updatedAt = max(request.at, found.updatedAt)
        found.version += 1
        try update(found)
        try note(found, .put, request, &effects)
        count(.agent, of: request.organization, StoreCounts.Count(deleted: -1))
        return effects.outcome
    }

    private func agent(slug: String, of organization: Identifier) throws(StorageError) -> Record? {
        let statement = try stored[Table.agents.selection + " WHERE organization_id = ?1 AND slug = ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, slug)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let found = try RecordRow.decode(statement, .agent, of: organization)
        guard found.text(.slug) == slug else { throw statement.corrupt(.agents) }
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
