internal import Lexical
internal import Recall
internal import Records
internal import VectorIndex

/// A question to the two indexes of one partition.
struct HybridSearch {
    var text: String
    var vector: [Float]
    var mode: SearchMode
    var k: Int
    var filter: Filter?
    var time: Timestamp

    func run(_ vectors: CosineIndex, _ words: LexicalIndex) throws(IndexError) -> [Hit] {
        switch mode {
        case .vector: return try vectors.search(IndexQuery(vector: vector, k: k, filter: filter, time: time)).hits
        case .lexical: return words.scores(of: text, filter: filter, at: time).best(k).map { Hit(id: $0.id, score: $0.score) }
        case .hybrid:
            let scores = words.scores(of: text, filter: filter, at: time)
            guard let spread = vectors.spread(of: vector, filter: filter, at: time) else { return [] }
            let scale = RelevanceScale(cosineDeviation: spread.deviation, lexicalDeviation: scores.deviation, lexicalMax: scores.scoreMax)
            guard scale.cosine > 0 else { return scores.best(k).map { Hit(id: $0.id, score: Float(scale.lexical) * $0.score) } }
            let named = Dictionary(scores.rows.map { ($0.id, Float(scale.lexical) * $0.score) }, uniquingKeysWith: { first, _ in first })
            return try vectors.search(IndexQuery(vector: vector, k: k, filter: filter, time: time, ranking: Ranking(weight: Float(scale.cosine), named: named))).hits
        }
    }
}
