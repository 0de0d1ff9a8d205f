public import Records

/// A row as far as filters know it: without its content and its vector.
extension Memory {
    public init(_ attributes: Attributes, of organization: Identifier) {
        self.init(
            id: attributes.id, organization: organization, agent: attributes.agent ?? .none, user: attributes.user, session: attributes.session,
            type: MemoryType(rawValue: attributes.type) ?? .fact, content: "", importance: attributes.importance, accessCount: attributes.accessCount,
            lastAccessedAt: attributes.lastAccessedAt, tags: attributes.tags, metadata: attributes.ownMetadata, createdAt: attributes.createdAt,
            updatedAt: attributes.updatedAt, expiresAt: attributes.expiresAt, isPinned: attributes.isPinned,
            validity: attributes.validity,
            supersededBy: attributes.identifier(.supersededBy), sourceMessage: attributes.identifier(.sourceMessage))
    }
}

extension Record {
    public init(_ attributes: Attributes, _ kind: Kind, of organization: Identifier) {
        self.init(kind, id: attributes.id, organization: organization, createdAt: attributes.createdAt, updatedAt: attributes.updatedAt)
        if let agent = attributes.agent { self[.agent] = .identifier(agent) }
        if let user = attributes.user { self[.user] = .identifier(user) }
        if !attributes.tags.isEmpty { self[.tags] = .texts(attributes.tags) }
        if let field = Layout.field(in: .identifier(.session), of: kind), let session = attributes.session { self[field] = .identifier(session) }
        if let field = Layout.field(in: .integer(.accessCount), of: kind) { self[field] = .integer(attributes.accessCount) }
        if let field = Layout.field(in: .integer(.lastAccessedAt), of: kind), let time = attributes.lastAccessedAt { self[field] = .time(time) }
        if let field = Layout.field(in: .type, of: kind), let choice = Layout.choice(attributes.type, field, in: kind) { self[field] = .text(choice) }
        let extras = Layout.extras[kind] ?? []
        for field in extras {
            guard let found = attributes.metadata[Layout.extraName(field)], let value = Layout.value(found, of: field, in: kind) else { continue }
            self[field] = value
        }
        let own = attributes.ownMetadata
        if own != .emptyObject, Schema.of(kind)[.metadata] != nil { self[.metadata] = .json(own) }
    }
}

extension Attributes {
    /// Without what lies there because it has no column.
    fileprivate var ownMetadata: JSON {
        guard case .object(let members) = metadata else { return .emptyObject }
        return .object(members.filter { $0.name.unicodeScalars.first != "\u{0}" })
    }

    private func extra(_ field: RecordField) -> Value? { metadata[Layout.extraName(field)].flatMap { Layout.value($0, of: field, in: .memory) } }

    /// As what lies there says it.
    var toldValidity: Validity { Validity(from: time(.validFrom), to: time(.validTo), closedAt: time(.closedAt)) }

    private func time(_ field: RecordField) -> Timestamp? {
        if case .time(let time)? = extra(field) { time } else { nil }
    }

    fileprivate func identifier(_ field: RecordField) -> Identifier? {
        if case .identifier(let id)? = extra(field) { id } else { nil }
    }
}
