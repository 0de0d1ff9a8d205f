import Columns
import Foundation
import Records
import VectorIndex
import Vectors

/// Recall and queries per second of the index, for each of its settings.
struct IndexBenchmark {
    /// What is measured.
    private enum Part: String, CaseIterable {
        case settings, filters, changes
    }

    private let folder: String
    let k: Int
    private let part: Part
    private let rounds: Int
    private let threads: Int
    private let lists: Int?
    private let style: ListStyle
    private let rowsMax: Int
    private let json: String?
    private let plot: String?
    private let others: String?
    private let targets: [Double]
    private let probes: [Int]

    /// A line of the outcome; the names are those that the peers' rows have.
    private struct Row: Encodable {
        var engine: String
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
        var lists_visited: Double
        var rows_visited: Double
        var rows_scored: Double
    }

    /// What every measurement is about.
    struct Subject {
        let index: CosineIndex
        let base: [[Float]]
        let queries: [[Float]]
        /// The score of the k-th best row, for each query.
        let truth: [Float]
        let buildSeconds: Double
    }

    static let now = Timestamp(microseconds: 1_700_000_000_000_000)
    private static let rowsAtOnce = 1_024
    private static let roundingMax: Float = 1e-5

    static let options: [String: Options.Value] = [
        "dataset": .text, "k": .integer(1...Limits.kMax), "rounds": .integer(1...1_000), "threads": .integer(1...1_024), "lists": .integer(1...8_192),
        "rows": .integer(1...Int.max), "recall": .number(0.01...1), "json": .file, "style": .text, "measure": .text, "plot": .text, "with": .text,
    ]

