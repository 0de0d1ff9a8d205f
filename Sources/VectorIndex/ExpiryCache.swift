import Columns
import Records
import Synchronization
import Vectors

/// The rows that are kept and of the present, until one comes or goes, or the next begins or ends.
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

    func rows(of snapshot: Snapshot, live: RowSet, at moment: Moment) -> MatchingRows {
        let time = moment.valid
        if moment.known == nil, let known = known.withLock({ $0 }), known.live === live, known.from <= time, known.until.map({ time < $0 }) ?? true { return known.answer }
        let rows = RowSet(live, count: live.count)
        var (from, until): (Timestamp?, Timestamp?) = (nil, nil)
        func passes(_ bound: Timestamp?) {
            guard let bound else { return }
            if bound <= time { from = max(bound, from ?? bound) } else { until = min(bound, until ?? bound) }
        }
        snapshot.chunks.forEach { slot, chunk in
            guard chunk.lifespan.mayHide(at: moment) else {
                passes(chunk.lifespan.firstEnd)
                return passes(chunk.lifespan.lastStart)
            }
            var hidden = chunk.live
            hidden.subtract(chunk.columns.alive(at: moment, among: chunk.live))
            hidden.forEach { rows[slot * Chunk.capacity + $0] = false }
            guard moment.known == nil else { return }
            chunk.live.forEach { row in
                passes(chunk.columns.end(row))
                passes(chunk.columns.start(row))
            }
        }
        let answer = MatchingRows(rows, count: rows.count(in: 0..<rows.count))
        if moment.known == nil { known.withLock { $0 = Entry(live: live, answer: answer, from: from ?? time, until: until) } }
        return answer
    }
}
