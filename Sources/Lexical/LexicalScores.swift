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
    /// Rows with a word of the question.
    public let count: Int
    /// Of the scores of all rows of the scope; most of them are 0.
    public let mean: Double
    /// How they are spread about it.
    public let deviation: Double
    /// No row can have more.
    public let scoreMax: Double
    private let snapshot: SegmentSnapshot
    private let asked: Set<UInt64>
    /// The rows of the scope, by segment.
    private let rowsOfSlots: [Bitmap]
    /// By number, 0 of those without a word of the question; and the highest of each 64.
    private let scores: [Float]
    private let highest: [Float]

    private static let saturation = 1.2
    private static let lengthShare = 0.5
    private static let blockRows = 64

    /// Where no words were asked for.
    public static let none = LexicalScores([], SegmentSnapshot(), [])

    init(_ words: [AskedWord], _ snapshot: SegmentSnapshot, _ scopes: [Bitmap]) {
        let scope = WordScope(snapshot, scopes)
        let hits = words.map { scope.hits(of: $0) }.filter { !$0.rows.isEmpty }
        let (saturation, share) = (Float(LexicalScores.saturation), Float(LexicalScores.lengthShare))
        let lengthWorth = saturation * share / Float(max(1, scope.meanLength))
        var (scores, scoreMax) = ([Float](repeating: 0, count: snapshot.entries.count * Segment.capacity), 0.0)
        var highest = [Float](repeating: 0, count: scores.count / LexicalScores.blockRows)
        var (count, sum, squares) = (0, 0.0, 0.0)
        for hit in hits {
            let worth = Double(hit.wanted) * LexicalScores.idf(rows: hit.rows.count, of: scope.count) * (LexicalScores.saturation + 1)
            scoreMax += worth
            for (slot, range) in hit.ranges {
                guard let lengths = snapshot.entries[slot]?.segment.lengths else { continue }
                let base = slot * Segment.capacity
                for posting in hit.rows[range] {
                    let (row, said) = (Int(posting.row), Float(posting.count))
                    let old = scores[base + row]
                    let new = old + Float(worth) * said / (said + saturation * (1 - share) + lengthWorth * Float(lengths[row]))
                    scores[base + row] = new
                    if old == 0 { count += 1 }
                    sum += Double(new - old)
                    squares += Double(new * new - old * old)
                    let block = (base + row) / LexicalScores.blockRows
                    if new > highest[block] { highest[block] = new }
                }
            }
        }
        mean = sum / Double(max(1, scope.count))
        scopeCount = scope.count
        (self.count, self.highest) = (count, highest)
        deviation = max(0, squares / Double(max(1, scope.count)) - mean * mean).squareRoot()
        self.scoreMax = scoreMax
        self.snapshot = snapshot
        asked = Set(words.flatMap(\.hashes))
        rowsOfSlots = scopes
        self.scores = scores
    }

    private static func idf(rows: Int, of count: Int) -> Double { log(1 + (Double(count - rows) + 0.5) / (Double(rows) + 0.5)) }

    /// The rows with words of the question that have at least that score.
    public func scopes(atLeast least: Float) -> [RowGroup] {
        let blocks = Segment.capacity / LexicalScores.blockRows
        return rowsOfSlots.indices.compactMap { slot in
            guard let entry = snapshot.entries[slot] else { return nil }
            let rows = Bitmap { word in
                let block = slot * blocks + word
                guard highest[block] > 0, highest[block] >= least else { return 0 }
                let first = block * LexicalScores.blockRows
                return (0..<LexicalScores.blockRows).reduce(into: 0) { bits, place in
                    let score = scores[first + place]
                    bits |= (score > 0 && score >= least ? 1 : 0) << UInt64(place)
                }
            }
            return rows.isEmpty ? nil : RowGroup(first: slot * Segment.capacity, columns: entry.columns, rows: rows)
        }
    }

    /// All rows of the scope, with words of the question or without.
    public var scopes: [RowGroup] {
        rowsOfSlots.enumerated().compactMap { slot, rows in snapshot.entries[slot].map { RowGroup(first: slot * Segment.capacity, columns: $0.columns, rows: rows) } }
    }

    /// The k rows of the highest scores, the highest first.
    public func best(_ k: Int) -> [Int] {
        var best: [Int] = []
        for (block, most) in highest.enumerated() where most > 0 {
            guard best.count < k || most > scores[best[k - 1]] else { continue }
            for row in block * LexicalScores.blockRows..<(block + 1) * LexicalScores.blockRows where scores[row] > 0 {
                guard best.count < k || scores[row] > scores[best[k - 1]] else { continue }
                if best.count == k { best.removeLast() }
                var (low, high) = (0, best.count)
                while low < high {
                    let middle = (low + high) / 2
                    if scores[best[middle]] >= scores[row] { low = middle + 1 } else { high = middle }
                }
                best.insert(row, at: low)
            }
        }
        return best
    }

    /// Above the number of any row.
    public var rowsMax: Int { scores.count }

    public func score(_ row: Int) -> Float { scores[row] }

    /// Of the row of that identifier; 0 where it is not here.
    public func score(of id: Identifier) -> Float { row(of: id).map(score) ?? 0 }

    /// Of a row that is said in one.
    public func conversation(of id: Identifier) -> Identifier? { row(of: id).flatMap(conversation) }

    public func conversation(_ row: Int) -> Identifier? { columns(row)?.session(row % Segment.capacity) }

    /// The number of the row of that identifier; nil where it is not here.
    public func row(of id: Identifier) -> Int? { snapshot.number(of: id) }

    public func identifier(_ row: Int) -> Identifier { columns(row)?.identifier(row % Segment.capacity) ?? .none }

    /// The rows of the scope that were said right before and after it.
    public func neighbours(_ row: Int) -> (before: Int?, after: Int?) {
        guard let found = snapshot.entries[row / Segment.capacity]?.neighbours(row % Segment.capacity) else { return (nil, nil) }
        return (inScope(found.before), inScope(found.after))
    }

    /// Whether the question names who says it.
    public func namesSpeaker(of row: Int) -> Bool { snapshot.entries[row / Segment.capacity]?.speaker(row % Segment.capacity).map(asked.contains) ?? false }

    private func inScope(_ number: UInt32?) -> Int? {
        guard let row = number.map({ Int($0) }), row / Segment.capacity < rowsOfSlots.count, rowsOfSlots[row / Segment.capacity][row % Segment.capacity] else { return nil }
        return row
    }

    /// Where what filters know of the row is.
    public func place(of row: Int) -> (row: Int, columns: ColumnChunk)? { columns(row).map { (row % Segment.capacity, $0) } }

    private func columns(_ row: Int) -> ColumnChunk? { snapshot.entries[row / Segment.capacity]?.columns }
}

