import Columns
import Foundation
import Records
import VectorIndex
import Vectors

/// Recall and queries per second of the index, for each of its settings.
struct IndexBenchmark {
    private let folder: String
    private let k: Int
    private let rounds: Int
    private let threads: Int
    private let lists: Int?
    private let limit: Int?
    private let asJSON: Bool
    private let options: Options

    /// A line of the outcome.
    struct Row: Encodable {
        var engine = "pinyon"
        var params: String
        var dataset: String
        var recall10: Double
        var recall10_p5: Double
        var qps_1thread: Double
        var p50_us: Double
        var p99_us: Double
        var qps_batch_2thread: Double
        var build_s: Double
        var bytes: Int
        var estimate: Double
        var lists: Double
        var scored: Double
    }

    init(_ options: Options) throws {
        guard let folder = options["dataset"] else { throw BenchError("index needs --dataset DIR, a folder with base.npy and query.npy") }
        self.folder = folder
        self.options = options
        k = options.integer("k", 10)
        rounds = options.integer("rounds", 3)
        threads = options.integer("threads", 2)
        lists = options["lists"].flatMap { Int($0) }
        limit = options["rows"].flatMap { Int($0) }
        asJSON = options["json"] != nil
        guard k >= 1, k <= 10_000 else { throw BenchError("--k is between 1 and 10000") }
    }

    func run() throws {
        let base = try NPYFile("\(folder)/base.npy"), query = try NPYFile("\(folder)/query.npy")
        guard base.columns == query.columns else { throw BenchError("base.npy has \(base.columns) dimensions and query.npy \(query.columns)") }
        guard base.columns <= Limits.dimensionMax else { throw BenchError("\(base.columns) dimensions are more than \(Limits.dimensionMax)") }
        let (rows, dimension) = (min(limit ?? .max, base.rows), base.columns)
        let floats = try base.floats("\(folder)/base.npy"), questions = try query.floats("\(folder)/query.npy")
        let queries = (0..<query.rows).map { row in (0..<dimension).map { questions[row * dimension + $0] } }
        let index = CosineIndex(dimension: dimension)
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        var vectors = [[Float]]()
        for row in 0..<rows { vectors.append((0..<dimension).map { floats[row * dimension + $0] }) }
        var started = Date()
        for start in stride(from: 0, to: rows, by: 1_024) {
            let changes = (start..<min(rows, start + 1_024)).map { row in
                IndexChange.put(Attributes(id: Identifier(high: 0, low: UInt64(row)), agent: nil, type: .fact, createdAt: now, updatedAt: now), vector: vectors[row])
            }
            let refused = index.apply(changes)
            guard refused.isEmpty else { throw BenchError("base.npy: row \(refused[0].low) is zero or no vector") }
        }
        let added = Date().timeIntervalSince(started)
        vectors = []
        started = Date()
        index.train(lists: lists, threads: threads)
        let build = added + Date().timeIntervalSince(started)
        note("added in \(String(format: "%.2f", added)) s, trained in \(String(format: "%.2f", build - added)) s")
        let truth = exact(index, queries, now)
        if let only = options["only"].flatMap({ Double($0) }) {
            for _ in 0..<100 { try measure("recall \(only)", index, queries, truth, now, build) { $0.recallTarget = only } }
            return
        }
        for target in [0.8, 0.9, 0.95, 0.97, 0.99, 0.995, 0.999] {
            try measure("recall \(target)", index, queries, truth, now, build) { $0.recallTarget = target }
        }
        for probes in [4, 8, 16, 32, 64, 128, 256] {
            try measure("probes \(probes)", index, queries, truth, now, build) { $0.probes = probes }
        }
    }

    private func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// For every query, its k-th best score.
    private func exact(_ index: CosineIndex, _ queries: [[Float]], _ now: Timestamp) -> [Float] {
        index.search(queries.map { IndexQuery(vector: $0, k: k, time: now, exact: true) }).map { (try? $0.get().hits.last?.score) ?? -1 }
    }

    private func measure(
        _ params: String, _ index: CosineIndex, _ queries: [[Float]], _ truth: [Float], _ now: Timestamp, _ build: Double, _ set: (inout IndexQuery) -> Void
    ) throws {
        let asked = queries.map { vector in
            var query = IndexQuery(vector: vector, k: k, time: now)
            set(&query)
            return query
        }
        var rates: [Double] = [], times: [Double] = []
        var answers: [IndexAnswer] = []
        for round in 0..<rounds {
            answers = []
            var own: [Double] = []
            let started = DispatchTime.now().uptimeNanoseconds
            var last = started
            for query in asked {
                answers.append(try index.search(query))
                let now = DispatchTime.now().uptimeNanoseconds
                own.append(Double(now - last) / 1_000)
                last = now
            }
            rates.append(Double(asked.count) / (Double(last - started) / 1e9))
            if round > 0 || rounds == 1 { times += own }
        }
        times.sort()
        // What ties with the k-th best is as good as it.
        let recalls = zip(answers, truth).map { answer, kth in Double(answer.hits.filter { $0.score >= kth }.count) / Double(min(k, answer.hits.count)) }.sorted()
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
        let row = Row(
            params: params, dataset: (folder as NSString).lastPathComponent, recall10: mean(recalls), recall10_p5: recalls[recalls.count / 20],
            qps_1thread: rates.sorted()[rates.count / 2], p50_us: times[times.count / 2], p99_us: times[times.count * 99 / 100], qps_batch_2thread: 0,
            build_s: build, bytes: index.statistics.bytesVectors, estimate: mean(answers.map(\.report.recallEstimate)),
            lists: mean(answers.map { Double($0.report.listsVisited) }), scored: mean(answers.map { Double($0.report.rowsScored) }))
        if asJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            print(String(decoding: try encoder.encode(row), as: UTF8.self))
        } else {
            print(String(
                format: "%@  recall %.4f (p5 %.2f, estimate %.4f)  %.0f q/s  p50 %.1f µs  p99 %.1f µs  lists %.1f  scored %.1f",
                params.padding(toLength: 14, withPad: " ", startingAt: 0), row.recall10, row.recall10_p5, row.estimate, row.qps_1thread, row.p50_us, row.p99_us, row.lists, row.scored))
        }
    }
}
