internal import Columns
internal import Lexical
internal import Recall
internal import Records
internal import Storage
internal import Synchronization
internal import Terminology
internal import VectorIndex

/// The index of one kind of one organization, in the organization's space.
struct Partition: Sendable {
    let space: EmbeddingSpace
    let index: CosineIndex
}

/// All partitions in memory. An organization has none before its first vector, which fixes its space.
final class Partitions: Sendable {
    private struct Name: Hashable {
        let organization: Identifier
        let kind: Kind
    }

    private struct State {
        var spaces: [Identifier: EmbeddingSpace] = [:]
        var indexes: [Name: CosineIndex] = [:]
        var words: [Name: LexicalIndex] = [:]
        var terms: [Identifier: TermBook] = [:]
        /// Whether the words of all rows were read.
        var hasWords = false
        /// Of organizations that chose.
        var styles: [Identifier: ListStyle] = [:]
    }

    private let state = Mutex(State())
    private let trainer: IndexTrainer
    private static let styleDefault = ListStyle.codes

    init(_ tenancy: Tenancy, trainer: IndexTrainer) {
        self.trainer = trainer
        state.withLock { state in
            for organization in tenancy.organizations { state.styles[organization.id] = organization.listStyle }
        }
        for space in tenancy.spaces { ensure(space) }
    }

    func space(of organization: Identifier) -> EmbeddingSpace? { state.withLock { $0.spaces[organization] } }

    subscript(organization: Identifier, kind: Kind) -> Partition? {
        state.withLock { state in
            guard let space = state.spaces[organization], let index = state.indexes[Name(organization: organization, kind: kind)] else { return nil }
            return Partition(space: space, index: index)
        }
    }

    func all(of kind: Kind) -> [(organization: Identifier, index: CosineIndex)] {
        state.withLock { state in state.indexes.filter { $0.key.kind == kind }.map { ($0.key.organization, $0.value) } }
    }

    /// Makes the partitions of that space, if the organization has none.
    func ensure(_ space: EmbeddingSpace) {
        state.withLock { state in
            guard state.spaces[space.organization] == nil else { return }
            state.spaces[space.organization] = space
            for kind in Kind.searchable {
                state.indexes[Name(organization: space.organization, kind: kind)] = CosineIndex(
                    kind: kind, dimension: space.dimension, style: state.styles[space.organization] ?? Partitions.styleDefault)
            }
        }
    }

    /// What an organization's lists keep; those that keep something else are trained anew.
    func use(_ style: ListStyle?, for organization: Identifier) {
        let indexes = state.withLock { state in
            state.styles[organization] = style
            return Kind.searchable.compactMap { state.indexes[Name(organization: organization, kind: $0)] }
        }
        for index in indexes {
            index.use(style ?? Partitions.styleDefault)
            trainer.consider(index)
        }
    }

    /// Takes what a write left into the indexes.
    func apply(_ outcome: WriteOutcome, of organization: Identifier) {
        let analyzer = TextAnalyzer()
        var changes: [Kind: [RowChange]] = [:]
        for memory in outcome.memories { changes[.memory, default: []].append(.of(memory, analyzer)) }
        for record in outcome.records where record.schema.hasVector { changes[record.kind, default: []].append(.of(record, analyzer)) }
        for (kind, ids) in outcome.removed where Kind.searchable.contains(kind) { changes[kind, default: []] += ids.map { .remove($0) } }
        for (kind, list) in changes { apply(list, to: organization, kind) }
        learn(outcome.records.compactMap(LessonChange.init) + (outcome.removed[.pattern] ?? []).map { .remove($0) }, of: organization)
    }

    /// Takes what was learned of users of an organization, or is gone.
    func learn(_ lessons: [LessonChange], of organization: Identifier) { if !lessons.isEmpty { terms(of: organization).learn(lessons) } }

    /// Takes changes into the indexes of one kind, and has lists trained if they now need that.
    func apply(_ changes: [RowChange], to organization: Identifier, _ kind: Kind) {
        applyWords(changes, to: organization, kind)
        guard let index = self[organization, kind]?.index else { return }
        index.apply(changes.map(\.index))
        trainer.consider(index)
    }

    // MARK: Words

    func applyWords(_ changes: [RowChange], to organization: Identifier, _ kind: Kind) {
        words(of: organization, kind).apply(changes.map(\.words))
        if kind == .term { terms(of: organization).apply(changes.compactMap(\.term)) }
    }

    /// The dictionaries of its users.
    func terms(of organization: Identifier) -> TermBook {
        state.withLock { state in
            if let known = state.terms[organization] { return known }
            let new = TermBook()
            state.terms[organization] = new
            return new
        }
    }

    /// Those of one kind, whether there are vectors of it or not.
    func words(of organization: Identifier, _ kind: Kind) -> LexicalIndex {
        state.withLock { state in
            let name = Name(organization: organization, kind: kind)
            if let known = state.words[name] { return known }
            let new = LexicalIndex(kind: kind)
            state.words[name] = new
            return new
        }
    }

    var allWords: [(organization: Identifier, index: LexicalIndex)] { state.withLock { state in state.words.map { ($0.key.organization, $0.value) } } }

    var hasWords: Bool {
        get { state.withLock { $0.hasWords } }
        set { state.withLock { $0.hasWords = newValue } }
    }

    /// Leaves nothing behind of an organization's rows that are gone: searches that are under way finish on what they began with.
    func shed(_ organization: Identifier) {
        for kind in Kind.searchable {
            words(of: organization, kind).shed()
            guard let index = self[organization, kind]?.index else { continue }
            index.shed()
            if index.statistics.lists > 0 { trainer.renew(index) }
        }
        terms(of: organization).shed()
    }

    /// Takes rows into one index whose lists are trained when all are there.
    func load(_ rows: [IndexChange], into organization: Identifier, _ kind: Kind) { self[organization, kind]?.index.apply(rows) }

    func trainAll() {
        for kind in Kind.searchable { for (_, index) in all(of: kind) { trainer.consider(index) } }
    }
}

extension LessonChange {
    /// Nil of what is no pattern.
    init?(_ record: Record) {
        guard record.kind == .pattern else { return nil }
        self = TermLesson(record).map { .put(record.id, $0) } ?? .remove(record.id)
    }
}

extension IndexChange {
    static func of(_ row: StoredRow) -> IndexChange {
        switch row {
        case .memory(let memory): .of(memory)
        case .record(let record): .of(record)
        }
    }

    /// Without a vector no search can find it.
    static func of(_ memory: Memory) -> IndexChange {
        guard let embedding = memory.embedding, memory.deletedAt == nil else { return .remove(memory.id) }
        return .put(Attributes(memory), vector: embedding.vector)
    }

    static func of(_ record: Record) -> IndexChange {
        guard let embedding = record.embedding, record.deletedAt == nil else { return .remove(record.id) }
        return .put(Attributes(record), vector: embedding.vector)
    }
}
