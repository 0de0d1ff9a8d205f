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
        let use = columns.use(row)
        let retention = use.isPinned ? 1 : fading.retention(type: use.memoryType, accessCount: Int64(use.accessCount), lastUsedAt: use.lastUsedAt, at: time)
        return Float(weights.score(relevance: 0, importance: use.importance * retention, retention: retention))
    }

    /// Of one of which nothing is forgotten.
    func most(of row: Int, in columns: ColumnChunk) -> Float { Float(weights.score(relevance: 0, importance: columns.use(row).importance, retention: 1)) }

    func rows(of columns: ColumnChunk, among candidates: Bitmap, atLeast least: Float) -> Bitmap {
        var rows = Bitmap()
        let wanted = Double(least) - FadingPrior.slack
        // Those that are not important enough even if nothing of them were forgotten need no closer look.
        columns.rows(importance: weights.importance > 0 ? (wanted - weights.recency) / weights.importance : 0, among: candidates).forEach { row in
            let use = columns.use(row)
            let halvings = use.isPinned ? 0 : fading.halvings(type: use.memoryType, accessCount: Int64(use.accessCount), lastUsedAt: use.lastUsedAt, at: time)
            // 2^−x is no more than 1 / (1 + x · ln 2), which is found in less time.
            guard weights.importance * use.importance + weights.recency >= wanted * (1 + halvings * FadingPrior.naturalOfTwo) else { return }
            if prior(of: row, in: columns) >= least { rows[row] = true }
        }
        return rows
    }

    private static let naturalOfTwo = 0.693147
    private static let slack = 1e-6
}

extension RowUse {
    fileprivate var memoryType: MemoryType { MemoryType(rawValue: type) ?? .fact }
}
