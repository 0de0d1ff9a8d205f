internal import Columns
internal import Lexical
public import Records
internal import VectorIndex

/// Documents of one scope in a partition of their own, which nothing else sees and which goes with it.
public final class RetrievalTrial {
    private let vectors: CosineIndex
    private let words = LexicalIndex()
    private let analyzer = TextAnalyzer()
    private var count: UInt64 = 0
    private static let agent = Identifier(high: 1, low: 0)
    private static let time = Timestamp(microseconds: 0)

    public init(dimension: Int) {
        vectors = CosineIndex(dimension: dimension)
    }

    /// The answers are told by their numbers, from 0 on, in the order in which they were added. False where a vector has no direction.
    public func add(_ documents: [(text: String, vector: [Float])]) -> Bool {
        var changes: [RowChange] = []
        for (text, vector) in documents {
            let id = Identifier(high: 0, low: count)
            count += 1
            let attributes = Attributes(id: id, agent: RetrievalTrial.agent, type: .fact, createdAt: RetrievalTrial.time, updatedAt: RetrievalTrial.time)
            changes.append(RowChange(index: .put(attributes, vector: vector), words: .put(attributes, analyzer.analyze(text))))
        }
        words.apply(changes.map(\.words))
        return vectors.apply(changes.map(\.index)).isEmpty
    }

    public func ask(_ text: String, _ vector: [Float], _ mode: SearchMode, k: Int) -> [Int] {
        let query = IndexQuery(vector: vector, k: k, time: RetrievalTrial.time)
        let search = HybridSearch(text: text, words: words)
        let answer =
            switch mode {
            case .vector: try? vectors.search(query)
            case .lexical: search.byWords(k: k, filter: nil, at: RetrievalTrial.time, isScaled: false).answer
            case .hybrid: try? search.byBoth(query, in: vectors).answer
            }
        return answer?.hits.map { Int($0.id.low) } ?? []
    }
}
