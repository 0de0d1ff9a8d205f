import Columns
import Foundation
import Records
import Synchronization
import VectorIndex

extension IndexBenchmark {
    /// Inserts a second into the trained index, and searches while 2,000 changes a second go in.
    func measureChanges(_ subject: Subject) throws {
        let base = subject.base
        let put = { @Sendable (number: Int) -> IndexChange in
            let attributes = Attributes(
                id: Identifier(high: 1, low: UInt64(number)), agent: nil, type: .fact, createdAt: IndexBenchmark.now, updatedAt: IndexBenchmark.now)
            // A neighbour of a row that is there.
            var vector = base[number % base.count]
            vector[number % vector.count] += 0.1 * vector[0]
            return .put(attributes, vector: vector)
        }
        let quiet = try latencies(subject, seconds: 3)
        let started = Date()
        let first = subject.base.count
        var count = 0
        while Date().timeIntervalSince(started) < 2 {
            subject.index.apply([put(first + count)])
            count += 1
        }
        print(String(format: "inserts, one at a time    %.0f a second", Double(count) / Date().timeIntervalSince(started)))
        let isOver = Atomic<Bool>(false)
        let done = DispatchGroup()
        let (changes, inserted, index) = (2_000.0, first + count, subject.index)
        DispatchQueue(label: "writer").async(group: done) {
            let begun = Date()
            var sent = 0
            while !isOver.load(ordering: .acquiring) {
                // As many as are due: half of them new, half of them gone.
                if Double(sent) < Date().timeIntervalSince(begun) * changes {
                    index.apply([put(inserted + sent)])
                    index.apply([.remove(Identifier(high: 1, low: UInt64(first + sent / 2)))])
                    sent += 2
                } else {
                    usleep(200)
                }
            }
            print(String(format: "changes meanwhile         %.0f a second", Double(sent) / Date().timeIntervalSince(begun)))
        }
        let busy = try latencies(subject, seconds: 5)
        isOver.store(true, ordering: .releasing)
        done.wait()
        print(String(format: "search, nothing else      p50 %.1f µs  p99 %.1f µs", quiet.p50, quiet.p99))
        print(String(format: "search, with the changes  p50 %.1f µs  p99 %.1f µs  (%.2f of quiet)", busy.p50, busy.p99, busy.p99 / quiet.p99))
    }

    private func latencies(_ subject: Subject, seconds: Double) throws -> (p50: Double, p99: Double) {
        var times: [Double] = []
        let started = Date()
        while Date().timeIntervalSince(started) < seconds {
            for vector in subject.queries.prefix(500) {
                let begun = DispatchTime.now().uptimeNanoseconds
                _ = try subject.index.search(IndexQuery(vector: vector, k: k, time: IndexBenchmark.now))
                times.append(Double(DispatchTime.now().uptimeNanoseconds - begun) / 1_000)
            }
        }
        times.sort()
        return (times[times.count / 2], times[times.count * 99 / 100])
    }
}
