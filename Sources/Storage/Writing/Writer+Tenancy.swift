import Records

extension Writer {
    func create(_ organization: Organization, _ key: AccessKey, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard organization.id == request.organization, key.organization == request.organization else {
            throw .internalError("an organization or its key under another organization's request")
        }
        var effects = RecordEffects()
        try insert(organization.record)
        try session.beginCounting(organization.id)
        try insert(key.record)
        try note(organization.record, .put, request, &effects)
        try note(key.record, .put, request, &effects)
        return effects.outcome
    }

    func ensure(_ agent: Agent, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard agent.organization == request.organization else { throw .internalError("an agent under another organization's request") }
        var effects = RecordEffects()
        var known = try session.agent(slug: agent.slug, of: request.organization)
        if known == nil {
            guard request.narrowing.admits(agent.record) else { throw .notFound(.agent, agent.id) }
            guard let refusal = try session.insert(agent.record) else {
                try note(agent.record, .put, request, &effects)
                count(.agent, of: request.organization, StoreCounts.Count(rows: 1))
                return effects.outcome
            }
            // Another process may have been faster.
            if case .unique = refusal { known = try session.agent(slug: agent.slug, of: request.organization) }
            if known == nil { throw try self.refusal(of: agent.record, isNew: true, refusal) }
        }
        guard var found = known else { throw .notFound(.agent, agent.id) }
        guard request.narrowing.shows(found) else { throw .notFound(.agent, found.id) }
        guard found.deletedAt != nil else {
            return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: found.id, version: found.version)]), records: [found])
        }
        guard request.narrowing.admits(found) else { throw .notFound(.agent, found.id) }
        found.deletedAt = nil
        try rewrite(found, request, &effects)
        count(.agent, of: request.organization, StoreCounts.Count(deleted: -1))
        return effects.outcome
    }

    func ensure(_ space: EmbeddingSpace, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard space.organization == request.organization else { throw .internalError("a space under another organization's request") }
        func outcome(_ space: EmbeddingSpace) -> WriteOutcome {
            WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: space.id, version: 1)]), space: space)
        }
        if let found = try session.mainSpace(of: request.organization) { return outcome(found) }
        switch try session.insert(space) {
        case nil: return outcome(space)
        case .unique:
            // Another process may have been faster.
            if let found = try session.mainSpace(of: request.organization) { return outcome(found) }
            throw .internalError("the identifier of a new embedding space is taken")
        case .foreignKey: throw .missingReference(field: "organization")
        case .other(let message): throw .internalError(message)
        }
    }

    /// The dimension of one of the organization's spaces; nil when it has none of that identifier.
    func dimension(of space: Identifier, _ organization: Identifier) throws(StorageError) -> Int? {
        let name = SpaceName(organization: organization, space: space)
        if let known = dimensions[name] { return known }
        guard let found = try session.space(space, of: organization) else { return nil }
        dimensions[name] = found.dimension
        return found.dimension
    }
}
