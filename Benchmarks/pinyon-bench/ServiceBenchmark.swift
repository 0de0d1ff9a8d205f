import Client
import Foundation
import Records
import Synchronization
import Transport
import Wire

/// Requests per second and percentiles of the real server, beside a bare echo and SQLite itself, in one run.
///
/// What is compared takes turns, round after round, because a machine drifts by more than what is measured; a ratio is the median of the rounds' ratios.
struct ServiceBenchmark {
    let binary: String
    private let seconds: Double
    let rounds: Int
    let rows: Int
    let conversations: Int
    let messages: Int
    let dimension: Int
    private let only: String?
    /// Who have dictionaries.
    let users: Int
    /// Rows and queries that are not made up.
    private let dataset: String?
    private let jsonFile: String?
    private let database: Database?
    private var results: [Result] = []
    private var sqlite: [Double] = []

    /// One thing that is asked in turns with others.
    struct Contender {
        let name: String
        let server: RunningServer
        let tls: TLSClient?
        var everyMilliseconds = 0
        let request: @Sendable (UInt64, inout [UInt8]) -> Void
    }

    private struct Result {
        let name: String
        let connections: Int
        let depth: Int
        let tls: Bool
        var rounds: [Measured] = []

        var all: Measured {
            var all = Measured()
            for round in rounds {
                all.durations += round.durations
                all.seconds += round.seconds
                all.failures += round.failures
                all.firstFailure = all.firstFailure ?? round.firstFailure
            }
            return all
        }
    }

    private static let shapes = [(1, 1), (1, 32), (16, 1), (16, 32)]

    static let options: [String: Options.Value] = [
        "seconds": .number(0.01...3_600), "rounds": .integer(1...1_000), "rows": .integer(1...10_000_000), "dimension": .integer(1...16_000),
        "conversations": .integer(1...10_000_000), "users": .integer(1...1_000_000), "messages": .integer(1...100_000_000), "only": .text, "dataset": .text, "json": .text, "binary": .text,
        "store": .text, "psql": .text, "organizations": .integer(1...10_000),
    ]

    init(_ options: Options) throws {
        try options.checkWritable(["json"])
        binary = options["binary"] ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("pinyon").path
        seconds = options.number("seconds", 1)
        rounds = options.integer("rounds", 3)
        rows = options.integer("rows", 10_000)
        conversations = options.integer("conversations", 5_000)
        messages = options.integer("messages", 200_000)
        dimension = options.integer("dimension", 384)
        only = options["only"]
        users = options.integer("users", 1_000)
        dataset = options["dataset"]
        jsonFile = options["json"]
        database = options["store"].map { address in
            let schema = "bench_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
            return Database(address: address, schema: schema, psql: options["psql"] ?? "psql", organizations: options.integer("organizations", 50))
        }
    }

    private func wants(_ name: String) -> Bool { only.map { $0 == name } ?? true }

    mutating func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-bench-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pair = try SelfSigned.make(names: ["127.0.0.1", "localhost"], days: 2)
        let certificate = folder.appendingPathComponent("server.crt").path
        let key = folder.appendingPathComponent("server.key").path
        try Data(pair.certificatePEM).write(to: URL(fileURLWithPath: certificate))
        try Data(pair.keyPEM).write(to: URL(fileURLWithPath: key))
        let secure = ["--tls-cert", certificate, "--tls-key", key]
        let trust = try TLSClient(trust: .file(certificate), serverName: "127.0.0.1")

