import Client
import Foundation
import Records
import Transport
import Wire

/// Requests per second and percentiles of the real server, beside a bare echo and SQLite itself, in one run.
struct ServiceBenchmark {
    private let binary: String
    private let seconds: Double
    private let rows: Int
    private let dimension: Int
    private let only: String?
    private let jsonFile: String?
    private var results: [Result] = []

    private struct Result {
        let name: String
        let connections: Int
        let depth: Int
        let tls: Bool
        let measured: Measured
    }

    private static let shapes = [(1, 1), (1, 32), (16, 1), (16, 32)]

    init(_ options: Options) {
        binary = options["binary"] ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("pinyon").path
        seconds = options.number("seconds", 2)
        rows = options.integer("rows", 10_000)
        dimension = options.integer("dimension", 384)
        only = options["only"]
        jsonFile = options["json"]
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
        print("operation        conns depth tls     requests/s    p50 µs    p99 µs  p99.9 µs   failures")
        var remembered: RunningServer?
        for tls in [false, true] {
            let tlsArguments = tls ? ["--tls-cert", certificate, "--tls-key", key] : []
            let trust = tls ? try TLSClient(trust: .file(certificate), serverName: "127.0.0.1") : nil
            if wants("ping") { try await echo(tlsArguments, trust) }
            let filled = try RunningServer(
                binary: binary, arguments: ["serve", "--data", "{DIR}/data", "--listen", "127.0.0.1:0"] + tlsArguments, hasKey: true)
            let ids = try await fill(filled, trust)
            if wants("ping") { await measure("ping", filled, trust) { FrameWriter.appendEmpty(.request, request: $0, operation: Operation.Name.ping.rawValue, to: &$1) } }
            if wants("get") {
                await measure("get", filled, trust) { number, buffer in
                    Request(envelope: Envelope(), operation: .get([ids[Int(number) % ids.count]], withVectors: false)).append(id: number, to: &buffer)
                }
            }
            if wants("search") { await search(filled, trust) }
            if wants("remember") {
                let server = try RunningServer(
                    binary: binary, arguments: ["serve", "--data", "{DIR}/data", "--listen", "127.0.0.1:0"] + tlsArguments, hasKey: true)
                try await remember(server, trust)
                if !tls { remembered = server }
            }
        }
        var sqlite: Double?
        if let remembered {
            remembered.stop()
            sqlite = try SQLitePeer.run(source: remembered.database, target: remembered.folder.appendingPathComponent("peer.db").path)
        }
        summary(sqlite)
        try writeRaw(sqlite)
    }

    private mutating func echo(_ tlsArguments: [String], _ trust: TLSClient?) async throws {
        let server = try RunningServer(binary: CommandLine.arguments[0], arguments: ["echo"] + tlsArguments, hasKey: false)
        await measure("echo", server, trust) { FrameWriter.appendEmpty(.request, request: $0, operation: Operation.Name.ping.rawValue, to: &$1) }
    }

    private func client(_ server: RunningServer, _ trust: TLSClient?) -> MemoryClient {
        MemoryClient(ClientConfiguration(address: server.address, key: server.key ?? "", tls: trust, name: "pinyon-bench"))
    }

    private func fill(_ server: RunningServer, _ trust: TLSClient?) async throws -> [Identifier] {
        let client = client(server, trust)
        defer { client.close() }
        let agent = try await client.ensureAgent("bench").id
        var source = VectorSource(seed: 1)
        var ids: [Identifier] = []
        while ids.count < rows {
            let drafts = (0..<min(500, rows - ids.count)).map { offset in
                MemoryDraft(agent: agent, content: "Memory number \(ids.count + offset) of the benchmark, of a usual length for a fact.", vector: source.vector(dimension))
            }
            ids += try await client.remember(drafts).rows.map(\.id)
        }
        return ids
    }

    private mutating func search(_ server: RunningServer, _ trust: TLSClient?) async {
        var source = VectorSource(seed: 2)
        let queries = (0..<256).map { _ in source.vector(dimension) }
        await measure("search", server, trust) { number, buffer in
            let search = SearchRequest(query: .vector(queries[Int(number) % queries.count]), k: 10, withContent: false)
            Request(envelope: Envelope(), operation: .search(search)).append(id: number, to: &buffer)
        }
        await measure("search+content", server, trust) { number, buffer in
            let search = SearchRequest(query: .vector(queries[Int(number) % queries.count]), k: 10)
            Request(envelope: Envelope(), operation: .search(search)).append(id: number, to: &buffer)
        }
    }

