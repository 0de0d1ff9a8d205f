internal import Columns
internal import Lexical
internal import Records
internal import VectorIndex
internal import Vectors

/// Rows of a scope that are scored one by one, as far as they can be among the best: cosine · worth + prior + words · worth.
struct RowScan {
    let scores: LexicalScores
    let prior: (any RowPrior)?
    /// What a lexical score of 1 counts.
    let wordsWorth: Float
    /// How many rows it scored.
    private(set) var count = 0
    private var best: TopK<Identifier>
    /// One bit a row.
    private var offered: [UInt64]
    private var cosines: Cosines?

    private struct Cosines {
        let vector: [Float]
        let index: CosineIndex
        let worth: Float
        let mean: Float
        let max: Float
    }

    /// So many rows with the most words tell what is good enough.
    private static let firstMin = 64
    /// Both sides of a comparison are rounded.
    private static let roundedPart: Float = 1e-5

    init(scores: LexicalScores, prior: (any RowPrior)?, k: Int, wordsWorth: Float) {
        self.scores = scores
        self.prior = prior
        self.wordsWorth = wordsWorth
        best = TopK(k: k)
        offered = Array(repeating: 0, count: (scores.rowsMax + 63) / 64)
    }

    /// From now on cosines count; no row has a higher one than `max`, and one without a vector counts as one with the mean of the others.
    mutating func compare(_ vector: [Float], in index: CosineIndex, worth: Float, mean: Float, max: Float) {
        cosines = Cosines(vector: vector, index: index, worth: worth, mean: mean, max: max)
    }

    /// Offers rows whose cosines are known.
    mutating func offer(_ hits: [Hit]) {
        let worth = cosines?.worth ?? 0
        for hit in hits {
            guard let row = scores.row(of: hit.id), isNew(row) else { continue }
            count += 1
            best.offer(score: worth * hit.score + prior(of: row) + wordsWorth * scores.score(row), id: hit.id)
        }
    }

    mutating func offer(_ rows: [Int]) {
        var new: [Int] = []
        new.reserveCapacity(rows.count)
        for row in rows where isNew(row) { new.append(row) }
        count += new.count
        let ids = new.map(scores.identifier)
        let found = cosines.map { cosines in cosines.index.cosines(of: cosines.vector, ids).map { cosines.worth * ($0 ?? cosines.mean) } }
        for (place, row) in new.enumerated() { best.offer(score: (found?[place] ?? 0) + prior(of: row) + wordsWorth * scores.score(row), id: ids[place]) }
    }

    /// Whether it was not offered before.
    private mutating func isNew(_ row: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(row % 64)
        guard offered[row / 64] & bit == 0 else { return false }
        offered[row / 64] |= bit
        return true
    }

    /// Offers the rows that have words of the question, and enough of them.
    mutating func offerByWords() {
        guard wordsWorth > 0 || cosines == nil else { return }
        offer(scores.best(max(best.k, RowScan.firstMin)))
        let (least, scores, wordsWorth) = (leastOfOthers, self.scores, self.wordsWorth)
        let groups = scores.scopes(atLeast: wordsWorth > 0 && least > -.infinity ? (least - priorMax) / wordsWorth : -.infinity)
        guard let prior, least > -.infinity else { return offer(groups.flatMap(\.numbers)) }
        var rows: [Int] = []
        for group in groups {
            group.rows.forEach { row in
                let left = least - wordsWorth * scores.score(group.first + row)
                guard prior.most(of: row, in: group.columns) >= left, prior.prior(of: row, in: group.columns) >= left else { return }
                rows.append(group.first + row)
            }
        }
        offer(rows)
    }

    /// Offers the rows that need no words, where they are no more than that; otherwise it offers none.
    mutating func offerByPrior(_ query: IndexQuery, rowsMax: Int) throws(IndexError) -> Bool {
        guard let prior, let cosines, leastOfOthers <= priorMax else { return true }
        var query = query
        query.ranking = Ranking(weight: cosines.worth, prior: prior)
        guard let rows = try cosines.index.rows(query, scoreMin: best.threshold - slack, cosineMax: cosines.max, rowsMax: rowsMax) else { return false }
        offer(rows)
        return true
    }

    /// What words and columns of a row have to come to.
    private var leastOfOthers: Float { best.isFull ? best.threshold - slack - (cosines.map { $0.worth * $0.max } ?? 0) : -.infinity }

    private var slack: Float { best.isFull ? RowScan.roundedPart * (abs(best.threshold) + (cosines?.worth ?? 0)) : 0 }

    private var priorMax: Float { prior?.range.upperBound ?? 0 }

    private func prior(of row: Int) -> Float {
        guard let prior, let place = scores.place(of: row) else { return 0 }
        return prior.prior(of: place.row, in: place.columns)
    }

    /// The best, in order.
    var hits: [Hit] { best.sorted.map { Hit(id: $0.id, score: $0.score) } }
}
