import Columns
internal import Glibc
public import Records

/// What the words of a question say for each row of a scope: the rows that a filter admits at one moment.
///
/// A score is BM25 with k1 = 1.2 and b = 0.5, its statistics those of the scope:
///
///     idf(w)     = ln(1 + (N − n(w) + 0.5) / (n(w) + 0.5))
///     score(row) = Σ q(w) · idf(w) · f(w) · (k1 + 1) / (f(w) + k1 · (1 − b + b · length / mean length))
public struct LexicalScores: Sendable {
    public struct Row: Sendable {
        public let id: Identifier
        public let score: Float
        /// What its columns say for it beside.
        public let prior: Float
    }

    /// Rows of the scope.
    public let scopeCount: Int
    /// Those with a word of the question, in no order.
    public fileprivate(set) var rows: [Row] = []
    /// How the scores of all rows of the scope are spread about their mean; most of them are 0.
    public let deviation: Double
    /// No row can have more.
    public let scoreMax: Double

    private static let saturation = 1.2
    private static let lengthShare = 0.5

    fileprivate static func idf(rows: Int, of count: Int) -> Double { log(1 + (Double(count - rows) + 0.5) / (Double(rows) + 0.5)) }

    fileprivate static func gain(_ count: Int, length: Int, meanLength: Double) -> Double {
        Double(count) * (saturation + 1) / (Double(count) + saturation * (1 - lengthShare + lengthShare * Double(length) / max(1, meanLength)))
    }

    fileprivate init(scopeCount: Int, sum: Double, squares: Double, scoreMax: Double) {
        self.scopeCount = scopeCount
        self.scoreMax = scoreMax
        let mean = sum / Double(max(1, scopeCount))
        deviation = max(0, squares / Double(max(1, scopeCount)) - mean * mean).squareRoot()
    }

    /// Of one word, by how many rows of the scope have it.
    fileprivate static func wordMax(_ word: AskedWord, rows: Int, of count: Int) -> Double { Double(word.count) * idf(rows: rows, of: count) * (saturation + 1) }

    /// Where no words were asked for.
    public static let none = LexicalScores(scopeCount: 0, sum: 0, squares: 0, scoreMax: 0)

    public mutating func keep(_ isKept: (Row) -> Bool) { rows = rows.filter(isKept) }

    /// The best by weight · score + prior, best first, and among equals the lower identifier.
    public func best(_ k: Int, weight: Double = 1) -> [(id: Identifier, score: Float)] {
        let all = rows.map { (id: $0.id, score: Float(weight * Double($0.score)) + $0.prior) }
        return Array(all.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(k))
    }
}

extension SegmentSnapshot {
    func scores(_ words: [AskedWord], _ expression: Expression?, at time: Timestamp, prior: (Int, ColumnChunk) -> Float) -> LexicalScores {
        let scopes = entries.map { $0.segment.matching(expression, at: time) }
        let (count, meanLength) = size(of: scopes)
        var (found, scoreMax) = (Found(segments: entries.count), 0.0)
        for word in words {
            var hits: [(place: Int, count: Int, length: Int)] = []
            for (number, entry) in entries.enumerated() where !scopes[number].isEmpty {
                entry.segment.forEach(word) { row, count in
                    if scopes[number][row] { hits.append((number * Segment.capacity + row, count, Int(entry.segment.lengths[row]))) }
                }
            }
            guard !hits.isEmpty else { continue }
            let worth = Double(word.count) * LexicalScores.idf(rows: hits.count, of: count)
            scoreMax += LexicalScores.wordMax(word, rows: hits.count, of: count)
            for hit in hits { found.add(Float(worth * LexicalScores.gain(hit.count, length: hit.length, meanLength: meanLength)), to: hit.place) }
        }
        var (sum, squares) = (0.0, 0.0)
        let rows = found.places.map { place in
            let score = found.scores[place]
            sum += Double(score)
            squares += Double(score) * Double(score)
            let (columns, row) = (entries[place / Segment.capacity].segment.columns, place % Segment.capacity)
            return LexicalScores.Row(id: columns.identifier(row), score: score, prior: prior(row, columns))
        }
        var scores = LexicalScores(scopeCount: count, sum: sum, squares: squares, scoreMax: scoreMax)
        scores.rows = rows
        return scores
    }

    /// Rows, and words in each on average.
    private func size(of scopes: [Bitmap]) -> (count: Int, meanLength: Double) {
        var (count, length) = (0, 0)
        for (entry, scope) in zip(entries, scopes) {
            let rows = scope.count
            count += rows
            if rows == entry.segment.liveCount { length += entry.segment.wordCount } else { scope.forEach { length += Int(entry.segment.lengths[$0]) } }
        }
        return (count, Double(length) / Double(max(1, count)))
    }

    /// Scores by place, and the places that have one.
    private struct Found {
        var scores: [Float]
        var places: [Int] = []

        init(segments: Int) {
            scores = [Float](repeating: 0, count: segments * Segment.capacity)
        }

        mutating func add(_ score: Float, to place: Int) {
            if scores[place] == 0 { places.append(place) }
            scores[place] += score
        }
    }
}
