internal import Glibc

/// How good rankings are, over questions whose answers are known: means over the questions.
public struct RetrievalMeasures: Sendable {
    /// The depths at which recall is told.
    public static let depths = [1, 5, 10, 20, 50]
    private static let gainDepth = 10

    public private(set) var count = 0
    private var found = [Double](repeating: 0, count: depths.count)
    private var allFound = 0.0
    private var reciprocal = 0.0
    private var gain = 0.0

    public init() {}

    /// One question: what came, the best first, and what is relevant, of which there is something.
    public mutating func add(_ ranking: [String], relevant: Set<String>) {
        guard !relevant.isEmpty else { return }
        count += 1
        let places = ranking.indices.filter { relevant.contains(ranking[$0]) }
        for (index, depth) in RetrievalMeasures.depths.enumerated() { found[index] += Double(places.count { $0 < depth }) / Double(relevant.count) }
        if places.count(where: { $0 < RetrievalMeasures.gainDepth }) == min(relevant.count, RetrievalMeasures.gainDepth) { allFound += 1 }
        if let first = places.first { reciprocal += 1 / Double(first + 1) }
        let best = (0..<min(RetrievalMeasures.gainDepth, relevant.count)).reduce(0.0) { $0 + RetrievalMeasures.gain(at: $1) }
        gain += places.filter { $0 < RetrievalMeasures.gainDepth }.reduce(0.0) { $0 + RetrievalMeasures.gain(at: $1) } / best
    }

    private static func gain(at place: Int) -> Double { 1 / log2(Double(place + 2)) }

    private func mean(_ sum: Double) -> Double { sum / Double(max(1, count)) }

    /// Share of the relevant that is among the first so many, in the order of `depths`.
    public var recall: [Double] { found.map(mean) }
    /// Share of the questions all of whose relevant answers, or ten of them, are among the first ten.
    public var allFoundAtTen: Double { mean(allFound) }
    /// Of the place of the first relevant answer.
    public var reciprocalRank: Double { mean(reciprocal) }
    /// Normalised discounted cumulative gain of the first ten.
    public var gainAtTen: Double { mean(gain) }
}
