/// An access key as it is kept: its hash, never the key.
public struct AccessKey: Hashable, Sendable {
    public var id: Identifier
    public var organization: Identifier
    public var name: String
    public var description: String?
    /// The first characters, which are shown so that a person can tell keys apart.
    public var prefix: String
    /// SHA-256 of the whole key, 32 bytes.
    public var hash: [UInt8]
    public var role: Role?
    /// Beside those of the role.
    public var scopes: Set<Scope>
    public var narrowing: Narrowing
    /// From where it may be used; anywhere when empty.
    public var networks: [Network]
    public var createdAt: Timestamp
    public var expiresAt: Timestamp?
    public var revokedAt: Timestamp?

    public init(
        id: Identifier, organization: Identifier, name: String, description: String? = nil, prefix: String, hash: [UInt8], role: Role? = nil, scopes: Set<Scope> = [],
        narrowing: Narrowing = .none, networks: [Network] = [], createdAt: Timestamp, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.description = description
        self.prefix = prefix
        self.hash = hash
        self.role = role
        self.scopes = scopes
        self.narrowing = narrowing
        self.networks = networks
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    public var allScopes: Set<Scope> { scopes.union(role?.scopes ?? []) }

    /// Nil when the record is no key, or names a scope, a kind or a network that is none.
    public init?(_ record: Record) {
        guard record.kind == .key, let name = record.text(.name), let prefix = record.text(.prefix), let hash = record.bytes(.hash) else { return nil }
        let scopes = record.texts(.scopes).map(Scope.init(rawValue:))
        let kinds = record.texts(.kinds).map(Kind.init(name:))
        let networks = record.texts(.networks).map { Network($0) }
        guard scopes.allSatisfy({ $0 != nil }), kinds.allSatisfy({ $0 != nil }), networks.allSatisfy({ $0 != nil }) else { return nil }
        self.init(
            id: record.id, organization: record.organization, name: name, description: record.text(.description), prefix: prefix, hash: hash, role: record.text(.role).flatMap(Role.init),
            scopes: Set(scopes.compactMap(\.self)),
            narrowing: Narrowing(
                user: record.identifier(.user), agent: record.identifier(.agent), session: record.identifier(.session),
                kinds: kinds.isEmpty ? nil : Set(kinds.compactMap(\.self))),
            networks: networks.compactMap(\.self), createdAt: record.createdAt, expiresAt: record.time(.expiresAt), revokedAt: record.time(.revokedAt))
    }

    public var record: Record {
        var values: [RecordField: Value] = [.name: .text(name), .prefix: .text(prefix), .hash: .bytes(hash)]
        values[.description] = description.map { .text($0) }
        values[.role] = role.map { .text($0.rawValue) }
        if !scopes.isEmpty { values[.scopes] = .texts(scopes.map(\.rawValue).sorted()) }
        values[.user] = narrowing.user.map { .identifier($0) }
        values[.agent] = narrowing.agent.map { .identifier($0) }
        values[.session] = narrowing.session.map { .identifier($0) }
        values[.kinds] = narrowing.kinds.map { .texts($0.map(\.name).sorted()) }
        if !networks.isEmpty { values[.networks] = .texts(networks.map(\.description)) }
        values[.expiresAt] = expiresAt.map { .time($0) }
        values[.revokedAt] = revokedAt.map { .time($0) }
        return Record(.key, id: id, organization: organization, createdAt: createdAt, values: values)
    }
}
