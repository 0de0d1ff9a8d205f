import Columns
import Synchronization
import Vectors

/// The rows that a filter admits, of one snapshot.
final class MatchingRows: Sendable {
    let rows: RowSet
    let count: Int
    /// The numbers of the rows, in ascending order, where they are few.
    let numbers: [UInt32]?

    static let numberedMax = 8_192

    init(_ rows: RowSet, count: Int) {
        self.rows = rows
        self.count = count
        guard count <= MatchingRows.numberedMax else {
            numbers = nil
            return
        }
        var numbers: [UInt32] = []
        numbers.reserveCapacity(count)
        rows.list(into: &numbers)
        self.numbers = numbers
    }

    func intersected(with other: MatchingRows) -> MatchingRows {
        let common = RowSet(rows, intersectedWith: other.rows)
        return MatchingRows(common, count: common.count(in: 0..<common.count))
    }
}

/// What filters that come again and again admit, so that only rows which came since are tried.
///
/// A row's columns never change, so what an expression says of the first rows of a chunk holds as long as the chunk does. When no row came or went either,
/// the whole answer is there.
final class FilterCache: Sendable {
    /// What an expression says of the first `count` rows that a chunk has, alive or not.
    private struct Part: Sendable {
        let columns: ColumnChunk
        let count: Int
        let rows: Bitmap
    }

    private struct Entry: Sendable {
        var parts: [Part?]
        /// The live rows that the answer was made from.
        var live: RowSet
        var answer: MatchingRows
        var usedAt: UInt64
    }

    private struct State {
        var entries: [Expression: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private static let bytesMax = 16 << 20
    private static let entriesMax = 256

    /// The rows of the snapshot that are alive and that the expression admits, whenever they expire; nil when it was stopped.
    func rows(_ expression: Expression, of snapshot: Snapshot, live: RowSet, shouldStop: () -> Bool) -> MatchingRows? {
        let known = state.withLock { state -> Entry? in
            state.uses += 1
            state.entries[expression]?.usedAt = state.uses
            return state.entries[expression]
        }
        if let known, known.live === live { return known.answer }
        var parts = known?.parts ?? []
        let rows = RowSet(count: live.count)
        var (count, isStopped) = (0, false)
        snapshot.chunks.forEach { slot, chunk in
            guard !isStopped, !shouldStop() else {
                isStopped = true
                return
            }
            while parts.count <= slot { parts.append(nil) }
            let part: Part
            if let old = parts[slot], old.columns === chunk.columns, old.count == chunk.count {
                part = old
            } else {
                part = Part(columns: chunk.columns, count: chunk.count, rows: expression.select(in: chunk.columns, among: Bitmap(below: chunk.count)))
                parts[slot] = part
            }
            var matching = part.rows
            matching.formIntersection(chunk.live)
            count += matching.count
            for word in 0..<Chunk.capacity / 64 { rows.setWord(slot * (Chunk.capacity / 64) + word, matching.word(word)) }
        }
        guard !isStopped else { return nil }
        let answer = MatchingRows(rows, count: count)
        keep(Entry(parts: parts, live: live, answer: answer, usedAt: 0), of: expression)
        return answer
    }

    private func keep(_ entry: Entry, of expression: Expression) {
        let bytesEach = max(1, entry.live.count / 4 + entry.parts.count * 32 + (entry.answer.numbers?.count ?? 0) * 4)
        let countMax = max(1, min(FilterCache.entriesMax, FilterCache.bytesMax / bytesEach))
        state.withLock { state in
            state.entries[expression] = entry
            state.entries[expression]?.usedAt = state.uses
            while state.entries.count > countMax, let oldest = state.entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
                state.entries[oldest.key] = nil
            }
        }
    }
}
