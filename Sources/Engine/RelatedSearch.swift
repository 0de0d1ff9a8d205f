internal import Columns
internal import Lexical
internal import Records
internal import Terminology
internal import VectorIndex

/// The terms that have to do with one, from the dictionaries, the words and the vectors of an organization's terms.
struct RelatedSearch {
    let book: TermBook
    let words: LexicalIndex
    /// Nil where there are no vectors.
    let vectors: CosineIndex?
    let user: Identifier
    let time: Timestamp

    /// Fewer would be used up by those that the entry names or mentions.
    static let nearMin = 32
    /// What is less near has nothing to do with it.
    static let similarityMin: Float = 0.3

    /// Nil where it was to stop.
    func related(to subject: RelatedSubject, _ vector: [Float]?, limit: Int, shouldStop: @escaping @Sendable () -> Bool) -> [RelatedTerm]? {
        let near = vector.map { self.near($0, k: 2 * limit + RelatedSearch.nearMin, shouldStop) } ?? []
        return book.related(
            to: subject, near: near, for: user, limit: limit, rarities: { words.rarities(of: $0, filter: filter, at: Moment(time)) }, shouldStop: shouldStop)
    }

    /// What the user sees.
    private var filter: Filter? { Narrowing(user: user).filter(on: .term, and: nil) }

    /// The nearest that are near enough; none where there is nothing to compare with.
    func near(_ vector: [Float], k: Int, _ shouldStop: @escaping @Sendable () -> Bool) -> [(id: Identifier, similarity: Double)] {
        guard let vectors else { return [] }
        let query = IndexQuery(vector: vector, k: k, filter: filter, time: time, recallTarget: MemoryEngine.recallDefault, shouldStop: shouldStop)
        guard let answer = try? vectors.search(query) else { return [] }
        return answer.hits.filter { $0.score >= RelatedSearch.similarityMin }.map { ($0.id, Double($0.score)) }
    }
}
