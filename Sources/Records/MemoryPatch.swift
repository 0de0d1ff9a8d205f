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

    public var isSet: Bool {
        if case .set = self { true } else { false }
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
    public var isPinned: Bool?
    public var validFrom: Change<Timestamp>
    /// An end that is taken away takes with it what superseded the memory.
    public var validTo: Change<Timestamp>
    /// New content without a vector clears the old one, which would answer for a text that is gone.
    public var vector: Change<[Float]>
    /// The space that a vector which is set is of; where callers bring all vectors it need not be named.
    public var space: Identifier?

    public init(
        id: Identifier, ifVersion: Int64? = nil, user: Change<Identifier> = .keep, session: Change<Identifier> = .keep, type: MemoryType? = nil,
        content: String? = nil, importance: Double? = nil, tags: [String]? = nil, metadata: JSON? = nil, expiresAt: Change<Timestamp> = .keep,
        isPinned: Bool? = nil, validFrom: Change<Timestamp> = .keep, validTo: Change<Timestamp> = .keep, vector: Change<[Float]> = .keep, space: Identifier? = nil
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
        self.isPinned = isPinned
        self.validFrom = validFrom
        self.validTo = validTo
        self.vector = vector
        self.space = space
    }

    public func check() throws(FieldError) {
        if let content { try Checks.text(content, "content", bytesMax: Limits.contentBytesMax) }
        if let importance { try Checks.importance(importance) }
        if let tags { try Checks.tags(tags) }
        if let metadata { try Checks.metadata(metadata) }
        if case .set(let time) = expiresAt { try Checks.time(time, "expires_at") }
        try Validity(from: validFrom.applied(to: nil), to: validTo.applied(to: nil)).check()
        if case .set(let vector) = vector { try Checks.vector(vector, "vector") }
        try Checks.space(space, ofVector: vector.isSet)
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
        new.isPinned = isPinned ?? old.isPinned
        new.validity.from = validFrom.applied(to: old.validity.from)
        new.validity.to = validTo.applied(to: old.validity.to)
        if new.validity.to != old.validity.to {
            new.validity.closedAt = new.validity.to.map { _ in time }
            new.supersededBy = nil
        }
        new.change(at: time)
        switch vector {
        case .set(let vector): new.embedding = space.map { Embedding(space: $0, vector: vector) }
        case .clear: new.embedding = nil
        case .keep: if new.content != old.content { new.embedding = nil }
        }
        return new
    }
}
