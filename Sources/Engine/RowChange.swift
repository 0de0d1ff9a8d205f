internal import Columns
internal import Lexical
internal import Records
internal import Storage
internal import VectorIndex

/// What a row that was written, or read, is to the indexes of its partition.
struct RowChange: Sendable {
    /// Without a vector no search by vectors can find it.
    let index: IndexChange
    let words: LexicalChange

    static func remove(_ id: Identifier) -> RowChange { RowChange(index: .remove(id), words: .remove(id)) }

    static func of(_ memory: Memory, _ analyzer: TextAnalyzer) -> RowChange {
        guard memory.deletedAt == nil else { return .remove(memory.id) }
        return RowChange(index: .of(memory), words: .put(Attributes(memory), analyzer.analyze(memory.content)))
    }

    static func of(_ record: Record, _ analyzer: TextAnalyzer) -> RowChange {
        guard record.deletedAt == nil else { return .remove(record.id) }
        return RowChange(index: .of(record), words: record.embeddedText.map { .put(Attributes(record), analyzer.analyze($0, saidBy: record.speaker)) } ?? .remove(record.id))
    }
}

extension LexicalChange {
    static func of(_ row: StoredRow, _ analyzer: TextAnalyzer) -> LexicalChange {
        switch row {
        case .memory(let memory): RowChange.of(memory, analyzer).words
        case .record(let record): RowChange.of(record, analyzer).words
        }
    }
}
