import Columns
import Records
import Vectors

/// One query on its way through the chunks of a snapshot.
///
/// Every score comes from the same kernel in the same order of additions, whichever way a row was reached: alone, in a block or as a candidate
/// of a batch. So every way gives the same answer to the last bit.
struct Scan {
    private let unit: [Float]
    private let ranks: RowRanks?
    private let kernels = Kernels.best
    private var top: TopK<Identifier>
    private var scores: [Float]
    private var rows: [UInt32] = []
    /// One bit a row of a chunk.
    private var selection: [UInt64]
    private var rowsScored = 0

    /// `unit` has length one and the index's dimension.
    init(unit: [Float], k: Int, ranks: RowRanks? = nil) {
        self.unit = unit
        self.ranks = ranks
        top = TopK(k: k)
        scores = Array(repeating: 0, count: Chunk.capacity)
        selection = Array(repeating: 0, count: Chunk.capacity / 64)
        rows.reserveCapacity(Chunk.capacity)
    }

    /// Scores the rows of one chunk: as a block when all of them match, else one by one.
    mutating func visit(_ chunk: Chunk, slot: Int = 0, matching: Bitmap) {
        let count = matching.count
        guard count > 0 else { return }
        rowsScored += count
        rows.removeAll(keepingCapacity: true)
        if let ranks {
            kernels.score(of: unit, rowsBelow: chunk.count, in: chunk.matrix, into: &scores)
            ranks.rank(matching, of: chunk, slot: slot, &scores)
            select(matching, of: chunk, from: scores, offset: 0, atLeast: top.threshold)
            for row in rows where scores[Int(row)] >= top.threshold { top.offer(score: scores[Int(row)], id: chunk.columns.identifier(Int(row))) }
        } else if count == chunk.count {
            kernels.score(of: unit, rowsBelow: count, in: chunk.matrix, into: &scores)
            select(matching, of: chunk, from: scores, offset: 0, atLeast: top.threshold)
            for row in rows { offer(scores[Int(row)], Int(row), of: chunk) }
        } else {
            matching.append(to: &rows)
            scoreRows(of: chunk)
        }
    }

    /// Scores those rows of one chunk that can enter, judging by `estimates[offset + row]`, which lie within `bound` of the scores.
    mutating func visit(_ chunk: Chunk, matching: Bitmap, estimates: [Float], offset: Int, bound: Float) {
        rowsScored += matching.count
        rows.removeAll(keepingCapacity: true)
        let least = top.isFull ? top.threshold - bound : leastEstimate(matching, estimates, offset, bound)
        select(matching, of: chunk, from: estimates, offset: offset, atLeast: least)
        scoreRows(of: chunk)
    }

    /// Puts the matching rows whose value is `least` or more into `rows`.
    private mutating func select(_ matching: Bitmap, of chunk: Chunk, from values: [Float], offset: Int, atLeast least: Float) {
        // A cosine that rounding carried beyond −1 counts as −1.
        kernels.select(values, from: offset, count: chunk.count, atLeast: least <= -1 && ranks == nil ? -.infinity : least, into: &selection)
        for word in 0..<(chunk.count + 63) / 64 {
            var rest = selection[word] & matching.word(word)
            while rest != 0 {
                rows.append(UInt32(word << 6 | rest.trailingZeroBitCount))
                rest &= rest &- 1
            }
        }
    }

    /// When k rows of a block have estimates of at least e, the k-th best score is at least e − bound, and what can beat it has an estimate of
    /// at least e − 2 · bound.
    private func leastEstimate(_ matching: Bitmap, _ estimates: [Float], _ offset: Int, _ bound: Float) -> Float {
        var best = TopK<Int>(k: top.k)
        matching.forEach { row in
            if estimates[offset + row] > best.threshold { best.offer(score: estimates[offset + row], id: row) }
        }
        return best.threshold - 2 * bound
    }

    private mutating func scoreRows(of chunk: Chunk) {
        kernels.score(of: unit, selected: rows, in: chunk.matrix, into: &scores)
        for (place, row) in rows.enumerated() { offer(scores[place], Int(row), of: chunk) }
    }

    @inline(__always)
    private mutating func offer(_ score: Float, _ row: Int, of chunk: Chunk) {
        let clamped = min(max(score, -1), 1)
        if clamped >= top.threshold { top.offer(score: clamped, id: chunk.columns.identifier(row)) }
    }

    func answer(rowsTotal: Int) -> IndexAnswer {
        IndexAnswer(
            hits: top.sorted.map { Hit(id: $0.id, score: $0.score) },
            report: SearchReport(rowsTotal: rowsTotal, rowsMatching: rowsScored, rowsVisited: rowsScored, rowsScored: rowsScored))
    }
}
