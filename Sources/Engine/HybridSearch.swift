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
        let scores = scores(filter, at: time)
        let scale = RelevanceScale(lexicalMax: scores.scoreMax)
        let hits = scores.best(k, weight: isScaled ? weight * scale.lexical : weight).map { Hit(id: $0.id, score: $0.score) }
        var report = SearchReport(rowsTotal: words.rowCount, rowsMatching: scores.scopeCount, rowsVisited: scores.scopeCount, rowsScored: scores.rows.count)
        report.mode = .lexical
        return Answer(answer: IndexAnswer(hits: hits, report: report), scale: scale, scores: scores)
    }

    /// The rows that are best by both, each brought to the same spread over all rows that the filter admits.
    func byBoth(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> Answer {
        guard let spread = index.spread(of: query.vector, filter: query.filter, at: query.time) else {
            return byWords(k: query.k, filter: query.filter, at: query.time, isScaled: true)
        }
        let scores = scores(query.filter, at: query.time)
        let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
        var named: [Identifier: Float] = [:]
        named.reserveCapacity(scores.rows.count)
        for row in scores.rows { named[row.id] = Float(weight * scale.lexical * Double(row.score)) }
        var query = query
        query.ranking = Ranking(weight: HybridSearch.weight(weight * scale.cosine), prior: prior, named: named)
        var answer = try index.search(query)
        // Rows that have no vector yet are as like the question as the mean of the others.
        if scores.scopeCount > spread.count { answer = adding(rowsWithoutVector(scores, scale, query.k, index), weight * scale.cosine * spread.mean, to: answer, k: query.k) }
        answer.report.mode = .hybrid
        return Answer(answer: answer, scale: scale, scores: scores)
    }

    /// Where the cosine is to count for nothing it counts for next to nothing: an index ranks by it at least a little.
    static func weight(_ wanted: Double) -> Float { max(Float(wanted), 1e-30) }

    private func scores(_ filter: Filter?, at time: Timestamp) -> LexicalScores {
        words.scores(of: text, filter: filter, at: time) { row, columns in prior?.prior(of: row, in: columns) ?? 0 }
    }

    /// The first of them by their words and priors.
    private func rowsWithoutVector(_ scores: LexicalScores, _ scale: RelevanceScale, _ k: Int, _ index: CosineIndex) -> [(id: Identifier, score: Float)] {
        let known = index.known(scores.rows.map(\.id))
        var rest = scores
        rest.keep { !known.contains($0.id) }
        return rest.best(k, weight: weight * scale.lexical)
    }

    private func adding(_ rows: [(id: Identifier, score: Float)], _ base: Double, to answer: IndexAnswer, k: Int) -> IndexAnswer {
        let more = rows.map { Hit(id: $0.id, score: Float(base) + $0.score) }
        let hits = (answer.hits + more).sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
        return IndexAnswer(hits: Array(hits.prefix(k)), report: answer.report)
    }
}
