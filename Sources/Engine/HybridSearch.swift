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
    /// Of what is said in conversations: what the words say of their titles.
    var titles: LexicalScores?

    struct Answer {
        var answer: IndexAnswer
        let scale: RelevanceScale
        let scores: LexicalScores
        /// The time that the question names, where rows of it counted more, and by how much.
        var time: AskedTime?
        var timeWorth: Float = 0
    }

    /// The rows that say most of it, of those that say something; what all words at most can score is relevance 1, or itself where scores are not scaled.
    func byWords(k: Int, filter: Filter?, at moment: Moment, isScaled: Bool) -> Answer {
        let scores = words.scores(of: text, filter: filter, at: moment)
        let scale = RelevanceScale(lexicalMax: scores.scoreMax)
        var scan = RowScan(scores: scores, prior: prior, k: k, wordsWorth: Float(isScaled ? weight * scale.lexical : weight))
        scan.offerByWords()
        var report = SearchReport(rowsTotal: words.rowCount, rowsMatching: scores.scopeCount, rowsVisited: scores.scopeCount, rowsScored: scores.count)
        report.mode = .lexical
        return Answer(answer: IndexAnswer(hits: scan.hits, report: report), scale: scale, scores: scores)
    }

    /// The rows that are best by both, each brought to the same spread over all rows that the filter admits.
    ///
    /// Rows are scored one by one where they can be among the best: by their words, by what their columns say, and by the most that any cosine adds. Where too many rows
    /// without words could be, the index finds those.
    func byBoth(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> Answer {
        let (scores, spread, near) = try legs(query, in: index)
        guard let spread else { return byWords(k: query.k, filter: query.filter, at: query.moment, isScaled: true) }
        let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
        let (cosineWorth, wordsWorth) = (HybridSearch.weight(weight * scale.cosine), Float(weight * scale.lexical))
        let time = words.kind == .term ? nil : QuestionTime.find(in: text, now: query.moment.valid).flatMap { AskedTime($0, among: scores) }
        let deviation = cosineWorth * Float(spread.deviation)
        let timeWorth = deviation * HybridSearch.deviationsOfTime
        let found: Found
        if words.kind == .message {
            let context = ContextScan(
                scores, cosineWorth: cosineWorth, wordsWorth: wordsWorth, meanCosine: Float(spread.mean), time: time, timeWorth: timeWorth,
                titles: titles, titleWorth: deviation * HybridSearch.deviationsOfTitle,
                speakerWorth: deviation * HybridSearch.deviationsOfSpeaker)
            let timely = try nearest(of: time, query, index)
            let (hits, count) = context.best(query, nearest: near.hits + timely, in: index)
            found = Found(hits: hits, count: count, isExact: context.isComplete(query))
        } else {
            var rows = RowScan(scores: scores, prior: timed(time, timeWorth), k: query.k, wordsWorth: wordsWorth)
            // No other row is nearer than the last of these, as far as the index promises.
            let cosineMax = near.hits.count < nearestCount(query) ? Float(spread.mean) : near.hits.last.map { max(0, $0.score) } ?? 1
            rows.compare(query.vector, in: index, worth: cosineWorth, mean: Float(spread.mean), max: cosineMax)
            rows.offer(near.hits)
            if spread.count < scores.scopeCount { rows.offer(scores.scopes.flatMap(\.numbers).filter { !index.has(scores.identifier($0)) }) }
            rows.offerByWords()
            let isDone = try rows.offerByPrior(query, rowsMax: query.exact ? .max : HybridSearch.aloneMax)
            if !isDone { rows.offer(try best(by: Ranking(weight: cosineWorth, prior: timed(time, timeWorth)), query, index).compactMap { scores.row(of: $0.id) }) }
            found = Found(hits: rows.hits, count: rows.count, isExact: near.report.isExact)
        }
        var report = near.report
        report.rowsScored = min(max(report.rowsMatching, scores.scopeCount), max(report.rowsScored, found.count))
        report.isExact = found.isExact
        if found.isExact { report.recallEstimate = 1 }
        report.mode = .hybrid
        return Answer(answer: IndexAnswer(hits: found.hits, report: report), scale: scale, scores: scores, time: time, timeWorth: timeWorth)
    }

    private struct Found {
        let hits: [Hit]
        let count: Int
        let isExact: Bool
    }

    private func timed(_ time: AskedTime?, _ worth: Float) -> (any RowPrior)? {
        guard let time else { return prior }
        return TimedPrior(base: prior, time: time, worth: worth)
    }

    private func best(by ranking: Ranking, _ query: IndexQuery, _ index: CosineIndex) throws(IndexError) -> [Hit] {
        var query = query
        query.ranking = ranking
        return try index.search(query).hits
    }

    /// Of the time that a question names, among more rows than are scored one by one.
    private func nearest(of time: AskedTime?, _ query: IndexQuery, _ index: CosineIndex) throws(IndexError) -> [Hit] {
        guard let time, words.rowCount > ContextScan.allMax else { return [] }
        var query = query
        query.k = nearestCount(query)
        query.filter = .and([time.filter(on: words.kind)] + (query.filter.map { [$0] } ?? []))
        return try index.search(query).hits
    }

    /// What the words say, how cosines are spread, nil where no row has a vector, and which rows are nearest. Of many rows, all at once.
    private func legs(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> (scores: LexicalScores, spread: CosineSpread?, nearest: IndexAnswer) {
        var nearestQuery = query
        nearestQuery.k = nearestCount(query)
        let scores = Mutex(LexicalScores.none)
        let spread = Mutex<Result<CosineSpread?, IndexError>>(.success(nil))
        let nearest = Mutex<Result<IndexAnswer, IndexError>>(.failure(.stopped))
        let (text, words, wanted) = (text, words, nearestQuery)
        // What takes longest comes first.
        let parts: [@Sendable () -> Void] = [
            {
                let found = words.scores(of: text, filter: query.filter, at: query.moment)
                scores.withLock { $0 = found }
            },
            {
                let found = Result { () throws(IndexError) in try index.search(wanted) }
                nearest.withLock { $0 = found }
            },
            {
                let found = Result { () throws(IndexError) in try index.spread(of: query) }
                spread.withLock { $0 = found }
            },
        ]
        if words.rowCount > HybridSearch.atOnceMin { DispatchQueue.concurrentPerform(iterations: parts.count) { parts[$0]() } } else { for part in parts { part() } }
        return (scores.withLock { $0 }, try spread.withLock { $0 }.get(), try nearest.withLock { $0 }.get())
    }

    /// Of so few rows both are known before another thread is awake.
    private static let atOnceMin = 16_384

    private func nearestCount(_ query: IndexQuery) -> Int { max(query.k, HybridSearch.nearestMin) }

    /// A row of the time that a question names counts as much more as one whose cosine is by so many deviations higher.
    private static let deviationsOfTime: Float = 2
    /// The same of what was said in a conversation whose title has all words of the question.
    private static let deviationsOfTitle: Float = 1.5
    /// The same of what is said by somebody whom the question names.
    private static let deviationsOfSpeaker: Float = 1

    /// So many of the nearest rows are looked at, so that others are known to be farther.
    private static let nearestMin = 256
    /// So many rows are rather compared one by one than found by the index.
    private static let aloneMax = 16_384

    /// Where the cosine is to count for nothing it counts for next to nothing: an index ranks by it at least a little.
    static func weight(_ wanted: Double) -> Float { max(Float(wanted), 1e-30) }
}
