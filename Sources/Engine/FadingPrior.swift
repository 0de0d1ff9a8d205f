internal import Columns
internal import Recall
internal import Records
internal import VectorIndex

/// What importance and retention say for a memory at one moment.
struct FadingPrior: RowPrior {
    let fading: Fading
    let weights: RecallWeights
    let time: Timestamp

    var range: ClosedRange<Float> { 0...Float(weights.importance + weights.recency) }

    func prior(of row: Int, in columns: ColumnChunk) -> Float {
        let facts = MemoryFacts(
            type: MemoryType(rawValue: columns.type(row)) ?? .fact, importance: columns.importance(row), accessCount: columns.accessCount(row), createdAt: columns.createdAt(row),
            lastAccessedAt: columns.lastAccessedAt(row))
        let retention = fading.retention(facts, at: time)
        return Float(weights.score(relevance: 0, importance: facts.importance * retention, retention: retention))
    }
}

extension MemoryFacts {
    init(_ memory: Memory) {
        self.init(
            type: memory.type, importance: memory.importance, accessCount: memory.accessCount, createdAt: memory.createdAt, lastAccessedAt: memory.lastAccessedAt)
    }
}
