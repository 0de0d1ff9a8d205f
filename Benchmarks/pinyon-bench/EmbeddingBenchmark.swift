import Client
import Embedding
import Foundation
import Records
import Transport
import Vectors

/// Sentences per second of the local encoder in each precision.
struct EmbeddingBenchmark {
    private let model: String
    private let folder: String
    private let threads: Int
    private let seconds: Double
    private let rounds: Int
    private let jsonFile: String?
    private let retrieval: String?
    private let only: String?
    private let binary: String
    private let precisions: [Precision]

    private struct Row {
        let name: String
        /// Sentences per second, by the name of the set.
        var rates: [String: [Double]] = [:]
        var cosine: Double?

        func rate(_ set: String) -> Double? {
            guard let rounds = rates[set]?.sorted(), !rounds.isEmpty else { return nil }
            return rounds[rounds.count / 2]
        }
    }

    private static let sets = ["short", "long"]

    static let options: [String: Options.Value] = [
        "model": .text, "peers": .text, "threads": .integer(1...1_024), "seconds": .number(0.01...3_600), "rounds": .integer(1...1_000), "json": .text,
        "retrieval": .text, "only": .text, "binary": .text, "precision": .text,
    ]

    init(_ options: Options) throws {
        guard let model = options["model"] else { throw BenchError("embedding needs --model FOLDER, a folder such as `pinyon model list` shows") }
        self.model = model
        folder = options["peers"] ?? "Benchmarks/peers"
        threads = options.integer("threads", 2)
        seconds = options.number("seconds", 1)
        rounds = options.integer("rounds", 5)
        jsonFile = options["json"]
        retrieval = options["retrieval"]
        only = options["only"]
        guard only == nil || only == "rates" else { throw BenchError("--only is rates, or nothing") }
        binary = options["binary"] ?? ".build/release/pinyon"
        precisions = try options["precision"].map { name in
            guard let precision = Precision(rawValue: name) else { throw BenchError("there is no precision \(name)") }
            return [precision]
        } ?? Precision.allCases
    }

    func run() async throws {
        EmbeddingBenchmark.leaveBLASAlone()
        let sets = try EmbeddingBenchmark.sets.map { ($0, try sentences($0)) }
        print("BLAS: \(BLAS.provider.name) \(BLAS.provider.core), \(BLAS.provider.config)")
        print("\(threads) threads, \(rounds) rounds of \(seconds) s, each figure the median")
        let embedders = try precisions.map { try LocalEmbedder(folder: model, precision: $0, callsMax: threads) }
        let single = try LocalEmbedder(folder: model, precision: .f32)
        let standard = try LocalEmbedder(folder: model)
        var rows = try embedders.map { embedder in
            var row = Row(name: "pinyon \(embedder.precision), \(embedder.kernels)\(embedder.kernels == standard.kernels ? " (default)" : "")")
            row.cosine = try leastCosine(embedder, single, sets.flatMap(\.1))
            return row
        }
        for _ in 0..<rounds {
            for (place, embedder) in embedders.enumerated() {
                for (name, sentences) in sets { rows[place].rates[name, default: []].append(rate(embedder, sentences)) }
            }
        }
        show(rows)
        if only == nil {
            try latency(standard, sets[0].1)
            try await serviceLatency(sets[0].1)
        }
        if let retrieval { try RetrievalBenchmark(folder: retrieval).run(embedders.sorted { a, _ in a.precision == "f32" }) }
        if let jsonFile { try write(rows, to: jsonFile) }
    }

