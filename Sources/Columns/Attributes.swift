public import Records

/// What a filter can ask of a row: a memory without its text and its vector.
public struct Attributes: Hashable, Sendable {
    public var id: Identifier
    public var agent: Identifier
    public var user: Identifier?
    public var session: Identifier?
    public var type: MemoryType
    public var tags: [String]
    public var importance: Double
    public var accessCount: Int64
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var lastAccessedAt: Timestamp?
    public var expiresAt: Timestamp?
    public var metadata: JSON

    public init(
        id: Identifier, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType, tags: [String] = [],
        importance: Double = 0.5, accessCount: Int64 = 0, createdAt: Timestamp, updatedAt: Timestamp, lastAccessedAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil, metadata: JSON = .emptyObject
    ) {
        self.id = id
        self.agent = agent
        self.user = user
        self.session = session
        self.type = type
        self.tags = tags
        self.importance = importance
        self.accessCount = accessCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastAccessedAt = lastAccessedAt
        self.expiresAt = expiresAt
        self.metadata = metadata
    }

    public init(_ memory: Memory) {
        self.init(
            id: memory.id, agent: memory.agent, user: memory.user, session: memory.session, type: memory.type, tags: memory.tags,
            importance: memory.importance, accessCount: memory.accessCount, createdAt: memory.createdAt, updatedAt: memory.updatedAt,
            lastAccessedAt: memory.lastAccessedAt, expiresAt: memory.expiresAt, metadata: memory.metadata)
    }
}
