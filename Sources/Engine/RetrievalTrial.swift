internal import Columns
internal import Lexical
public import Records
internal import VectorIndex

/// Documents of one scope in a partition of their own, which nothing else sees and which goes with it.
public final class RetrievalTrial {
    /// What is known of a document beside its text.
    public struct Place: Sendable {
        /// Within it documents follow one another.
        public var conversation: String?
        public var time: Timestamp?
        public var speaker: String?

        public init(conversation: String? = nil, time: Timestamp? = nil, speaker: String? = nil) {
            self.conversation = conversation
            self.time = time
            self.speaker = speaker
        }
    }

    private let vectors: CosineIndex
    private let words: LexicalIndex
    private let analyzer = TextAnalyzer()
    private var count: UInt64 = 0
    private static let agent = Identifier(high: 1, low: 0)
    private var conversations: [String: Identifier] = [:]
    /// Of the last document; without any it does not matter.
    private var time = Timestamp(microseconds: 0)

    /// Documents of conversations are taken for messages, others for memories.
    public init(dimension: Int, hasConversations: Bool) {
        let kind = hasConversations ? Kind.message : .memory
        vectors = CosineIndex(kind: kind, dimension: dimension)
        words = LexicalIndex(kind: kind)
    }

    /// The answers are told by their numbers, from 0 on, in the order in which they were added; without a vector only words find one. False where a vector has
    /// no direction.
    public func add(_ documents: [(text: String, place: Place, vector: [Float]?)]) -> Bool {
        var changes: [RowChange] = []
        for (text, place, vector) in documents {
            let id = Identifier(high: 0, low: count)
            count += 1
            time = max(time, place.time ?? time)
            var attributes = Attributes(id: id, agent: RetrievalTrial.agent, type: .fact, createdAt: place.time ?? time, updatedAt: time)
            attributes.session = place.conversation.map(conversation)
            changes.append(RowChange(index: vector.map { .put(attributes, vector: $0) } ?? .remove(id), words: .put(attributes, analyzer.analyze(text, saidBy: place.speaker))))
        }
        words.apply(changes.map(\.words))
        return vectors.apply(changes.map(\.index)).isEmpty
    }

    private func conversation(_ name: String) -> Identifier {
        let id = conversations[name] ?? Identifier(high: 2, low: UInt64(conversations.count))
        conversations[name] = id
        return id
    }

    /// Trains lists where a server would.
    public func finish() { if vectors.wantsTraining { vectors.train() } }

    /// What of a question is embedded.
    public func meaning(of question: String, _ mode: SearchMode) -> String {
        mode == .hybrid && words.kind == .message ? words.withoutCommonWords(question, filter: nil, at: Moment(time)) : question
    }

    public func ask(_ text: String, _ vector: [Float], _ mode: SearchMode, k: Int, isExact: Bool) -> [Int] {
        let query = IndexQuery(vector: vector, k: k, time: time, exact: isExact)
        let search = HybridSearch(text: text, words: words)
        let answer =
            switch mode {
            case .vector: try? vectors.search(query)
            case .lexical: search.byWords(k: k, filter: nil, at: Moment(time), isScaled: false).answer
            case .hybrid: try? search.byBoth(query, in: vectors).answer
            }
        return answer?.hits.map { Int($0.id.low) } ?? []
    }
}