    /// Settings of OpenBLAS that force a processor family slow every product down; they must go before it is loaded.
    private static func leaveBLASAlone() {
        let names = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]
        guard names.contains(where: { ProcessInfo.processInfo.environment[$0] != nil }) else { return }
        for name in names { unsafe unsetenv(name) }
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &arguments)
    }

    private func sentences(_ name: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(folder)/\(name).jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(String.self, from: Data($0.utf8)) }
    }

    /// Each thread embeds all sentences again and again, in calls of 64.
    private func rate(_ embedder: LocalEmbedder, _ sentences: [String]) -> Double {
        let calls = stride(from: 0, to: sentences.count, by: 64).map { Array(sentences[$0..<min($0 + 64, sentences.count)]) }
        let started = Date(), seconds = seconds
        let counts = Counts(threads)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            var count = 0, place = thread
            while Date().timeIntervalSince(started) < seconds {
                count += (try? embedder.embed(calls[place % calls.count], isWanted: { true }).count) ?? 0
                place += 1
            }
            counts.set(thread, count)
        }
        return Double(counts.total) / Date().timeIntervalSince(started)
    }

    private func leastCosine(_ embedder: LocalEmbedder, _ reference: LocalEmbedder, _ sentences: [String]) throws -> Double {
        let pairs = zip(try embedder.embed(sentences, isWanted: { true }), try reference.embed(sentences, isWanted: { true }))
        return pairs.map { a, b in zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }.min() ?? 0
    }

    private func latency(_ embedder: LocalEmbedder, _ sentences: [String]) throws {
        var times: [Double] = []
        for round in 0..<20 {
            for sentence in sentences {
                let started = Date()
                _ = try embedder.embed([sentence], isWanted: { true })
                if round > 0 { times.append(Date().timeIntervalSince(started) * 1_000) }
            }
        }
        times.sort()
        print(String(format: "one short sentence alone, default precision: p50 %.2f ms, p99 %.2f ms", times[times.count / 2], times[times.count * 99 / 100]))
    }

    /// A search for a text that was not asked before, from the client and back, over one connection and one request at a time; the same for a write.
    private func serviceLatency(_ sentences: [String]) async throws {
        let server = try RunningServer(
            binary: binary, arguments: ["serve", "--data", "{DIR}/data", "--listen", "127.0.0.1:0", "--embedder", "local", "--model", model], hasKey: true)
        let client = MemoryClient(ClientConfiguration(address: server.address, key: server.key ?? "", name: "pinyon-bench"))
        defer { client.close() }
        let agent = try await client.ensureAgent("bench").id
        _ = try await client.remember(sentences.map { MemoryDraft(agent: agent, content: $0) })
        let asked: [(String, (String) async throws -> Void)] = [
            ("a search for it", { _ = try await client.search(SearchRequest(query: .text($0), k: 5)) }),
            ("a durable write of it", { _ = try await client.remember([MemoryDraft(agent: agent, content: "again \($0)")]) }),
        ]
        for (name, ask) in asked {
            var times: [Double] = []
            for round in 0..<10 {
                for sentence in sentences {
                    let started = Date()
                    try await ask("\(round) \(sentence)")
                    times.append(Date().timeIntervalSince(started) * 1_000)
                }
            }
            times.sort()
            print(String(format: "one short sentence through the service, %@: p50 %.2f ms, p99 %.2f ms", name, times[times.count / 2], times[times.count * 99 / 100]))
        }
    }

    // MARK: What is told

    private func show(_ rows: [Row]) {
        print("sentences/s".padding(toLength: 40, withPad: " ", startingAt: 0) + "~20 tokens  ~128 tokens  least cosine")
        for row in rows {
            let rates = EmbeddingBenchmark.sets.map { String(format: "%10.0f   ", row.rate($0) ?? 0) }.joined()
            print(row.name.padding(toLength: 40, withPad: " ", startingAt: 0) + rates + (row.cosine.map { String(format: "%10.5f", $0) } ?? ""))
        }
    }

    private func write(_ rows: [Row], to path: String) throws {
        let lines = rows.flatMap { row in
            row.rates.flatMap { set, rates in rates.map { ["name": row.name, "set": set, "sentences_per_second": $0] as [String: Any] } }
        }
        let data = try lines.map { try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys) + Data("\n".utf8) }.reduce(Data(), +)
        try data.write(to: URL(fileURLWithPath: path))
    }
}

/// One number for each thread.
private final class Counts: @unchecked Sendable {
    private let lock = NSLock()
    private var counts: [Int]

    init(_ threads: Int) { counts = Array(repeating: 0, count: threads) }

    func set(_ thread: Int, _ count: Int) { lock.withLock { counts[thread] = count } }

    var total: Int { lock.withLock { counts.reduce(0, +) } }
}