        print("operation        conns depth tls     requests/s    p50 µs    p99 µs  p99.9 µs   failures")
        if let database {
            try await onPostgres(database)
            return try writeRaw()
        }
        if wants("ping") { try await pings(secure, trust) }
        if wants("get") || wants("search") { try await reads(secure, trust) }
        if wants("remember") { try await writes(secure, trust) }
        if wants("conversations") { try await conversing() }
        if wants("recall") { try await recalls() }
        if wants("suggest") { try await suggesting() }
        summary()
        try writeRaw()
    }

    // MARK: What is asked

    private mutating func pings(_ secure: [String], _ trust: TLSClient) async throws {
        let ping: @Sendable (UInt64, inout [UInt8]) -> Void = { FrameWriter.appendEmpty(.request, request: $0, operation: Operation.Name.ping.rawValue, to: &$1) }
        let echo = CommandLine.arguments[0]
        await compare([
            Contender(name: "echo", server: try RunningServer(binary: echo, arguments: ["echo"], hasKey: false), tls: nil, request: ping),
            Contender(name: "ping", server: try start([]), tls: nil, request: ping),
            Contender(name: "echo", server: try RunningServer(binary: echo, arguments: ["echo"] + secure, hasKey: false), tls: trust, request: ping),
            Contender(name: "ping", server: try start(secure), tls: trust, request: ping),
        ])
    }

    private mutating func reads(_ secure: [String], _ trust: TLSClient) async throws {
        var contenders: [String: [Contender]] = [:]
        let (base, queries) = try vectors()
        for tls in [nil, trust] as [TLSClient?] {
            let server = try start(tls == nil ? [] : secure)
            let ids = try await fill(server, tls, base)
            contenders["get", default: []].append(
                Contender(name: "get", server: server, tls: tls) { number, buffer in
                    Request(envelope: Envelope(), operation: .get([ids[Int(number) % ids.count]], withVectors: false)).append(id: number, to: &buffer)
                })
            for (name, withContent) in [("search", false), ("search+content", true)] {
                contenders[name, default: []].append(
                    Contender(name: name, server: server, tls: tls) { number, buffer in
                        let search = SearchRequest(query: .vector(queries[Int(number) % queries.count]), k: 10, withContent: withContent)
                        Request(envelope: Envelope(), operation: .search(search)).append(id: number, to: &buffer)
                    })
            }
        }
        for (name, wish) in [("get", "get"), ("search", "search"), ("search+content", "search")] where wants(wish) { await compare(contenders[name] ?? []) }
    }

    private mutating func writes(_ secure: [String], _ trust: TLSClient) async throws {
        var (contenders, near): ([Contender], [Contender]) = ([], [])
        for tls in [nil, trust] as [TLSClient?] {
            let server = try start(tls == nil ? [] : secure)
            let client = client(server, tls)
            let agent = try await client.ensureAgent("bench").id
            client.close()
            var source = VectorSource(seed: 3)
            let vectors = (0..<512).map { _ in source.vector(dimension) }
            // The same text would not be stored twice, and what is much like others would be looked at: nearly every vector is another.
            let written = Atomic<Int>(0)
            // Once with nothing looked at but what says the same, and once with what says nearly the same looked for.
            for onSimilar in [.keep, nil] as [SimilarAction?] {
                let contender = Contender(name: onSimilar == nil ? "remember+near" : "remember", server: server, tls: tls) { number, buffer in
                    let row = written.add(1, ordering: .relaxed).newValue
                    let content = "Memory number \(row) of the benchmark, of a usual length for a fact."
                    let vector = zip(vectors[row % 256], vectors[256 + row / 256 % 256]).map { $0 + $1 }
                    Request(envelope: Envelope(), operation: .remember([MemoryDraft(agent: agent, content: content, onSimilar: onSimilar, vector: vector)]))
                        .append(id: number, to: &buffer)
                }
                if onSimilar == nil { near.append(contender) } else { contenders.append(contender) }
            }
        }
        let plain = contenders[0].server
        await compare(contenders) { round in
            let target = plain.folder.appendingPathComponent("peer\(round).db").path
            return try? SQLitePeer.run(source: plain.database, target: target)
        }
        await compare([near[0]], [(1, 1), (16, 32)])
    }

    // MARK: How it is measured

    mutating func compare(_ contenders: [Contender], _ shapes: [(Int, Int)] = shapes, afterRound: (Int) -> Double? = { _ in nil }) async {
        for (connections, depth) in shapes {
            var shape = contenders.map { Result(name: $0.name, connections: connections, depth: depth, tls: $0.tls != nil) }
            for round in 0..<rounds {
                for (index, contender) in contenders.enumerated() {
                    let load = Load(
                        address: contender.server.address, key: contender.server.key, tls: contender.tls, connections: connections, depth: depth,
                        seconds: seconds, everyMilliseconds: contender.everyMilliseconds, request: contender.request)
                    shape[index].rounds.append(await LoadGenerator.run(load))
                }
                if depth == 32, connections == 16, let peer = afterRound(round) { sqlite.append(peer) }
            }
            for result in shape { show(result) }
            results += shape
        }
    }

    private func show(_ result: Result) {
        let measured = result.all
        let cells = [
            result.name.padding(toLength: 15, withPad: " ", startingAt: 0), cell("\(result.connections)", 6), cell("\(result.depth)", 5),
            result.tls ? " yes" : "  no", cell(String(format: "%.0f", median(result.rounds.map(\.perSecond))), 14),
            cell(String(format: "%.1f", measured.percentile(0.5)), 9), cell(String(format: "%.1f", measured.percentile(0.99)), 9),
            cell(String(format: "%.1f", measured.percentile(0.999)), 9), cell("\(measured.failures)", 10),
        ]
        print(cells.joined(separator: " ") + (measured.firstFailure.map { "  \($0)" } ?? ""))
    }

    func start(_ arguments: [String]) throws -> RunningServer {
        try RunningServer(binary: binary, arguments: ["serve", "--data", "{DIR}/data", "--listen", "127.0.0.1:0", "--embedder", "none"] + arguments, hasKey: true)
    }

    func client(_ server: RunningServer, _ trust: TLSClient?) -> MemoryClient {
        MemoryClient(ClientConfiguration(address: server.address, key: server.key ?? "", tls: trust, name: "pinyon-bench"))
    }

    /// What is searched, and what for.
    private func vectors() throws -> (base: [[Float]], queries: [[Float]]) {
        guard let dataset else {
            var (base, queries) = (VectorSource(seed: 1), VectorSource(seed: 2))
            return ((0..<rows).map { _ in base.vector(dimension) }, (0..<256).map { _ in queries.vector(dimension) })
        }
        return (try NPYFile.vectors("\(dataset)/base.npy"), try NPYFile.vectors("\(dataset)/query.npy"))
    }

    private func fill(_ server: RunningServer, _ trust: TLSClient?, _ base: [[Float]]) async throws -> [Identifier] {
        let client = client(server, trust)
        defer { client.close() }
        let agent = try await client.ensureAgent("bench").id
        var ids: [Identifier] = []
        while ids.count < base.count {
            let drafts = (ids.count..<min(ids.count + 500, base.count)).map { number in
                MemoryDraft(agent: agent, content: "Memory number \(number) of the benchmark, of a usual length for a fact.", vector: base[number])
            }
            ids += try await client.remember(drafts).rows.map(\.id)
        }
        try await waitForTraining(client, rows: base.count)
        return ids
    }

    /// Until the lists, if there will be some, know nearly all rows.
    func waitForTraining(_ client: MemoryClient, rows: Int) async throws {
        for _ in 0..<600 {
            guard case .integer(let trained)? = try await client.status()["indexes"]?["memories"]?["trained_rows"] else { throw BenchError("the server's status tells of no index") }
            if rows < 4_096 || Int(trained) * 4 > rows * 3 { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw BenchError("after two minutes the server's lists were not trained")
    }

    // MARK: What came of it

    private func cell(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }

    /// The median of the ratios, round by round.
    private func ratio(_ a: (String, Bool), _ b: (String, Bool), _ shape: (Int, Int)) -> Double? {
        func find(_ name: String, _ tls: Bool) -> [Measured]? {
            results.first { $0.name == name && $0.tls == tls && ($0.connections, $0.depth) == shape }?.rounds
        }
        guard let a = find(a.0, a.1), let b = find(b.0, b.1) else { return nil }
        return median(zip(a, b).map { $0.perSecond / $1.perSecond })
    }

    private func summary() {
        print("")
        for tls in [false, true] {
            for shape in ServiceBenchmark.shapes {
                guard let ratio = ratio(("echo", tls), ("ping", tls), shape) else { continue }
                print(String(format: "bare echo / ping, %d × %d%@: %.2f", shape.0, shape.1, tls ? ", TLS" : "", ratio))
            }
        }
        for name in ["ping", "get", "search", "search+content", "remember"] {
            for connections in [1, 16] {
                guard let ratio = ratio((name, true), (name, false), (connections, 32)) else { continue }
                print(String(format: "%@ over TLS costs, %d × 32: %.0f %%", name, connections, (1 - ratio) * 100))
            }
        }
        limits()
        guard !sqlite.isEmpty, let ours = results.first(where: { $0.name == "remember" && !$0.tls && $0.connections == 16 && $0.depth == 32 }) else { return }
        print(String(format: "SQLite itself, the same rows, %d a commit: %.0f rows/s", SQLitePeer.rowsPerCommit, median(sqlite)))
        let ratios = zip(ours.rounds, sqlite).map { $0.perSecond / $1 }
        print(String(format: "durable remember / SQLite itself, 16 × 32: %.2f", median(ratios)))
        if let one = results.first(where: { $0.name == "remember" && !$0.tls && $0.connections == 1 && $0.depth == 32 }) {
            print(String(format: "durable remember / SQLite itself, 1 × 32: %.2f", median(one.rounds.map(\.perSecond)) / median(sqlite)))
        }
    }

    /// In milliseconds, of every shape in which that was asked.
    func percentiles(_ name: String, _ share: Double) -> [(shape: (Int, Int), milliseconds: Double)] {
        results.filter { $0.name == name }.map { (($0.connections, $0.depth), $0.all.percentile(share) / 1_000) }
    }

    /// What a user of conversations waits for, at most, one request at a time on each connection.
    private func limits() {
        for (name, milliseconds) in [("open", 5.0), ("list", 10.0), ("append", 20.0)] {
            for result in results where result.name == name {
                let found = result.all.percentile(0.99) / 1_000
                print(String(format: "%@ p99, %d × %d: %.2f ms, to be under %.0f", name, result.connections, result.depth, found, milliseconds))
            }
        }
    }

    private func writeRaw() throws {
        guard let jsonFile else { return }
        let all: [[String: Any]] = results.flatMap { result in
            result.rounds.enumerated().map { round, measured in
                [
                    "operation": result.name, "connections": result.connections, "depth": result.depth, "tls": result.tls, "round": round,
                    "per_second": measured.perSecond, "p50_us": measured.percentile(0.5), "p99_us": measured.percentile(0.99),
                    "p999_us": measured.percentile(0.999), "failures": measured.failures, "count": measured.durations.count,
                    "nanoseconds": measured.durations,
                ]
            }
        }
        let object: [String: Any] = ["rows": rows, "dimension": dimension, "seconds": seconds, "sqlite_rows_per_second": sqlite, "results": all]
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: jsonFile))
    }
}
