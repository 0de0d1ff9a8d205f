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

    /// The answers are told by their numbers, from 0 on, in the order in which they were added. False where the vector has no direction.
    public func add(_ text: String, _ vector: [Float]) -> Bool {
        let id = Identifier(high: 0, low: count)
        count += 1
        let attributes = Attributes(id: id, agent: RetrievalTrial.agent, type: .fact, createdAt: RetrievalTrial.time, updatedAt: RetrievalTrial.time)
        words.apply([.put(attributes, analyzer.analyze(text))])
        return vectors.apply([.put(attributes, vector: vector)]).isEmpty
    }

    public func ask(_ text: String, _ vector: [Float], _ mode: SearchMode, k: Int) -> [Int] {
        let search = HybridSearch(text: text, vector: vector, mode: mode, k: k, time: RetrievalTrial.time)
        return ((try? search.run(vectors, words)) ?? []).map { Int($0.id.low) }
    }
}
