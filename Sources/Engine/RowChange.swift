internal import Columns
internal import Lexical
internal import Recall
internal import Records
internal import Storage
internal import Terminology
internal import VectorIndex

/// What a row that was written, or read, is to the indexes of its partition.
struct RowChange: Sendable {
    /// Without a vector no search by vectors can find it.
    let index: IndexChange
    let words: LexicalChange
    /// Of terms alone.
    var term: TermChange?

    static func remove(_ id: Identifier) -> RowChange { RowChange(index: .remove(id), words: .remove(id), term: .remove(id)) }

    static func of(_ memory: Memory, _ analyzer: TextAnalyzer) -> RowChange {
        guard memory.deletedAt == nil else { return .remove(memory.id) }
        return RowChange(index: .of(memory), words: .put(Attributes(memory), analyzer.analyze(memory.content)))
    }

    static func of(_ record: Record, _ analyzer: TextAnalyzer) -> RowChange {
        guard record.deletedAt == nil else { return .remove(record.id) }
        return RowChange(index: .of(record), words: record.embeddedText.map { .put(Attributes(record), analyzer.analyze($0, saidBy: record.speaker)) } ?? .remove(record.id),
            term: TermEntry(record).map { .put($0) })
    }
}

extension RowChange {
    static func of(_ row: StoredRow, _ analyzer: TextAnalyzer) -> RowChange {
        switch row {
        case .memory(let memory): .of(memory, analyzer)
        case .record(let record): .of(record, analyzer)
        }
    }
}

extension TermEntry {
    /// Nil of what is no term.
    init?(_ record: Record) {
        guard record.kind == .term, let owner = record.identifier(.user), let term = record.text(.term) else { return nil }
        self.init(
            id: record.id, owner: owner, term: term, context: record.text(.context), frecency: Frecency(record), isPublic: record.flag(.isPublic) ?? false,
            standing: record.text(.status).flatMap { TermStanding(name: $0) } ?? .preferred, preferred: record.text(.preferred),
            language: record.text(.language).flatMap { Language(tag: $0) })
    }
}
