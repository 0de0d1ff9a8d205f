/// What a memory's score is made of: relevance · r + importance · I(t) + recency · R(t).
public struct RecallWeights: Hashable, Sendable {
    public let relevance: Double
    public let importance: Double
    public let recency: Double

    public static let standard = RecallWeights()

    private init() { (relevance, importance, recency) = (0.7, 0.2, 0.1) }

    /// Each from 0 to 1,000, and one of them above 0.
    public init(relevance: Double, importance: Double, recency: Double) throws(FieldError) {
        for (name, weight) in [("relevance", relevance), ("importance", importance), ("recency", recency)] {
            guard (0...RecallWeights.weightMax).contains(weight) else { throw FieldError("weights.\(name)", .outOfRange("0 to \(Int(RecallWeights.weightMax))")) }
        }
        guard relevance + importance + recency > 0 else { throw FieldError("weights", .outOfRange("above 0 for one at least")) }
        (self.relevance, self.importance, self.recency) = (relevance, importance, recency)
    }

    private static let weightMax = 1_000.0

    public func score(relevance: Double, importance: Double, retention: Double) -> Double {
        self.relevance * relevance + self.importance * importance + recency * retention
    }
}
