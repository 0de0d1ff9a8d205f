internal import Columns
internal import Dispatch
internal import Lexical
internal import Recall
internal import Records
internal import Synchronization
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
        let scores: LexicalScores
    }

    /// The rows that say most of it, of those that say something; what all words at most can score is relevance 1, or itself where scores are not scaled.
    func byWords(k: Int, filter: Filter?, at time: Timestamp, isScaled: Bool) -> Answer {
        let scores = words.scores(of: text, filter: filter, at: time)
        let scale = RelevanceScale(lexicalMax: scores.scoreMax)
        var scan = RowScan(scores: scores, prior: prior, k: k, wordsWorth: Float(isScaled ? weight * scale.lexical : weight))
        scan.offerByWords()
        var report = SearchReport(rowsTotal: words.rowCount, rowsMatching: scores.scopeCount, rowsVisited: scores.scopeCount, rowsScored: scores.count)
        report.mode = .lexical
        return Answer(answer: scan.answer(report), scale: scale, scores: scores)
    }

    /// The rows that are best by both, each brought to the same spread over all rows that the filter admits.
    ///
    /// Rows are scored one by one where they can be among the best: by their words, by what their columns say, and by the most that any cosine adds. Where too many rows
    /// without words could be, the index finds those.
    func byBoth(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> Answer {
        let (scores, spread, nearest) = try legs(query, in: index)
        guard let spread else { return byWords(k: query.k, filter: query.filter, at: query.time, isScaled: true) }
        let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
        let (cosineWorth, wordsWorth) = (HybridSearch.weight(weight * scale.cosine), Float(weight * scale.lexical))
        guard words.kind != .message else {
            let scan = ContextScan(scores, cosineWorth: cosineWorth, wordsWorth: wordsWorth, meanCosine: Float(spread.mean))
            let (hits, count) = scan.best(query.k, of: query.vector, nearest: nearest.hits, in: index) { _ in 0 }
            return Answer(answer: IndexAnswer(hits: hits, report: report(nearest.report, scores, scored: count)), scale: scale, scores: scores)
        }
        var scan = RowScan(scores: scores, prior: prior, k: query.k, wordsWorth: wordsWorth)
        // No other row is nearer than the last of these, as far as the index promises.
        let cosineMax = nearest.hits.count < nearestCount(query) ? Float(spread.mean) : nearest.hits.last.map { max(0, $0.score) } ?? 1
        scan.compare(query.vector, in: index, worth: cosineWorth, mean: Float(spread.mean), max: cosineMax)
        scan.offer(nearest.hits)
        if spread.count < scores.scopeCount { scan.offer(scores.scopes.flatMap(\.numbers).filter { !index.has(scores.identifier($0)) }) }
        scan.offerByWords()
        if try !scan.offerByPrior(query, rowsMax: query.exact ? .max : HybridSearch.aloneMax) {
            var query = query
            query.ranking = Ranking(weight: cosineWorth, prior: prior)
            scan.offer(try index.search(query).hits.compactMap { scores.row(of: $0.id) })
        }
        return Answer(answer: scan.answer(report(nearest.report, scores, scored: scan.count)), scale: scale, scores: scores)
    }

    private func report(_ nearest: SearchReport, _ scores: LexicalScores, scored count: Int) -> SearchReport {
        var report = nearest
        report.rowsScored = min(max(report.rowsMatching, scores.scopeCount), max(report.rowsScored, count))
        report.mode = .hybrid
        return report
    }

    /// What the words say, how cosines are spread, nil where no row has a vector, and which rows are nearest. Of many rows, all at once.
    private func legs(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> (scores: LexicalScores, spread: CosineSpread?, nearest: IndexAnswer) {
        var nearestQuery = query
        nearestQuery.k = nearestCount(query)
        let scores = Mutex(LexicalScores.none)
        let spread = Mutex<Result<CosineSpread?, IndexError>>(.success(nil))
        let nearest = Mutex<Result<IndexAnswer, IndexError>>(.failure(.stopped))
        let (text, words, threads, wanted) = (text, words, words.rowCount > HybridSearch.atOnceMin ? 2 : 1, nearestQuery)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            if thread == 0 {
                let found = words.scores(of: text, filter: query.filter, at: query.time)
                scores.withLock { $0 = found }
                let width = Result { () throws(IndexError) in try index.spread(of: query) }
                spread.withLock { $0 = width }
            }
            if thread == threads - 1 {
                let found = Result { () throws(IndexError) in try index.search(wanted) }
                nearest.withLock { $0 = found }
            }
        }
        return (scores.withLock { $0 }, try spread.withLock { $0 }.get(), try nearest.withLock { $0 }.get())
    }

    /// Of so few rows both are known before another thread is awake.
    private static let atOnceMin = 16_384
    private func nearestCount(_ query: IndexQuery) -> Int { max(query.k, HybridSearch.nearestMin) }

    /// So many of the nearest rows are looked at, so that others are known to be farther.
    private static let nearestMin = 256
    /// So many rows are rather compared one by one than found by the index.
    private static let aloneMax = 16_384

    /// Where the cosine is to count for nothing it counts for next to nothing: an index ranks by it at least a little.
    static func weight(_ wanted: Double) -> Float { max(Float(wanted), 1e-30) }
}
