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
    /// One that is pinned does not fade and is not forgotten.
    public var isPinned: Bool
    public var validity: Validity
    /// What took its place.
    public var supersededBy: Identifier?
    /// What was said from which it was made.
    public var sourceMessage: Identifier?
    /// When so little of it will be left that it is forgotten; nil when never. The store keeps it as its agent's settings say.
    public var forgetAt: Timestamp?
    /// When it was forgotten, so that it is no longer found or shown but can be restored.
    public var deletedAt: Timestamp?
    /// 1 when written first, one more with each update.
    public var version: Int64
    public var embedding: Embedding?

    public init(
        id: Identifier, organization: Identifier, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType,
        content: String, importance: Double = 0.5, accessCount: Int64 = 0, lastAccessedAt: Timestamp? = nil, tags: [String] = [],
        metadata: JSON = .emptyObject, createdAt: Timestamp, updatedAt: Timestamp, expiresAt: Timestamp? = nil, isPinned: Bool = false,
        validity: Validity = .always, supersededBy: Identifier? = nil, sourceMessage: Identifier? = nil, forgetAt: Timestamp? = nil, deletedAt: Timestamp? = nil,
        version: Int64 = 1, embedding: Embedding? = nil
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
        self.isPinned = isPinned
        self.validity = validity
        self.supersededBy = supersededBy
        self.sourceMessage = sourceMessage
        self.forgetAt = forgetAt
        self.deletedAt = deletedAt
        self.version = version
        self.embedding = embedding
    }

    /// Recalled again so soon, a memory was not used once more.
    public static let accessSeconds: Int64 = 15 * 60

    /// Whether being recalled at `time` counts.
    public func countsAccess(at time: Timestamp) -> Bool { lastAccessedAt.map { $0.adding(seconds: Memory.accessSeconds) <= time } ?? true }

    /// The same memory after it was recalled at `time`; it is no other version of it.
    public func accessed(at time: Timestamp) -> Memory {
        guard countsAccess(at: time) else { return self }
        var memory = self
        memory.accessCount = accessCount == .max ? .max : accessCount + 1
        memory.lastAccessedAt = time
        return memory
    }

    /// What it says of itself has changed: it is another version.
    public mutating func change(at time: Timestamp) {
        updatedAt = max(time, updatedAt)
        version += 1
    }

    public func isExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }

    /// Whether it can be found and shown, be it still so or not.
    public func isShown(at time: Timestamp) -> Bool { deletedAt == nil && !isExpired(at: time) }

    /// Whether it is of the same agent, user and session: no other can be taken for it.
    public func isBeside(_ other: Memory) -> Bool {
        organization == other.organization && agent == other.agent && user == other.user && session == other.session
    }
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
