/// What to look for, in one kind of one organization.
public struct SearchRequest: Hashable, Sendable {
    public enum Query: Hashable, Sendable {
        case vector([Float])
        case text(String)
    }

    public var kind: Kind
    public var query: Query
    /// By what rows are found; without one a text by its vector and its words, and a vector by itself.
    public var mode: SearchMode?
    /// The space that a vector is of; where callers bring all vectors it need not be named.
    public var space: Identifier?
    public var k: Int
    public var filter: Filter?
    /// Every row that the filter admits is compared, whatever the index could skip.
    public var exact: Bool
    /// Share of the true top k that the answer should have on average, where the index can choose; without one the server's own.
    public var recall: Double?
    /// Lists of the index to visit, in place of those that the recall leads to.
    public var probes: Int?
    /// Hits carry the whole record; otherwise identifier and score.
    public var withContent: Bool

    public init(
        _ kind: Kind = .memory, query: Query, mode: SearchMode? = nil, space: Identifier? = nil, k: Int = 10, filter: Filter? = nil, exact: Bool = false, recall: Double? = nil, probes: Int? = nil,
        withContent: Bool = true
    ) {
        self.kind = kind
        self.query = query
        self.mode = mode
        self.space = space
        self.k = k
        self.filter = filter
        self.exact = exact
        self.recall = recall
        self.probes = probes
        self.withContent = withContent
    }

    public func check() throws(FieldError) {
        switch query {
        case .vector(let vector): try Checks.vector(vector, "vector")
        case .text(let text): try Checks.text(text, "text", bytesMax: Limits.textQueryBytesMax)
        }
        if case .vector = query { try Checks.space(space, ofVector: true) } else { try Checks.space(space, ofVector: false) }
        if case .vector = query, let mode, mode != .vector { throw FieldError("mode", .outOfRange("vector where no text is given")) }
        guard Schema.of(kind).hasVector else { throw FieldError("kind", .unknown(known: Kind.searchable.map(\.name))) }
        try Checks.k(k)
        if let recall { try Checks.recall(recall) }
        if let probes { try Checks.probes(probes) }
        try filter?.check(on: kind)
    }
}

/// One answer to a search: the exact cosine of the stored vector and the asked one; what its words say; or, of both, its relevance.
public struct Hit: Hashable, Sendable {
    public let id: Identifier
    public let score: Float

    public init(id: Identifier, score: Float) {
        self.id = id
        self.score = score
    }
}

/// How an answer came about, so that a caller can judge it.
public struct SearchReport: Hashable, Sendable {
    /// Rows in the partition, those that the filter admits, those that were looked at in lists or as they lie, and of these those whose vectors were compared.
    public var rowsTotal: Int
    public var rowsMatching: Int
    public var rowsVisited: Int
    public var rowsScored: Int
    /// 0 of 0 where there are no lists.
    public var listsTotal: Int
    public var listsVisited: Int
    /// Expected share of the true top k in the answer; 1 when exact.
    public var recallEstimate: Double
    public var isExact: Bool
    /// By what rows were found, which is less than was asked for where there are no vectors, or words were not read yet.
    public var mode = SearchMode.vector
    /// Contents were asked for and the store is away: rows come as far as filters know them.
    public var lacksContents = false
    /// Nil where the index has all that was written; otherwise when it last had all that others write.
    public var asOf: Timestamp?
    /// The audit entry that tells of this recall, once it is written; nil where none is kept.
    public var trace: Identifier?
    /// The past that was asked about: what is left of memories was reckoned for it, from how they have been accessed until today.
    public var past: Moment?

    public init(
        rowsTotal: Int = 0, rowsMatching: Int = 0, rowsVisited: Int = 0, rowsScored: Int = 0, listsTotal: Int = 0, listsVisited: Int = 0, recallEstimate: Double = 1,
        isExact: Bool = true
    ) {
        self.rowsTotal = rowsTotal
        self.rowsMatching = rowsMatching
        self.rowsVisited = rowsVisited
        self.rowsScored = rowsScored
        self.listsTotal = listsTotal
        self.listsVisited = listsVisited
        self.recallEstimate = recallEstimate
        self.isExact = isExact
    }

    /// Leaves out what tells how much there is beyond what matched.
    public mutating func narrow() {
        (rowsTotal, rowsVisited, rowsScored) = (rowsMatching, min(rowsVisited, rowsMatching), min(rowsScored, rowsMatching))
        (listsTotal, listsVisited) = (0, 0)
    }
}

/// A page of memories, ordered by identifier, newest first.
public struct MemoryListing: Hashable, Sendable {
    public var agent: Identifier?
    public var session: Identifier?
    public var type: MemoryType?
    /// The last identifier of the page before.
    public var after: Identifier?
    public var limit: Int
    public var withVectors: Bool
    /// Those too that were so, or will be, but are not so now.
    public var withHistory: Bool
    /// Those that were forgotten and can be restored.
    public var deleted: RecordListing.Deleted
    /// Only those that are forgotten or expire by then, as their agents' settings are now.
    public var dueAt: Timestamp?

    public init(
        agent: Identifier? = nil, session: Identifier? = nil, type: MemoryType? = nil, after: Identifier? = nil, limit: Int = 50,
        withVectors: Bool = false, withHistory: Bool = false, deleted: RecordListing.Deleted = .without,
        dueAt: Timestamp? = nil
    ) {
        self.agent = agent
        self.session = session
        self.type = type
        self.after = after
        self.limit = limit
        self.withVectors = withVectors
        self.withHistory = withHistory
        self.deleted = deleted
        self.dueAt = dueAt
    }

    public func check() throws(FieldError) {
        try Checks.page(limit)
        try Checks.time(dueAt, "due_at")
    }

    /// Whether it lists that row, shown to somebody at that time.
    public func admits(_ memory: Memory, at time: Timestamp) -> Bool {
        guard agent ?? memory.agent == memory.agent, type ?? memory.type == memory.type, session == nil || session == memory.session else { return false }
        switch deleted {
        case .without: if memory.deletedAt != nil { return false }
        case .with: break
        case .only: if memory.deletedAt == nil { return false }
        }
        guard dueAt == nil else { return true }
        return (memory.deletedAt != nil || !memory.isExpired(at: time)) && (withHistory || memory.validity.holds(at: Moment(time)))
    }
}

/// What a write came to: the rows that it touched, and the number under which the change feed has it.
public struct WriteReceipt: Hashable, Sendable {
    public struct Row: Hashable, Sendable {
        public let id: Identifier
        /// The version it has now, or had when it was deleted.
        public let version: Int64

        public init(id: Identifier, version: Int64) {
            self.id = id
            self.version = version
        }
    }

    /// Of the last row.
    public let change: Int64
    public let rows: [Row]
    /// How many of the rows are stored and wait for their vector, because it could not be made now.
    public var waiting: Int
    /// Of the rows of which there is more to say than that they were written, in their order.
    public var notes: [RememberNote]

    public init(change: Int64, rows: [Row], waiting: Int = 0, notes: [RememberNote] = []) {
        self.change = change
        self.rows = rows
        self.waiting = waiting
        self.notes = notes
    }
}
