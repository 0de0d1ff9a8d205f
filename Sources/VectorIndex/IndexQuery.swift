public import Records

/// What to look for, among which rows, and how hard.
public struct IndexQuery: Sendable {
    public var vector: [Float]
    public var k: Int
    public var filter: Filter?
    /// What is asked about: rows that end at it, or before, or begin after it, never match.
    public var moment: Moment
    /// Every matching row is compared. Without lists that is so anyway.
    public var exact: Bool
    /// Share of the true top k that is wanted on average, where there are lists to choose from.
    public var recallTarget: Double
    /// Lists to visit, in place of the number that `recallTarget` leads to.
    public var probes: Int?
    /// What counts beside the cosine; only the cosine where it is nil.
    public var ranking: Ranking?
    /// Asked before every block of rows; when it says yes, the search ends with `IndexError.stopped`.
    public var shouldStop: @Sendable () -> Bool

    public init(
        vector: [Float], k: Int = 10, filter: Filter? = nil, time: Timestamp, exact: Bool = false, recallTarget: Double = 0.95, probes: Int? = nil,
        ranking: Ranking? = nil, shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.vector = vector
        self.k = k
        self.filter = filter
        self.moment = Moment(time)
        self.exact = exact
        self.recallTarget = recallTarget
        self.probes = probes
        self.ranking = ranking
        self.shouldStop = shouldStop
    }
}

/// min(k, matching) hits, by score descending, then by id ascending, and how they were found. A score is the cosine, or what a ranking makes of it.
public struct IndexAnswer: Hashable, Sendable {
    public let hits: [Hit]
    public var report: SearchReport

    public init(hits: [Hit], report: SearchReport) {
        self.hits = hits
        self.report = report
    }
}