    private mutating func remember(_ server: RunningServer, _ trust: TLSClient?) async throws {
        let client = client(server, trust)
        let agent = try await client.ensureAgent("bench").id
        client.close()
        var source = VectorSource(seed: 3)
        let vectors = (0..<256).map { _ in source.vector(dimension) }
        await measure("remember", server, trust) { number, buffer in
            let draft = MemoryDraft(
                agent: agent, content: "Memory number \(number) of the benchmark, of a usual length for a fact.", vector: vectors[Int(number) % vectors.count])
            Request(envelope: Envelope(), operation: .remember([draft])).append(id: number, to: &buffer)
        }
    }

    private mutating func measure(
        _ name: String, _ server: RunningServer, _ trust: TLSClient?, request: @escaping @Sendable (UInt64, inout [UInt8]) -> Void
    ) async {
        for (connections, depth) in ServiceBenchmark.shapes {
            let load = Load(
                address: server.address, key: server.key, tls: trust, connections: connections, depth: depth, seconds: seconds, request: request)
            let measured = await LoadGenerator.run(load)
            results.append(Result(name: name, connections: connections, depth: depth, tls: trust != nil, measured: measured))
            let cells = [
                name.padding(toLength: 15, withPad: " ", startingAt: 0), cell("\(connections)", 6), cell("\(depth)", 5), trust == nil ? "  no" : " yes",
                cell(String(format: "%.0f", measured.perSecond), 14), cell(String(format: "%.1f", measured.percentile(0.5)), 9),
                cell(String(format: "%.1f", measured.percentile(0.99)), 9), cell(String(format: "%.1f", measured.percentile(0.999)), 9),
                cell("\(measured.failures)", 10),
            ]
            print(cells.joined(separator: " ") + (measured.firstFailure.map { "  \($0)" } ?? ""))
        }
    }

    private func cell(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    private func perSecond(_ name: String, _ connections: Int, _ depth: Int, tls: Bool) -> Double? {
        results.first { $0.name == name && $0.connections == connections && $0.depth == depth && $0.tls == tls }?.measured.perSecond
    }

    /// The ratios that matter, each of figures from this run.
    private func summary(_ sqlite: Double?) {
        print("")
        for tls in [false, true] {
            for (connections, depth) in ServiceBenchmark.shapes {
                guard let echo = perSecond("echo", connections, depth, tls: tls), let ping = perSecond("ping", connections, depth, tls: tls) else { continue }
                print(String(format: "bare echo / ping, %d × %d%@: %.2f", connections, depth, tls ? ", TLS" : "", echo / ping))
            }
        }
        for name in ["ping", "get", "search", "search+content", "remember"] {
            for connections in [1, 16] {
                guard let plain = perSecond(name, connections, 32, tls: false), let secure = perSecond(name, connections, 32, tls: true) else { continue }
                print(String(format: "%@ over TLS costs, %d × 32: %.0f %%", name, connections, (1 - secure / plain) * 100))
            }
        }
        if let sqlite {
            print(String(format: "SQLite itself, the same rows, %d a commit: %.0f rows/s", SQLitePeer.rowsPerCommit, sqlite))
            for connections in [1, 16] {
                guard let ours = perSecond("remember", connections, 32, tls: false) else { continue }
                print(String(format: "durable remember / SQLite itself, %d × 32: %.2f", connections, ours / sqlite))
            }
        }
    }

    private func writeRaw(_ sqlite: Double?) throws {
        guard let jsonFile else { return }
        let all: [[String: Any]] = results.map { result in
            [
                "operation": result.name, "connections": result.connections, "depth": result.depth, "tls": result.tls,
                "per_second": result.measured.perSecond, "p50_us": result.measured.percentile(0.5), "p99_us": result.measured.percentile(0.99),
                "p999_us": result.measured.percentile(0.999), "failures": result.measured.failures, "count": result.measured.durations.count,
                "nanoseconds": result.measured.durations,
            ]
        }
        let object: [String: Any] = ["rows": rows, "dimension": dimension, "seconds": seconds, "sqlite_rows_per_second": sqlite ?? NSNull(), "results": all]
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: jsonFile))
    }
}
