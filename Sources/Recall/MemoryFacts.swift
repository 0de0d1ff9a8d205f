public import Records

/// What is known of a memory that decides how much of it is left.
public struct MemoryFacts: Hashable, Sendable {
    public var type: MemoryType
    /// 0…1, as given; time never changes it.
    public var importance: Double
    public var accessCount: Int64
    public var createdAt: Timestamp
    public var lastAccessedAt: Timestamp?
    public var isPinned: Bool

    public init(
        type: MemoryType, importance: Double = 0.5, accessCount: Int64 = 0, createdAt: Timestamp, lastAccessedAt: Timestamp? = nil, isPinned: Bool = false
    ) {
        self.type = type
        self.importance = importance
        self.accessCount = accessCount
        self.createdAt = createdAt
        self.lastAccessedAt = lastAccessedAt
        self.isPinned = isPinned
    }

    public init(_ memory: Memory) {
        self.init(
            type: memory.type, importance: memory.importance, accessCount: memory.accessCount, createdAt: memory.createdAt, lastAccessedAt: memory.lastAccessedAt,
            isPinned: memory.isPinned)
    }

    public var lastUsedAt: Timestamp { lastAccessedAt ?? createdAt }
}
