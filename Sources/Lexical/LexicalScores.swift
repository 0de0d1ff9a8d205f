public import Columns
internal import Glibc
public import Records

/// What the words of a question say for each row of a scope: the rows that a filter admits at one moment.
///
/// A score is BM25 with k1 = 1.2 and b = 0.5, its statistics those of the scope:
///
///     idf(w)     = ln(1 + (N − n(w) + 0.5) / (n(w) + 0.5))
///     score(row) = Σ q(w) · idf(w) · f(w) · (k1 + 1) / (f(w) + k1 · (1 − b + b · length / mean length))
public struct LexicalScores: Sendable {
    /// Rows of the scope.
    public let scopeCount: Int
    /// Where the rows with a word of the question lie, in no order, and the score of each place.
    fileprivate var places: [Int] = []
    fileprivate var scores: [Float] = []
    fileprivate var entries: [SegmentSnapshot.Entry] = []
    /// Of each segment, the rows that the filter admits.
    fileprivate var scopes: [Bitmap] = []
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

    /// Rows with a word of the question.
    public var count: Int { places.count }

    /// Where those of at least that score lie, in no order.
    public func places(atLeast least: Float = -.infinity) -> [Int] { places.filter { scores[$0] >= least } }

    /// Where rows of the scope lie, with words of the question or without, whose value is at least that; a value is made of a row's score and of what its columns say.
    public func places(atLeast least: Float, _ value: (_ score: Float, _ row: Int, _ columns: ColumnChunk) -> Float) -> [(place: Int, value: Float)] {
        var found: [(place: Int, value: Float)] = []
        for (number, entry) in entries.enumerated() {
            let columns = entry.segment.columns
            scopes[number].forEach { row in
                let place = number * Segment.capacity + row
                let value = value(scores[place], row, columns)
                if value >= least { found.append((place, value)) }
            }
        }
        return found
    }

    /// Where the k of the highest scores lie, the highest first.
    public func best(_ k: Int) -> [Int] {
        var best: [Int] = []
        for place in places {
            guard best.count < k || scores[place] > scores[best[k - 1]] else { continue }
            if best.count == k { best.removeLast() }
            var (low, high) = (0, best.count)
            while low < high {
                let middle = (low + high) / 2
                if scores[best[middle]] >= scores[place] { low = middle + 1 } else { high = middle }
            }
            best.insert(place, at: low)
        }
        return best
    }

    public func score(_ place: Int) -> Float { scores[place] }

    public func identifier(_ place: Int) -> Identifier { columns(place).identifier(place % Segment.capacity) }

    /// What the row's columns say, by `read`.
    public func value(_ place: Int, _ read: (Int, ColumnChunk) -> Float) -> Float { read(place % Segment.capacity, columns(place)) }

    private func columns(_ place: Int) -> ColumnChunk { entries[place / Segment.capacity].segment.columns }
}

extension SegmentSnapshot {
    func scores(_ words: [AskedWord], _ expression: Expression?, at time: Timestamp) -> LexicalScores {
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
        for place in found.places {
            let score = Double(found.scores[place])
            sum += score
            squares += score * score
        }
        var scores = LexicalScores(scopeCount: count, sum: sum, squares: squares, scoreMax: scoreMax)
        (scores.places, scores.scores, scores.entries, scores.scopes) = (found.places, found.scores, entries, scopes)
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
