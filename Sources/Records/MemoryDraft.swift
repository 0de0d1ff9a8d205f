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
    public var isPinned: Bool
    public var validFrom: Timestamp?
    public var validTo: Timestamp?
    public var sourceMessage: Identifier?
    /// The memory whose place it takes: that one ends to be so where this one begins, and both stay.
    public var supersedes: Identifier?
    /// What is done about memories that say nearly the same; without it they are told.
    public var onSimilar: SimilarAction?
    /// From which cosine on another says nearly the same.
    public var similarity: Double?
    public var vector: [Float]?
    /// The space that the vector is of; where callers bring all vectors it need not be named.
    public var space: Identifier?

    public init(
        id: Identifier? = nil, agent: Identifier, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType = .fact, content: String,
        importance: Double = 0.5, tags: [String] = [], metadata: JSON = .emptyObject, createdAt: Timestamp? = nil, expiresAt: Timestamp? = nil,
        isPinned: Bool = false, validFrom: Timestamp? = nil, validTo: Timestamp? = nil, sourceMessage: Identifier? = nil, supersedes: Identifier? = nil,
        onSimilar: SimilarAction? = nil, similarity: Double? = nil, vector: [Float]? = nil, space: Identifier? = nil
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
        self.isPinned = isPinned
        self.validFrom = validFrom
        self.validTo = validTo
        self.sourceMessage = sourceMessage
        self.supersedes = supersedes
        self.onSimilar = onSimilar
        self.similarity = similarity
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
        try Validity(from: validFrom, to: validTo).check()
        if supersedes != nil, supersedes == id { throw FieldError("supersedes", .malformed("it is the memory itself")) }
        if let similarity, !(similarity > 0 && similarity <= 1) { throw FieldError("similarity", .outOfRange("above 0 and up to 1")) }
        if let vector { try Checks.vector(vector, "vector") }
        try Checks.space(space, ofVector: vector != nil)
    }
}

/// What becomes of memories of the same agent, user, session and type that say nearly what a new one says.
public enum SimilarAction: UInt8, Hashable, Sendable, CaseIterable {
    /// They stay beside it, and nobody looks for them.
    case keep = 1
    /// It takes their place.
    case supersede = 2
    /// The nearest of them takes what the new one says, and no new one is made.
    case merge = 3

    public var name: String {
        switch self {
        case .keep: "keep"
        case .supersede: "supersede"
        case .merge: "merge"
        }
    }

    public init?(name: String) {
        guard let action = SimilarAction.allCases.first(where: { $0.name == name }) else { return nil }
        self = action
    }

    /// From which cosine on two say nearly the same, where nothing is said.
    public static let similarityDefault = 0.95
    /// So many of the nearest are told, or superseded.
    public static let countMax = 5
}
