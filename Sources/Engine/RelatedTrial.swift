internal import Columns
internal import Lexical
internal import Records
internal import Terminology
internal import VectorIndex

/// One user's dictionary by itself, which nothing else sees and which goes with it: what is related to each of its terms.
public final class RelatedTrial {
    public struct Entry: Sendable {
        public var term: String
        public var definition: String

        public init(term: String, definition: String) {
            self.term = term
            self.definition = definition
        }

        /// What is embedded of it.
        public var text: String { "\(term): \(definition)" }
    }

    private let book = TermBook()
    private let words = LexicalIndex(kind: .term)
    private let vectors: CosineIndex
    private let analyzer = TextAnalyzer()
    private var entries: [(entry: Entry, vector: [Float]?)] = []
    private static let user = Identifier(high: 1, low: 0)
    private static let time = Timestamp(microseconds: 0)

    public init(dimension: Int) {
        vectors = CosineIndex(kind: .term, dimension: dimension)
    }

    /// Terms are told by their numbers, from 0 on, in the order in which they were added. False where a vector has no direction.
    public func add(_ new: [(entry: Entry, vector: [Float]?)]) -> Bool {
        let first = entries.count
        entries += new
        let changes = new.enumerated().map { offset, given -> RowChange in
            let id = Identifier(high: 0, low: UInt64(first + offset))
            var attributes = Attributes(id: id, agent: nil, user: RelatedTrial.user, type: .fact, createdAt: RelatedTrial.time, updatedAt: RelatedTrial.time)
            attributes.type = 0
            return RowChange(
                index: given.vector.map { .put(attributes, vector: $0) } ?? .remove(id), words: .put(attributes, analyzer.analyze(given.entry.text)),
                term: .put(TermEntry(id: id, owner: RelatedTrial.user, term: given.entry.term)))
        }
        words.apply(changes.map(\.words))
        book.apply(changes.compactMap(\.term))
        return vectors.apply(changes.map(\.index)).isEmpty
    }

    /// Trains lists where a server would.
    public func finish() { if vectors.wantsTraining { vectors.train() } }

    public func related(to number: Int, limit: Int) -> [Int] {
        let (entry, vector) = entries[number]
        let search = RelatedSearch(book: book, words: words, vectors: vector == nil ? nil : vectors, user: RelatedTrial.user, time: RelatedTrial.time)
        let subject = RelatedSubject(id: Identifier(high: 0, low: UInt64(number)), term: entry.term, definition: entry.definition)
        return search.related(to: subject, vector, limit: limit, shouldStop: { false })?.map { Int($0.id.low) } ?? []
    }
}
