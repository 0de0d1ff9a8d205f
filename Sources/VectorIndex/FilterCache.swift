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

/// What filters that come again and again admit: where no row came or went since, the whole answer is there.
final class FilterCache: Sendable {
    private struct Entry: Sendable {
        /// The live rows that the answer was made from.
        let live: RowSet
        let answer: MatchingRows
        var usedAt: UInt64
    }

    private struct State {
        var entries: [Expression: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let selections = SelectionCache()
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
        var parts = selections.selections(of: expression)
        let rows = RowSet(count: live.count)
        var (count, isStopped) = (0, false)
        snapshot.chunks.forEach { slot, chunk in
            guard !isStopped, !shouldStop() else {
                isStopped = true
                return
            }
            var matching = parts.rows(of: chunk.columns, below: chunk.count, slot: slot)
            matching.formIntersection(chunk.live)
            count += matching.count
            for word in 0..<Chunk.capacity / 64 { rows.setWord(slot * (Chunk.capacity / 64) + word, matching.word(word)) }
        }
        guard !isStopped else { return nil }
        selections.keep(parts)
        let answer = MatchingRows(rows, count: count)
        keep(Entry(live: live, answer: answer, usedAt: 0), of: expression)
        return answer
    }

    private func keep(_ entry: Entry, of expression: Expression) {
        let bytesEach = max(1, entry.live.count / 8 + (entry.answer.numbers?.count ?? 0) * 4)
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