    init(_ options: Options) throws {
        guard let folder = options["dataset"] else { throw BenchError("index needs --dataset DIR, a folder with base.npy and query.npy") }
        self.folder = folder
        k = options.integer("k", 10)
        rounds = options.integer("rounds", 3)
        threads = options.integer("threads", 2)
        lists = options["lists"].flatMap { Int($0) }
        guard let style = ListStyle(rawValue: options["style"] ?? ListStyle.codes.rawValue) else { throw BenchError("--style is codes or flat") }
        self.style = style
        rowsMax = options.integer("rows", .max)
        json = options["json"]
        plot = options["plot"]
        others = options["with"]
        guard let part = Part(rawValue: options["measure"] ?? Part.settings.rawValue) else {
            throw BenchError("--measure is \(Part.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.part = part
        guard part == .settings || (json == nil && plot == nil) else { throw BenchError("--json and --plot are of --measure settings") }
        guard others == nil || plot != nil else { throw BenchError("--with adds rows to the picture of --plot") }
        try options.checkWritable(["json", "plot"])
        if let others { _ = try Plot.rows(others) }
        let only = options["recall"].flatMap { Double($0) }
        targets = only.map { [$0] } ?? [0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 1]
        probes = only == nil ? [2, 4, 8, 16, 32, 64, 128, 256] : []
    }

    func run() throws {
        note("BLAS: \(BLAS.provider.name) \(BLAS.provider.core); kernels: \(Kernels.best.name), codes \(CodeKernels.best.name)")
        let subject = try build()
        switch part {
        case .settings: try measureSettings(subject)
        case .filters: try measureFilters(subject)
        case .changes: try measureChanges(subject)
        }
    }

    private func measureSettings(_ subject: Subject) throws {
        var rows: [Row] = []
        for target in targets { rows.append(try measure("pinyon", target == 1 ? "exact" : "recall \(target)", subject) { $0.recallTarget = target; $0.exact = target == 1 }) }
        // Where there is one list there is nothing to choose.
        for count in probes where count < subject.index.statistics.lists {
            rows.append(try measure("pinyon, by probes", "probes \(count)", subject) { $0.probes = count })
        }
        if let json { try write(rows, to: json) }
        if let plot {
            let own = rows.map { Plot.Row(engine: $0.engine, params: $0.params, dataset: $0.dataset, recall10: $0.recall10, qps_1thread: $0.qps_1thread) }
            try Plot.write(own + (try others.map { try Plot.rows($0) } ?? []), to: plot)
            note("drawn to \(plot)")
        }
    }

    func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    // MARK: The index

    private func build() throws -> Subject {
        let (basePath, queryPath) = ("\(folder)/base.npy", "\(folder)/query.npy")
        let base = try NPYFile(basePath), query = try NPYFile(queryPath)
        guard base.columns == query.columns else { throw BenchError("\(basePath) has \(base.columns) dimensions, and \(queryPath) has \(query.columns)") }
        guard base.columns <= Limits.dimensionMax else { throw BenchError("\(basePath): \(base.columns) dimensions are more than \(Limits.dimensionMax)") }
        guard base.rows > 0, query.rows > 0 else { throw BenchError("\(base.rows == 0 ? basePath : queryPath) has no rows") }
        let (rows, dimension) = (min(rowsMax, base.rows), base.columns)
        let vectors = try base.floats(basePath), questions = try query.floats(queryPath)
        let vector = { (floats: Floats, row: Int) in floats[row * dimension..<(row + 1) * dimension].values }
        let index = CosineIndex(dimension: dimension, style: style)
        let started = Date()
        for start in stride(from: 0, to: rows, by: IndexBenchmark.rowsAtOnce) {
            let refused = index.apply(
                (start..<min(rows, start + IndexBenchmark.rowsAtOnce)).map { row in
                    let id = Identifier(high: 0, low: UInt64(row))
                    return .put(Attributes(id: id, agent: nil, type: .fact, createdAt: IndexBenchmark.now, updatedAt: IndexBenchmark.now), vector: vector(vectors, row))
                })
            guard refused.isEmpty else { throw BenchError("\(basePath): row \(refused[0].low) is all zeros, so it has no direction") }
        }
        let added = Date().timeIntervalSince(started)
        if lists != nil || index.wantsTraining { index.train(lists: lists, threads: threads) }
        let seconds = Date().timeIntervalSince(started)
        let statistics = index.statistics
        note(String(
            format: "%d rows of %d dimensions in %d lists: added in %.2f s, trained in %.2f s; %d bytes a row for the vector, %d for codes and lists", rows, dimension,
            statistics.lists, added, seconds - added, statistics.bytesVectors / rows, statistics.bytesCodes / rows))
        let queries = (0..<query.rows).map { vector(questions, $0) }
        let kept = part == .settings ? [] : (0..<rows).map { vector(vectors, $0) }
        return Subject(index: index, base: kept, queries: queries, truth: try truth(index, queries, rows: rows, whole: rows == base.rows), buildSeconds: seconds)
    }

    /// From gt.npy where it is there, else by comparing every row.
    private func truth(_ index: CosineIndex, _ queries: [[Float]], rows: Int, whole: Bool) throws -> [Float] {
        let exact = try index.search(queries.map { IndexQuery(vector: $0, k: k, time: IndexBenchmark.now, exact: true) }).enumerated().map { number, answer in
            do { return try answer.get() } catch { throw BenchError("\(folder)/query.npy, row \(number): \(error)") }
        }
        let path = "\(folder)/gt.npy"
        if whole, FileManager.default.fileExists(atPath: path) {
            let known = try NPYFile(path)
            guard known.rows == queries.count, known.columns >= min(k, rows) else {
                throw BenchError("\(path) has \(known.rows) × \(known.columns) neighbours, but \(queries.count) × \(min(k, rows)) are wanted")
            }
            let neighbours = try known.integers(path)
            // Neighbours of another set, or by another measure, would make every recall wrong.
            let agreeing = zip(neighbours, exact).filter { row, answer in
                let best = answer.hits.first?.score ?? -1
                return answer.hits.contains { Int($0.id.low) == row[0] && $0.score >= best - IndexBenchmark.roundingMax }
            }.count
            guard agreeing * 10 >= queries.count * 9 else { throw BenchError("\(path) does not hold the nearest rows by cosine: \(agreeing) of \(queries.count) agree") }
        }
        return exact.map { $0.hits.last?.score ?? -1 }
    }

    // MARK: Measurements

    private func measure(_ engine: String, _ params: String, _ subject: Subject, _ set: (inout IndexQuery) -> Void) throws -> Row {
        let asked = subject.queries.map { vector in
            var query = IndexQuery(vector: vector, k: k, time: IndexBenchmark.now)
            set(&query)
            return query
        }
        var rates: [Double] = [], batches: [Double] = [], times: [Double] = []
        var answers: [IndexAnswer] = []
        for _ in 0..<rounds {
            answers = []
            let started = DispatchTime.now().uptimeNanoseconds
            var last = started
            for query in asked {
                answers.append(try subject.index.search(query))
                let now = DispatchTime.now().uptimeNanoseconds
                times.append(Double(now - last) / 1_000)
                last = now
            }
            rates.append(Double(asked.count) / (Double(last - started) / 1e9))
            let begun = DispatchTime.now().uptimeNanoseconds
            _ = subject.index.search(asked, threads: threads)
            batches.append(Double(asked.count) / (Double(DispatchTime.now().uptimeNanoseconds - begun) / 1e9))
        }
        times.sort()
        let wanted = min(k, subject.index.statistics.rows)
        let recalls = zip(answers, subject.truth).map { answer, kth in
            // What ties with the k-th best is as good as it.
            Double(answer.hits.filter { $0.score >= kth }.count) / Double(wanted)
        }.sorted()
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
        let statistics = subject.index.statistics
        let row = Row(
            engine: engine, params: params, dataset: URL(fileURLWithPath: folder).lastPathComponent, recall10: mean(recalls), recall10_p5: recalls[recalls.count / 20],
            qps_1thread: rates.sorted()[rates.count / 2], p50_us: times[times.count / 2], p99_us: times[times.count * 99 / 100],
            qps_batch_2thread: batches.sorted()[batches.count / 2], build_s: subject.buildSeconds, bytes: statistics.bytesVectors + statistics.bytesCodes,
            estimate: mean(answers.map(\.report.recallEstimate)), lists_visited: mean(answers.map { Double($0.report.listsVisited) }),
            rows_visited: mean(answers.map { Double($0.report.rowsVisited) }), rows_scored: mean(answers.map { Double($0.report.rowsScored) }))
        if json != "-" {
            print(String(
                format: "%@ recall %.4f (estimate %.4f, worst twentieth %.2f)  %7.0f q/s  p50 %6.1f µs  p99 %6.1f µs  batch %7.0f q/s  lists %.1f, rows %.0f, compared %.1f",
                params.padding(toLength: 13, withPad: " ", startingAt: 0), row.recall10, row.estimate, row.recall10_p5, row.qps_1thread, row.p50_us, row.p99_us,
                row.qps_batch_2thread, row.lists_visited, row.rows_visited, row.rows_scored))
        }
        return row
    }

    private func write(_ rows: [Row], to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = try rows.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
        if path == "-" { return print(text, terminator: "") }
        do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch { throw BenchError("\(path) cannot be written: \(error.localizedDescription)") }
    }
}