/// Rows that lie together.
public struct RowGroup: Sendable {
    /// The number of the first row that the columns have.
    public let first: Int
    public let columns: ColumnChunk
    public let rows: Bitmap

    /// By number, in ascending order.
    public var numbers: [Int] {
        var numbers: [Int] = []
        rows.forEach { numbers.append(first + $0) }
        return numbers
    }
}

/// The rows among which words are counted.
struct WordScope {
    let snapshot: SegmentSnapshot
    let rows: [Bitmap]
    let count: Int
    /// Words in each on average.
    let meanLength: Double

    init(_ snapshot: SegmentSnapshot, _ rows: [Bitmap]) {
        var (count, length) = (0, 0)
        for (entry, scope) in zip(snapshot.entries, rows) {
            guard let entry else { continue }
            let found = scope.count
            count += found
            length += entry.words(in: scope, count: found)
        }
        self.snapshot = snapshot
        self.rows = rows
        self.count = count
        meanLength = Double(length) / Double(max(1, count))
    }

    struct Hits {
        /// How often the question has the word.
        let wanted: Int
        var rows: [Postings.Posting] = []
        /// Where those of each segment are.
        var ranges: [(slot: Int, range: Range<Int>)] = []
    }

    func hits(of word: AskedWord) -> Hits {
        var hits = Hits(wanted: word.count)
        for (slot, entry) in snapshot.entries.enumerated() {
            guard let entry, !rows[slot].isEmpty else { continue }
            let start = hits.rows.count
            entry.find(word, into: &hits.rows)
            guard hits.rows.count > start else { continue }
            let scope = rows[slot]
            if scope.count < entry.segment.count { hits.rows.keep(from: start) { scope[Int($0.row)] } }
            if hits.rows.count > start { hits.ranges.append((slot, start..<hits.rows.count)) }
        }
        return hits
    }
}

extension [Postings.Posting] {
    /// Leaves out those from there on that are not wanted.
    fileprivate mutating func keep(from start: Int, where isWanted: (Postings.Posting) -> Bool) {
        var kept = start
        for place in start..<count where isWanted(self[place]) {
            self[kept] = self[place]
            kept += 1
        }
        removeSubrange(kept...)
    }
}
