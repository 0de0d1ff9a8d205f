/// Which memories of an agent matter to a question now: by how near they are to it, how important they are, and how much of them is left.
public struct RecallRequest: Hashable, Sendable {
    public var agent: Identifier
    /// Memories of this session are recalled beside those kept for good.
    public var session: Identifier?
    /// Those of every session are.
    public var everySession: Bool
    /// One of both at least.
    public var text: String?
    public var vector: [Float]?
    /// The space that the vector is of; where callers bring all vectors it need not be named.
    public var space: Identifier?
    /// By what memories are found; without one by all that the question and the server have.
    public var mode: SearchMode?
    public var k: Int
    /// The best that fit into so many tokens together, which are estimated: four letters of ASCII, or one other sign, are one.
    public var tokensMax: Int?
    public var filter: Filter?
    public var exact: Bool
    /// Without them those of the agent.
    public var weights: RecallWeights?
    /// Says for each memory why it came.
    public var explains: Bool
    /// What comes counts as accessed, and fades more slowly from then on.
    public var touches: Bool
    /// A moment that has passed: what was so then, as far as it was known. Nothing counts as accessed.
    public var asOf: Timestamp?
    /// As far as it was known at this moment instead.
    public var knownAt: Timestamp?

    public init(
        agent: Identifier, session: Identifier? = nil, everySession: Bool = false, text: String? = nil, vector: [Float]? = nil, space: Identifier? = nil, mode: SearchMode? = nil,
        k: Int = 10, tokensMax: Int? = nil, filter: Filter? = nil, exact: Bool = false, weights: RecallWeights? = nil, explains: Bool = false, touches: Bool = true,
        asOf: Timestamp? = nil, knownAt: Timestamp? = nil
    ) {
        self.agent = agent
        self.session = session
        self.everySession = everySession
        self.text = text
        self.vector = vector
        self.space = space
        self.mode = mode
        self.k = k
        self.tokensMax = tokensMax
        self.filter = filter
        self.exact = exact
        self.weights = weights
        self.explains = explains
        self.touches = touches
        self.asOf = asOf
        self.knownAt = knownAt
    }

    public func check() throws(FieldError) {
        guard text != nil || vector != nil else { throw FieldError("text", .missing) }
        if let text { try Checks.text(text, "text", bytesMax: Limits.textQueryBytesMax) }
        if let vector { try Checks.vector(vector, "vector") }
        try Checks.space(space, ofVector: vector != nil)
        if text == nil, let mode, mode != .vector { throw FieldError("mode", .outOfRange("vector where no text is given")) }
        if session != nil, everySession { throw FieldError("session", .outOfRange("absent where those of every session are asked for")) }
        try Checks.k(k)
        if let tokensMax, tokensMax < 1 { throw FieldError("tokens", .outOfRange("at least 1")) }
        try Checks.time(asOf, "as_of")
        try Checks.time(knownAt, "known_at")
        if asOf == nil, knownAt != nil { throw FieldError("as_of", .missing) }
        try filter?.check(on: .memory)
    }

    /// The past that it asks about, if it does; refused when that is still to come.
    public func past(before now: Timestamp) throws(FieldError) -> Moment? {
        for (time, name) in [(asOf, "as_of"), (knownAt, "known_at")] {
            if let time, time > now { throw FieldError(name, .outOfRange("not in the future")) }
        }
        return asOf.map { Moment($0, known: knownAt ?? $0) }
    }

    /// What it asks for as a filter.
    public var scope: Filter {
        let longTerm = Filter.not(.exists(.session))
        var parts: [Filter] = [.equals(.agent, .identifier(agent))]
        if let session { parts.append(.or([longTerm, .equals(.session, .identifier(session))])) } else if !everySession { parts.append(longTerm) }
        if let filter { parts.append(filter) }
        return .and(parts)
    }

    /// An estimate that needs no model.
    public static func tokens(of text: String) -> Int {
        var (plain, others) = (0, 0)
        for scalar in text.unicodeScalars { if scalar.isASCII { plain += 1 } else { others += 1 } }
        return (plain + 3) / 4 + others
    }
}

/// Why a memory was recalled.
public struct HitExplanation: Hashable, Sendable {
    /// Of its vector with the question's; nil where one of them is missing.
    public var cosine: Double?
    /// What its words say, by BM25; nil where no words were compared.
    public var words: Double?
    /// What both come to.
    public var relevance: Double
    /// How much of it is left.
    public var retention: Double
    /// What its importance comes to.
    public var importance: Double
    /// Whether it is of the time that the question names.
    public var isOfTime: Bool

    public init(cosine: Double?, words: Double?, relevance: Double, retention: Double, importance: Double, isOfTime: Bool = false) {
        self.cosine = cosine
        self.words = words
        self.relevance = relevance
        self.retention = retention
        self.importance = importance
        self.isOfTime = isOfTime
    }
}

/// What the scores of an answer are made of, and where the time went.
public struct AnswerExplanation: Hashable, Sendable {
    /// A time that the question names.
    public struct Time: Hashable, Sendable {
        public enum Which: Hashable, Sendable {
            case span(Range<Timestamp>)
            case session(Identifier)
        }

        public var which: Which
        /// What a memory of that time has more.
        public var scale: Double

        public init(_ which: Which, scale: Double) {
            self.which = which
            self.scale = scale
        }
    }

    public var weights: RecallWeights
    /// What every hit matches: what was asked for, the agent, the session, and what the key is narrowed to.
    public var filter: Filter?
    /// Of the vectors that were compared; nil where none were.
    public var space: Identifier?
    /// Nil where the question names none.
    public var time: Time?
    /// relevance = cosine · this + words · that, and more for what is of the time.
    public var cosineScale: Double
    public var wordsScale: Double
    public var embeddingMicroseconds: UInt64
    public var scanningMicroseconds: UInt64
    public var fetchingMicroseconds: UInt64

    public init(
        weights: RecallWeights, filter: Filter? = nil, space: Identifier? = nil, time: Time? = nil, cosineScale: Double, wordsScale: Double, embeddingMicroseconds: UInt64, scanningMicroseconds: UInt64,
        fetchingMicroseconds: UInt64
    ) {
        self.weights = weights
        self.filter = filter
        self.space = space
        self.time = time
        self.cosineScale = cosineScale
        self.wordsScale = wordsScale
        self.embeddingMicroseconds = embeddingMicroseconds
        self.scanningMicroseconds = scanningMicroseconds
        self.fetchingMicroseconds = fetchingMicroseconds
    }
}
