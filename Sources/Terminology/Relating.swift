public import Lexical
public import Records

/// An entry, as far as its relatives need to know it.
public struct RelatedSubject: Sendable {
    public var id: Identifier
    public var term: String
    public var definition: String
    /// Terms, or identifiers of entries, that it names.
    public var named: [String]
    public var language: Language?

    public init(id: Identifier, term: String, definition: String, named: [String] = [], language: Language? = nil) {
        (self.id, self.term, self.definition, self.named, self.language) = (id, term, definition, named, language)
    }
}

extension TermBook {
    /// Three voices: what the entry names as related, in its order; what its definition mentions, the rarest words first; and what is near in meaning. Each gives a term
    /// its weight over 60 and its place there (Cormack, Clarke and Büttcher, 2009), and these add up. Nil where it was to stop.
    public func related(
        to subject: RelatedSubject, near: [(id: Identifier, similarity: Double)], for user: Identifier, limit: Int, rarities: ([String]) -> [Double], shouldStop: () -> Bool
    ) -> [RelatedTerm]? {
        let (terms, contexts) = terms(shownTo: user)
        var detecting = Detecting(subject.definition, in: terms, contexts, context: nil)
        guard let mentioned = detecting.detect(in: subject.language, shouldStop: shouldStop) else { return nil }
        var found = RelatedRows(terms, besides: subject)
        found.begin(weight: 4)
        for name in subject.named { if let place = terms.place(named: name) { found.add(place) { $0.isNamed = true } } }
        found.begin(weight: 2)
        let counts = mentioned.occurrences.reduce(into: [Int: Int]()) { $0[$1.term, default: 0] += 1 }
        let weights = rarities(mentioned.terms.map(\.term))
        for number in weights.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) }) {
            if let place = terms.place(of: mentioned.terms[number].id) { found.add(place) { $0.mentions = counts[number] ?? 0 } }
        }
        found.begin(weight: 1)
        for (id, similarity) in near { if let place = terms.place(of: id) { found.add(place) { $0.similarity = similarity } } }
        return found.best(limit).map { row in
            let table = terms.tables[row.place].table
            return RelatedTerm(
                id: table.ids[row.row], term: table.term(row.row), context: contexts.name(table.contexts[row.row]), isOwn: terms.isOwn(row.place),
                isDeprecated: table.standing(row.row) == .deprecated, isNamed: row.isNamed, mentions: row.mentions, similarity: row.similarity)
        }
    }
}

/// What the voices found, each term once whoever says it.
private struct RelatedRows {
    struct Row {
        let place: Int
        let row: Int
        var isNamed = false
        var mentions = 0
        var similarity: Double?
        var score = 0.0
    }

    private static let placesMin = 60.0

    private let terms: VisibleTerms
    private var rows: [TermKey: Row] = [:]
    /// What the voice has said that speaks now, and how much it counts.
    private var said: Set<TermKey> = []
    private var weight = 0.0
    private let subject: RelatedSubject
    private let key: TermKey

    init(_ terms: VisibleTerms, besides subject: RelatedSubject) {
        self.terms = terms
        self.subject = subject
        key = TermKey(subject.term)
    }

    mutating func begin(weight: Double) { (said, self.weight) = ([], weight) }

    /// Of what is written alike, the one that is said first is kept; what the entry itself is called is no relative.
    mutating func add(_ place: (place: Int, row: Int), _ change: (inout Row) -> Void) {
        let table = terms.tables[place.place].table
        let key = table.key(place.row)
        guard table.ids[place.row] != subject.id, key != self.key, said.insert(key).inserted else { return }
        var row = rows[key] ?? Row(place: place.place, row: place.row)
        change(&row)
        row.score += weight / (RelatedRows.placesMin + Double(said.count))
        rows[key] = row
    }

    func best(_ limit: Int) -> [Row] {
        let ordered = rows.sorted { left, right in left.value.score != right.value.score ? left.value.score > right.value.score : left.key.bytes.lexicographicallyPrecedes(right.key.bytes) }
        return ordered.prefix(limit).map(\.value)
    }
}
