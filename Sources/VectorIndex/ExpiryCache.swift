import Columns
import Records
import Synchronization
import Vectors

/// The rows that are alive and have not expired, until one comes or goes or the next expires.
final class ExpiryCache: Sendable {
    private struct Entry: Sendable {
        /// The live rows that the answer was made from.
        let live: RowSet
        let answer: MatchingRows
        /// It holds from the one moment to before the other.
        let from: Timestamp
        let until: Timestamp?
    }

    private let known = Mutex<Entry?>(nil)

    func rows(of snapshot: Snapshot, live: RowSet, at time: Timestamp) -> MatchingRows {
        if let known = known.withLock({ $0 }), known.live === live, known.from <= time, known.until.map({ time < $0 }) ?? true { return known.answer }
        let rows = RowSet(live, count: live.count)
        var (from, until): (Timestamp?, Timestamp?) = (nil, nil)
        snapshot.chunks.forEach { slot, chunk in
            guard let first = chunk.firstExpiry, first <= time else { return until = earlier(until, chunk.firstExpiry) }
            chunk.live.forEach { row in
                guard let expiry = chunk.columns.expiry(row) else { return }
                guard expiry <= time else { return until = earlier(until, expiry) }
                from = max(expiry, from ?? expiry)
                rows[slot * Chunk.capacity + row] = false
            }
        }
        let answer = MatchingRows(rows, count: rows.count(in: 0..<rows.count))
        known.withLock { $0 = Entry(live: live, answer: answer, from: from ?? time, until: until) }
        return answer
    }

    private func earlier(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
        guard let a, let b else { return a ?? b }
        return min(a, b)
    }
}
