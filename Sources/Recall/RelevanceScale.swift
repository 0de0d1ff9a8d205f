/// How relevance is made of a cosine and of what words say: relevance = cosine · c + lexical · l.
///
/// Both are brought to the same spread first, each over all rows of the scope and not over those that were found, and then counted 0.7 and 0.3; the sum is
/// scaled so that 1 is what a row would have that is like the question in all. So a row's relevance depends on the question, the filter and the scope alone.
public struct RelevanceScale: Hashable, Sendable {
    /// What a cosine of 1 counts.
    public let cosine: Double
    /// What a lexical score of 1 counts.
    public let lexical: Double

    static let cosineShare = 0.7
    static let lexicalShare = 0.3

    /// The deviations of both in the scope. A leg that is the same for all rows cannot be brought to a spread: the most that it can say is counted in its share then.
    public init(cosineDeviation: Double, lexicalDeviation: Double, lexicalMax: Double) {
        var dense = cosineDeviation > 0 ? RelevanceScale.cosineShare / cosineDeviation : 0
        var words = lexicalDeviation > 0 ? RelevanceScale.lexicalShare / lexicalDeviation * lexicalMax : 0
        let shares = RelevanceScale.cosineShare / RelevanceScale.lexicalShare
        if dense == 0 { dense = words > 0 ? words * shares : RelevanceScale.cosineShare }
        if words == 0, lexicalMax > 0 { words = dense / shares }
        let whole = dense + words
        guard whole > 0, whole.isFinite else {
            (cosine, lexical) = (1, 0)
            return
        }
        (cosine, lexical) = (dense / whole, lexicalMax > 0 ? words / whole / lexicalMax : 0)
    }

    /// Of words alone.
    public init(lexicalMax: Double) {
        cosine = 0
        lexical = lexicalMax > 0 ? 1 / lexicalMax : 0
    }

    /// Of vectors alone.
    public static let cosineAlone = RelevanceScale(cosineDeviation: 1, lexicalDeviation: 0, lexicalMax: 0)

    public func relevance(cosine: Double, lexical: Double) -> Double { self.cosine * cosine + self.lexical * lexical }
}
