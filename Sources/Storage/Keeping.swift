public import Records

/// What is asked of a new memory beside that it be kept.
public struct Keeping: Hashable, Sendable {
    /// The memory whose place it takes.
    public let supersedes: Identifier?
    public let onSimilar: SimilarAction?
    /// From which cosine on another says nearly the same.
    public let similarity: Double
    /// Memories that may say nearly the same; whether they do is looked at with the write.
    public let similar: [Identifier]

    public init(supersedes: Identifier? = nil, onSimilar: SimilarAction? = nil, similarity: Double = SimilarAction.similarityDefault, similar: [Identifier] = []) {
        self.supersedes = supersedes
        self.onSimilar = onSimilar
        self.similarity = similarity
        self.similar = similar
    }
}

/// Which memories a sweep takes, at most so many at once.
public struct Sweep: Hashable, Sendable {
    public let limit: Int
    /// Those that were hidden before are deleted.
    public let hiddenBefore: Timestamp

    public init(limit: Int, hiddenBefore: Timestamp) {
        self.limit = limit
        self.hiddenBefore = hiddenBefore
    }
}

/// Memories in the order of their identifiers, part by part.
public struct MemoryPart: Hashable, Sendable {
    /// Of one agent, or of all.
    public let agent: Identifier?
    /// Of one session, or of all.
    public let session: Identifier?
    /// The last one of the part before.
    public let after: Identifier?
    public let limit: Int

    public init(agent: Identifier? = nil, session: Identifier? = nil, after: Identifier? = nil, limit: Int) {
        self.agent = agent
        self.session = session
        self.after = after
        self.limit = limit
    }
}
