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
    /// The space that the vector is of; where callers bring all vectors it need not be named.
    public var space: Identifier?

    public init(
        id: Identifier? = nil, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType = .fact, content: String,
        importance: Double = 0.5, tags: [String] = [], metadata: JSON = .emptyObject, createdAt: Timestamp? = nil, expiresAt: Timestamp? = nil,
        vector: [Float]? = nil, space: Identifier? = nil
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
        self.space = space
    }

    public func check() throws(FieldError) {
        try Checks.text(content, "content", bytesMax: Limits.contentBytesMax)
        try Checks.importance(importance)
        try Checks.tags(tags)
        try Checks.metadata(metadata)
        try Checks.time(createdAt, "created_at")
        try Checks.time(expiresAt, "expires_at")
        if let vector { try Checks.vector(vector, "vector") }
        try Checks.space(space, ofVector: vector != nil)
    }
}
