/// A company or a team: the tenant to which every other row belongs.
public struct Organization: Hashable, Sendable {
    public let id: Identifier
    public let name: String
    public let slug: String
    public let createdAt: Timestamp

    public init(id: Identifier, name: String, slug: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.slug = slug
        self.createdAt = createdAt
    }
}

/// One of an organization's agents; memories are kept for agents.
public struct Agent: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    /// Unique within the organization.
    public let slug: String
    public let name: String
    public let createdAt: Timestamp

    public init(id: Identifier, organization: Identifier, slug: String, name: String, createdAt: Timestamp) {
        self.id = id
        self.organization = organization
        self.slug = slug
        self.name = name
        self.createdAt = createdAt
    }
}

/// What an access key may do. A role is a set of these.
public enum Scope: String, Hashable, Sendable, CaseIterable {
    case memoriesRead = "memories:read"
    case memoriesWrite = "memories:write"
    case agentsRead = "agents:read"
    case agentsWrite = "agents:write"
    case statusRead = "status:read"
}

public enum Role: String, Hashable, Sendable, CaseIterable {
    case admin
    case writer
    case reader

    public var scopes: Set<Scope> {
        switch self {
        case .admin: Set(Scope.allCases)
        case .writer: [.memoriesRead, .memoriesWrite, .agentsRead, .agentsWrite, .statusRead]
        case .reader: [.memoriesRead, .agentsRead, .statusRead]
        }
    }
}

/// An access key as it is kept: its hash, never the key.
public struct AccessKey: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    public let name: String
    /// The first characters, which are shown so that a person can tell keys apart.
    public let prefix: String
    /// SHA-256 of the whole key, 32 bytes.
    public let hash: [UInt8]
    public let role: Role
    public let createdAt: Timestamp
    public let expiresAt: Timestamp?
    public let revokedAt: Timestamp?

    public init(
        id: Identifier, organization: Identifier, name: String, prefix: String, hash: [UInt8], role: Role, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.organization = organization
        self.name = name
        self.prefix = prefix
        self.hash = hash
        self.role = role
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }
}

/// Who is asking. It comes from the key of the connection and from nowhere else.
public struct Principal: Hashable, Sendable {
    public let organization: Identifier
    public let key: Identifier
    public let scopes: Set<Scope>

    public init(organization: Identifier, key: Identifier, scopes: Set<Scope>) {
        self.organization = organization
        self.key = key
        self.scopes = scopes
    }
}

/// Where vectors come from. Two vectors may be compared only within one space.
public struct EmbeddingSpace: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    /// `none` where callers bring their own vectors.
    public let provider: String
    public let model: String
    public let revision: String
    public let dimension: Int
    public let createdAt: Timestamp

    public init(
        id: Identifier, organization: Identifier, provider: String, model: String, revision: String, dimension: Int, createdAt: Timestamp
    ) {
        self.id = id
        self.organization = organization
        self.provider = provider
        self.model = model
        self.revision = revision
        self.dimension = dimension
        self.createdAt = createdAt
    }
}
