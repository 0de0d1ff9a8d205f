import Records

/// What a key may reach, said a second time and by itself, from docs/PROTOCOL.md.
struct Reach {
    let narrowing: Narrowing

    func covers(_ kind: Kind) -> Bool { narrowing.kinds.map { $0.contains(kind) } ?? true }

    /// Whether it may write the row.
    func writes(_ row: Record) -> Bool {
        guard covers(row.kind) else { return false }
        return user(row) && agent(row) && session(row)
    }

    /// Whether it may see the row: also each agent, unless it is narrowed to one, and public terms.
    func sees(_ row: Record) -> Bool {
        if writes(row) { return true }
        guard covers(row.kind), narrowing.agent == nil else { return false }
        return row.kind == .agent || row.kind == .term && narrowing.session == nil && row.flag(.isPublic) == true
    }

    private func user(_ row: Record) -> Bool {
        guard let user = narrowing.user else { return true }
        return row.kind == .user ? row.id == user : row.identifier(.user) == user
    }

    private func agent(_ row: Record) -> Bool {
        guard let agent = narrowing.agent else { return true }
        return row.kind == .agent ? row.id == agent : row.identifier(.agent) == agent
    }

    private func session(_ row: Record) -> Bool {
        guard let session = narrowing.session else { return true }
        switch row.kind {
        case .conversation: return row.id == session
        case .message: return row.identifier(.conversation) == session
        case .memory: return row.identifier(.session) == session
        case .agent, .organization, .key, .user, .term, .pattern, .job, .audit: return false
        }
    }
}

/// One who asks: a key of one organization, and what it may.
struct Holder: Sendable {
    let key: Identifier
    let text: String
    let scopes: Set<Scope>
    let narrowing: Narrowing

    var reach: Reach { Reach(narrowing: narrowing) }
}

extension Memory {
    /// The same as a record, as filters and rules see it.
    var row: Record {
        var values: [RecordField: Value] = [
            .agent: .identifier(agent), .type: .text(type.name), .content: .text(content), .importance: .number(importance), .tags: .texts(tags),
            .metadata: .json(metadata),
        ]
        if let user { values[.user] = .identifier(user) }
        if let session { values[.session] = .identifier(session) }
        return Record(.memory, id: id, organization: organization, createdAt: createdAt, deletedAt: deletedAt, values: values, embedding: embedding)
    }
}
