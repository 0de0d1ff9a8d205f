import Columns
import Foundation
import Records
import VectorIndex
import Vectors

extension IndexBenchmark {
    private static let shares = [0.5, 0.1, 0.01, 0.001]

    /// Recall and latency under filters that admit from half of the rows to one in a thousand: rows at random, and those nearest to one row, wherever the query is.
    func measureFilters(_ subject: Subject) throws {
        try tag(subject)
        let plain = try asked(subject, nil)
        line("no filter", plain)
        for share in IndexBenchmark.shares {
            for kind in ["random", "near one row"] {
                let outcome = try asked(subject, .equals(.tags, .text("\(kind) \(share)")))
                line("\(kind), \(share * 100) %", outcome, against: plain.p50)
            }
        }
    }

    private struct Outcome {
        var recall: Double
        var least: Double
        var estimate: Double
        var p50: Double
        var p99: Double
        var exact: Double
        var scored: Double
    }

    private func line(_ name: String, _ outcome: Outcome, against plain: Double? = nil) {
        let ratio = plain.map { String(format: " (%.2f of none)", outcome.p50 / $0) } ?? ""
        print(String(
            format: "%@ recall %.4f (worst query %.2f, estimate %.4f)  p50 %6.1f µs%@  p99 %6.1f µs  compared %.0f, exact %.0f %%",
            name.padding(toLength: 22, withPad: " ", startingAt: 0), outcome.recall, outcome.least, outcome.estimate, outcome.p50, ratio, outcome.p99, outcome.scored,
            outcome.exact * 100))
    }

    /// Puts every row again, with the tags of the filters that admit it.
    private func tag(_ subject: Subject) throws {
        let anchor = subject.base[subject.base.count / 3]
        let near = try subject.index.search(IndexQuery(vector: anchor, k: Limits.kMax, time: IndexBenchmark.now, exact: true)).hits
        // Beyond so many the nearest are found by their products.
        let length = { (vector: [Float]) in Kernels.best.dot(vector, vector).squareRoot() }
        let products = subject.base.map { Kernels.best.dot($0, anchor) / length($0) }
        let ordered = products.sorted(by: >)
        note("tags for filters; the nearest \(near.count) of the anchor reach down to \(near.last?.score ?? 0)")
        var random = SeededRandom(seed: 9)
        for start in stride(from: 0, to: subject.base.count, by: 1_024) {
            subject.index.apply(
                (start..<min(subject.base.count, start + 1_024)).map { row in
                    let chance = random.unit()
                    let tags = IndexBenchmark.shares.flatMap { share -> [String] in
                        let least = ordered[Int(Double(ordered.count - 1) * share)]
                        return (chance <= share ? ["random \(share)"] : []) + (products[row] >= least ? ["near one row \(share)"] : [])
                    }
                    let attributes = Attributes(
                        id: Identifier(high: 0, low: UInt64(row)), agent: nil, type: .fact, tags: tags, createdAt: IndexBenchmark.now, updatedAt: IndexBenchmark.now)
                    return .put(attributes, vector: subject.base[row])
                })
        }
        if subject.index.wantsTraining { subject.index.train(threads: 2) }
    }

    private func asked(_ subject: Subject, _ filter: Filter?) throws -> Outcome {
        var times: [Double] = [], recalls: [Double] = [], estimates = 0.0, exact = 0.0, scored = 0.0
        for round in 0..<2 {
            for vector in subject.queries {
                let started = DispatchTime.now().uptimeNanoseconds
                let answer = try subject.index.search(IndexQuery(vector: vector, k: k, filter: filter, time: IndexBenchmark.now))
                if round > 0 { times.append(Double(DispatchTime.now().uptimeNanoseconds - started) / 1_000) }
                guard round == 0 else { continue }
                let truth = try subject.index.search(IndexQuery(vector: vector, k: k, filter: filter, time: IndexBenchmark.now, exact: true))
                guard truth.hits.count == answer.hits.count else { throw BenchError("an answer has \(answer.hits.count) rows, and \(truth.hits.count) are there") }
                let kth = truth.hits.last?.score ?? -1
                recalls.append(truth.hits.isEmpty ? 1 : Double(answer.hits.filter { $0.score >= kth }.count) / Double(truth.hits.count))
                estimates += answer.report.recallEstimate
                exact += answer.report.isExact ? 1 : 0
                scored += Double(answer.report.rowsScored)
            }
        }
        times.sort()
        let count = Double(subject.queries.count)
        return Outcome(
            recall: recalls.reduce(0, +) / count, least: recalls.min() ?? 1, estimate: estimates / count, p50: times[times.count / 2],
            p99: times[times.count * 99 / 100], exact: exact / count, scored: scored / count)
    }
}
