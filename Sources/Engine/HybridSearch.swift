internal import Columns
internal import Lexical
internal import Recall
internal import Records
internal import VectorIndex

/// Searches of one partition by words, and by vectors and words together: relevance · weight + prior.
struct HybridSearch {
    /// What is asked, in words.
    let text: String
    let words: LexicalIndex
    var weight = 1.0
    var prior: (any RowPrior)?

    struct Answer {
        var answer: IndexAnswer
        let scale: RelevanceScale
        /// Of the rows that have words of the question.
        let scores: LexicalScores
    }

    /// The rows that say most of it, of those that say something; what all words at most can score is relevance 1, or itself where scores are not scaled.
    func byWords(k: Int, filter: Filter?, at time: Timestamp, isScaled: Bool) -> Answer {
        let scores = words.scores(of: text, filter: filter, at: time)
        let scale = RelevanceScale(lexicalMax: scores.scoreMax)
        let wordsWeight = isScaled ? weight * scale.lexical : weight
        func hit(_ place: Int) -> Hit { Hit(id: scores.identifier(place), score: Float(wordsWeight * Double(scores.score(place))) + prior(of: place, scores)) }
        let first = scores.best(k)
        // What is below the last of these by more than any prior lifts it cannot be among the best.
        let least = first.count == k && wordsWeight > 0 ? scores.score(first[k - 1]) - Float(Double(priorMax) / wordsWeight) * HybridSearch.slack : -.infinity
        var report = SearchReport(rowsTotal: words.rowCount, rowsMatching: scores.scopeCount, rowsVisited: scores.scopeCount, rowsScored: scores.count)
        report.mode = .lexical
        return Answer(answer: IndexAnswer(hits: HybridSearch.ordered(scores.places(atLeast: least).map(hit), k), report: report), scale: scale, scores: scores)
    }

    /// The rows that are best by both, each brought to the same spread over all rows that the filter admits.
    ///
    /// Rows are scored one by one, where they can be among the best: by their words, what their columns say, and the most that any cosine can add. Without a prior, a row
    /// without words that is one of the best is one of the nearest too, since words only raise others: the index finds it.
    func byBoth(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> Answer {
        guard let spread = index.spread(of: query.vector, filter: query.filter, at: query.time) else {
            return byWords(k: query.k, filter: query.filter, at: query.time, isScaled: true)
        }
        let scores = words.scores(of: text, filter: query.filter, at: query.time)
        let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
        let (cosineWeight, wordsWeight) = (HybridSearch.weight(weight * scale.cosine), weight * scale.lexical)
        func scored(_ places: [Int]) -> [Hit] {
            let ids = places.map(scores.identifier)
            return zip(zip(places, ids), index.cosines(of: query.vector, ids)).map { row, cosine in
                // Rows that have no vector yet are as like the question as the mean of the others.
                let relevance = Double(cosineWeight) * (cosine.map { Double($0) } ?? spread.mean) + wordsWeight * Double(scores.score(row.0))
                return Hit(id: row.1, score: Float(relevance) + prior(of: row.0, scores))
            }
        }
        let nearest = try nearest(query, index)
        var best = HybridSearch.ordered(scored(scores.best(max(query.k, HybridSearch.firstMin))), query.k)
        var least: Float { best.count < query.k ? -Float.infinity : best[query.k - 1].score }
        // The most that a row can have: all but its cosine, which costs more to know than the rest, and the most that any cosine adds.
        let cosineMax = cosineWeight * nearest.cosine
        func bound(_ score: Float, _ prior: Float) -> Float { (Float(wordsWeight) * score + prior + cosineMax) * HybridSearch.slack }
        let candidates: [(place: Int, value: Float)] =
            if let prior { scores.places(atLeast: least) { bound($0, prior.prior(of: $1, in: $2)) } } else {
                scores.places(atLeast: wordsWeight > 0 ? (least / HybridSearch.slack - cosineMax) / Float(wordsWeight) : .infinity).map { ($0, bound(scores.score($0), 0)) }
            }
        // Those first that can have most: what they come to leaves few of the others.
        let step = HybridSearch.level(of: candidates.map(\.value), above: HybridSearch.atOnce)
        best = HybridSearch.ordered(best + scored(candidates.filter { $0.value >= step }.map(\.place)), query.k)
        best = HybridSearch.ordered(best + scored(candidates.filter { $0.value < step && $0.value >= least }.map(\.place)), query.k)
        // Without a prior, rows without words of the question are ordered by their cosines.
        let others = prior == nil ? nearest.answer.hits.map { Hit(id: $0.id, score: cosineWeight * $0.score) } : []
        var report = nearest.answer.report
        report.rowsScored = max(report.rowsScored, candidates.count)
        report.mode = .hybrid
        return Answer(answer: IndexAnswer(hits: HybridSearch.ordered(best + others, query.k), report: report), scale: scale, scores: scores)
    }

    /// So many rows with the most words tell what is good enough.
    private static let firstMin = 64
    /// Bounds are computed a little wider than they are.
    private static let slack: Float = 1.001
    private static let atOnce = 512

    /// A value that about so many of them reach, or more.
    private static func level(of values: [Float], above count: Int) -> Float {
        guard values.count > 2 * count, let least = values.min(), let most = values.max(), most > least else { return -.infinity }
        var counts = [Int](repeating: 0, count: 256)
        let scale = 255 / (most - least)
        // Between numbers as small as there are, nothing can be told apart.
        guard scale.isFinite else { return -.infinity }
        for value in values { counts[Int(min(255, (value - least) * scale))] += 1 }
        var (place, reached) = (255, counts[255])
        while place > 0, reached < count {
            place -= 1
            reached += counts[place]
        }
        return least + Float(place) / scale
    }

    /// The rows nearest by vector, and the cosine that no row exceeds, as far as the index promises.
    private func nearest(_ query: IndexQuery, _ index: CosineIndex) throws(IndexError) -> (answer: IndexAnswer, cosine: Float) {
        var query = query
        if prior != nil { query.k = 1 }
        let answer = try index.search(query)
        return (answer, query.exact ? 1 : max(0, answer.hits.first?.score ?? 0))
    }

    /// Where the cosine is to count for nothing it counts for next to nothing: an index ranks by it at least a little.
    static func weight(_ wanted: Double) -> Float { max(Float(wanted), 1e-30) }

    private var priorMax: Float { prior?.range.upperBound ?? 0 }

    private func prior(of place: Int, _ scores: LexicalScores) -> Float { prior.map { prior in scores.value(place) { prior.prior(of: $0, in: $1) } } ?? 0 }

    /// The best k of them; of a row that stands there twice the higher score is the one with its words.
    private static func ordered(_ hits: [Hit], _ k: Int) -> [Hit] {
        var (seen, best) = (Set<Identifier>(), [Hit]())
        for hit in hits.sorted(by: { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }) where best.count < k {
            if seen.insert(hit.id).inserted { best.append(hit) }
        }
        return best
    }
}
