internal import Lexical
internal import Recall
internal import Records
internal import VectorIndex

/// Searches of one partition by words, and by vectors and words together.
struct HybridSearch {
    /// What is asked, in words.
    let text: String
    let words: LexicalIndex

    /// The rows that say most of it.
    func byWords(k: Int, filter: Filter?, at time: Timestamp) -> IndexAnswer {
        let scores = words.scores(of: text, filter: filter, at: time)
        return IndexAnswer(hits: HybridSearch.hits(scores, k, scaledBy: 1), report: HybridSearch.report(scores, words.rowCount))
    }

    /// The rows whose relevance is highest: of the cosine with `query` and of the words, each brought to the same spread over all rows that the filter admits.
    func byBoth(_ query: IndexQuery, in index: CosineIndex) throws(IndexError) -> IndexAnswer {
        let scores = words.scores(of: text, filter: query.filter, at: query.time)
        guard let spread = index.spread(of: query.vector, filter: query.filter, at: query.time) else {
            return IndexAnswer(hits: HybridSearch.hits(scores, query.k, scaledBy: scores.scoreMax > 0 ? 1 / scores.scoreMax : 1), report: HybridSearch.report(scores, words.rowCount))
        }
        let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
        var named: [Identifier: Float] = [:]
        named.reserveCapacity(scores.rows.count)
        for row in scores.rows { named[row.id] = Float(scale.lexical) * row.score }
        var query = query
        // Where all rows are alike to the question, their order is that of their words: the cosine still counts, for next to nothing.
        query.ranking = Ranking(weight: max(Float(scale.cosine), .leastNormalMagnitude), named: named)
        var answer = try index.search(query)
        // Rows that have no vector yet are as like the question as the mean of the others.
        if scores.scopeCount > spread.count { answer = adding(rowsWithoutVector(scores, query, index), scale.cosine * spread.mean, scale, to: answer, k: query.k) }
        answer.report.mode = .hybrid
        return answer
    }

    /// The first of them by their words.
    private func rowsWithoutVector(_ scores: LexicalScores, _ query: IndexQuery, _ index: CosineIndex) -> [(id: Identifier, score: Float)] {
        let known = index.known(scores.rows.map(\.id))
        return Array(scores.rows.filter { !known.contains($0.id) }.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(query.k))
    }

    private func adding(_ rows: [(id: Identifier, score: Float)], _ base: Double, _ scale: RelevanceScale, to answer: IndexAnswer, k: Int) -> IndexAnswer {
        let more = rows.map { Hit(id: $0.id, score: Float(base + scale.lexical * Double($0.score))) }
        let hits = (answer.hits + more).sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
        return IndexAnswer(hits: Array(hits.prefix(k)), report: answer.report)
    }

    private static func hits(_ scores: LexicalScores, _ k: Int, scaledBy scale: Double) -> [Hit] { scores.best(k).map { Hit(id: $0.id, score: Float(Double($0.score) * scale)) } }

    private static func report(_ scores: LexicalScores, _ rowCount: Int) -> SearchReport {
        var report = SearchReport(rowsTotal: rowCount, rowsMatching: scores.scopeCount, rowsVisited: scores.scopeCount, rowsScored: scores.rows.count)
        report.mode = .lexical
        return report
    }
}
