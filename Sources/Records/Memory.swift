/// Something an agent keeps: a fact, a preference, a task, or what was said.
public struct Memory: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    public var agent: Identifier
    public var user: Identifier?
    /// Nil for a long-term memory.
    public var session: Identifier?
    public var type: MemoryType
    public var content: String
    /// 0…1, as given; time never changes it.
    public var importance: Double
    public var accessCount: Int64
    public var lastAccessedAt: Timestamp?
    public var tags: [String]
    /// A JSON object.
    public var metadata: JSON
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// From this moment on the memory is neither found nor shown.
    public var expiresAt: Timestamp?
    /// 1 when written first, one more with each update.
    public var version: Int64
    public var embedding: Embedding?

    public init(
        id: Identifier, organization: Identifier, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType,
        content: String, importance: Double = 0.5, accessCount: Int64 = 0, lastAccessedAt: Timestamp? = nil, tags: [String] = [],
        metadata: JSON = .emptyObject, createdAt: Timestamp, updatedAt: Timestamp, expiresAt: Timestamp? = nil, version: Int64 = 1,
        embedding: Embedding? = nil
    ) {
        self.id = id
        self.organization = organization
        self.agent = agent
        self.user = user
        self.session = session
        self.type = type
        self.content = content
        self.importance = importance
        self.accessCount = accessCount
        self.lastAccessedAt = lastAccessedAt
        self.tags = tags
        self.metadata = metadata
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.version = version
        self.embedding = embedding
    }

    public func isExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }
}

/// A vector as it was received, and the space in which it may be compared.
public struct Embedding: Hashable, Sendable {
    public let space: Identifier
    public let vector: [Float]

    public init(space: Identifier, vector: [Float]) {
        self.space = space
        self.vector = vector
    }
}

/// A memory as a caller sends it, before it has a tenant, a version and times of its own.
public struct MemoryDraft: Hashable, Sendable {
    /// Given by callers that import; otherwise the server makes one.
    public var id: Identifier?
    public var agent: Identifier
    public var user: Identifier?
    public var session: Identifier?
    public var type: MemoryType
    public var content: String
    public var importance: Double
    public var tags: [String]
    public var metadata: JSON
    public var createdAt: Timestamp?
    public var expiresAt: Timestamp?
    public var vector: [Float]?

    public init(
        id: Identifier? = nil, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType = .fact, content: String,
        importance: Double = 0.5, tags: [String] = [], metadata: JSON = .emptyObject, createdAt: Timestamp? = nil, expiresAt: Timestamp? = nil,
        vector: [Float]? = nil
    ) {
        self.id = id
        self.agent = agent
        self.user = user
        self.session = session
        self.type = type
        self.content = content
        self.importance = importance
        self.tags = tags
        self.metadata = metadata
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.vector = vector
    }

    public func check() throws(FieldError) {
        try Checks.text(content, "content", bytesMax: Limits.contentBytesMax)
        try Checks.importance(importance)
        try Checks.tags(tags)
        try Checks.metadata(metadata)
        try Checks.time(createdAt, "created_at")
        try Checks.time(expiresAt, "expires_at")
        if let vector { try Checks.vector(vector, "vector") }
    }
}

/// What an update does to a field that may be absent.
public enum Change<Value: Hashable & Sendable>: Hashable, Sendable {
    case keep
    case set(Value)
    case clear

    public func applied(to old: Value?) -> Value? {
        switch self {
        case .keep: old
        case .set(let value): value
        case .clear: nil
        }
    }
}

/// An update of one memory: what is nil, or `.keep`, stays as it is.
public struct MemoryPatch: Hashable, Sendable {
    public var id: Identifier
    /// When given, the update is refused unless the stored version is this one.
    public var ifVersion: Int64?
    public var user: Change<Identifier>
    public var session: Change<Identifier>
    public var type: MemoryType?
    public var content: String?
    public var importance: Double?
    public var tags: [String]?
    public var metadata: JSON?
    public var expiresAt: Change<Timestamp>
    /// New content without a vector clears the old one, which would answer for a text that is gone.
    public var vector: Change<[Float]>

    public init(
        id: Identifier, ifVersion: Int64? = nil, user: Change<Identifier> = .keep, session: Change<Identifier> = .keep, type: MemoryType? = nil,
        content: String? = nil, importance: Double? = nil, tags: [String]? = nil, metadata: JSON? = nil, expiresAt: Change<Timestamp> = .keep,
        vector: Change<[Float]> = .keep
    ) {
        self.id = id
        self.ifVersion = ifVersion
        self.user = user
        self.session = session
        self.type = type
        self.content = content
        self.importance = importance
        self.tags = tags
        self.metadata = metadata
        self.expiresAt = expiresAt
        self.vector = vector
    }

    public func check() throws(FieldError) {
        if let content { try Checks.text(content, "content", bytesMax: Limits.contentBytesMax) }
        if let importance { try Checks.importance(importance) }
        if let tags { try Checks.tags(tags) }
        if let metadata { try Checks.metadata(metadata) }
        if case .set(let time) = expiresAt { try Checks.time(time, "expires_at") }
        if case .set(let vector) = vector { try Checks.vector(vector, "vector") }
    }

    /// The memory after this update; `space` is that of a vector that is set.
    public func applied(to old: Memory, at time: Timestamp, space: Identifier?) -> Memory {
        var new = old
        new.user = user.applied(to: old.user)
        new.session = session.applied(to: old.session)
        new.type = type ?? old.type
        new.content = content ?? old.content
        new.importance = importance ?? old.importance
        new.tags = tags ?? old.tags
        new.metadata = metadata ?? old.metadata
        new.expiresAt = expiresAt.applied(to: old.expiresAt)
        new.updatedAt = max(time, old.updatedAt)
        new.version = old.version + 1
        switch vector {
        case .set(let vector): new.embedding = space.map { Embedding(space: $0, vector: vector) }
        case .clear: new.embedding = nil
        case .keep: if new.content != old.content { new.embedding = nil }
        }
        return new
    }
}
