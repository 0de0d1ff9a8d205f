import CPostgres
import Client
import Foundation
import Records
import Wire

/// The service on a PostgreSQL database, beside psql and pgvector on the same tables.
///
/// The schema is made for the run and goes with it. What is asked of conversations is asked through the wire, in an organization among others.
extension ServiceBenchmark {
    struct Database {
        let address: String
        let schema: String
        let psql: String
        let organizations: Int

        var options: [String] { ["--store", address, "--store-schema", schema] }
        func table(_ name: String) -> String { "\(schema).\(name)" }
    }

    private static let batch = 500
    private static let writers = 4
    /// Of what users of such a platform wait for, at most, in milliseconds.
    private static let limits: [(name: String, percentile: Double, milliseconds: Double)] = [
        ("open", 0.99, 10), ("list", 0.99, 50), ("append", 0.99, 100), ("search", 0.99, 200), ("search", 0.5, 10),
    ]

    mutating func onPostgres(_ database: Database) async throws {
        let server = try start(database.options)
        defer { _ = try? runTool(binary, ["migrate", "down", "--to", "0"] + database.options) }
        try await bulk(server, database)
        try await platform(server, database)
        server.stop()
        try load(server, database)
    }

    // MARK: Many rows

    /// Rows through the wire and by psql's copy, in turns, into one table with its indexes and triggers.
    private func bulk(_ server: RunningServer, _ database: Database) async throws {
        let client = client(server, nil)
        defer { client.close() }
        let agent = try await client.ensureAgent("bulk").id
        guard let organization = try await client.status()["organization"]?["id"]?.text else { throw BenchError("status names no organization") }
        // The space comes with the first vector.
        var source = VectorSource(seed: 11)
        _ = try await client.remember([MemoryDraft(agent: agent, content: "first", vector: source.vector(dimension))])
        let vectors = (0..<rows).map { _ in source.vector(dimension) }
        let file = server.folder.appendingPathComponent("rows.tsv")
        var ratios: [Double] = []
        for round in 0..<rounds {
            let ours = try await seconds { try await remember(vectors, agent, client) }
            try write(vectors, organization, agent, round, to: file)
            let copied = "\\copy \(database.table("agent_memories")) (organization_id, id, agent_id, content, embedding) from '\(file.path)'"
            let theirs = try await seconds { try runTool(database.psql, ["-q", "-v", "ON_ERROR_STOP=1", database.address, "-c", copied]) }
            print(String(format: "bulk load: through the wire %.0f rows/s, psql's \\copy %.0f rows/s", Double(rows) / ours, Double(rows) / theirs))
            ratios.append(ours / theirs)
        }
        print(String(format: "bulk load of %d rows takes %.2f times as long as psql's \\copy, to be within 2.5", rows, median(ratios)))
    }

    private func remember(_ vectors: [[Float]], _ agent: Identifier, _ client: MemoryClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<ServiceBenchmark.writers {
                group.addTask {
                    for start in stride(from: writer * ServiceBenchmark.batch, to: vectors.count, by: ServiceBenchmark.writers * ServiceBenchmark.batch) {
                        let drafts = (start..<min(start + ServiceBenchmark.batch, vectors.count)).map { number in
                            MemoryDraft(agent: agent, content: "Memory number \(number) of the benchmark, of a usual length for a fact.", vector: vectors[number])
                        }
                        _ = try await client.remember(drafts)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func write(_ vectors: [[Float]], _ organization: String, _ agent: Identifier, _ round: Int, to file: URL) throws {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        for (number, vector) in vectors.enumerated() {
            let id = Identifier(high: UInt64(round + 1), low: UInt64(number))
            let text = vector.map { "\($0)" }.joined(separator: ",")
            try handle.write(contentsOf: Data("\(organization)\t\(id)\t\(agent)\tMemory number \(number) of the benchmark, of a usual length for a fact.\t[\(text)]\n".utf8))
        }
        try handle.close()
    }

    /// How fast a server that starts reads all rows into its indexes, beside a copy that does nothing with them.
    private func load(_ server: RunningServer, _ database: Database) throws {
        let parts = ["agent_memories", "messages", "conversations"].map { "SELECT organization_id, id, embedding FROM \(database.table($0)) WHERE embedding IS NOT NULL" }
        var (theirs, ours, count) = ([Double](), [Double](), 0)
        for _ in 0..<rounds {
            let output = try runTool(database.psql, ["-q", database.address, "-c", "\\timing on", "-c", "\\copy (\(parts.joined(separator: " UNION ALL "))) to '/dev/null' (format binary)"])
            guard let time = output.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else { throw BenchError("psql said: \(output)") }
            theirs.append(time / 1_000)
            count = Int(try runTool(database.psql, ["-q", "-t", database.address, "-c", "SELECT count(*) FROM (\(parts.joined(separator: " UNION ALL "))) AS r"]).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            let began = DispatchTime.now().uptimeNanoseconds
            let again = try RunningServer(
                binary: binary, arguments: ["serve", "--data", server.folder.path + "/data", "--listen", "127.0.0.1:0", "--embedder", "none"] + database.options, hasKey: false)
            ours.append(Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9)
            again.stop()
        }
        let (copying, starting) = (median(theirs), median(ours))
        print(
            String(
                format: "start with %d rows: %.1f s, %.0f rows/s; a bare binary copy: %.1f s, %.0f rows/s; ratio %.2f, to be 0.70", count, starting, Double(count) / starting,
                copying, Double(count) / copying, copying / starting))
    }

    // MARK: A platform in use

    private mutating func platform(_ server: RunningServer, _ database: Database) async throws {
        let began = DispatchTime.now().uptimeNanoseconds
        var keys = [server.key ?? ""]
        for number in 1..<max(1, database.organizations) {
            let file = server.folder.appendingPathComponent("key\(number)").path
            try runTool(binary, ["organization", "create", "tenant-\(number)", "--to-file", file, "--data", server.folder.path] + database.options)
            keys.append(try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        var first: (user: Identifier, conversations: [Identifier])?
        for (number, key) in keys.enumerated() {
            let client = MemoryClient(ClientConfiguration(address: server.address, key: key, name: "pinyon-bench"))
            defer { client.close() }
            let filled = try await fill(client, conversations: conversations / keys.count, messages: messages / keys.count, seed: UInt64(100 + number))
            if number == 0 { first = filled }
        }
        guard let first else { return }
        let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
        print(String(format: "%d messages in %d conversations of %d organizations, written in %.0f s", messages, conversations, keys.count, spent))
        try settle(server, database)
        var queries = VectorSource(seed: 6)
        let asked = (0..<256).map { _ in queries.vector(dimension) }
        let search = Contender(name: "search", server: server, tls: nil) { number, buffer in
            let request = SearchRequest(.message, query: .vector(asked[Int(number) % asked.count]), k: 10)
            Request(envelope: Envelope(), operation: .search(request)).append(id: number, to: &buffer)
        }
        for contender in asking(server, first.user, first.conversations) + [search] { await compare([contender], [(1, 1), (4, 1), (16, 1)]) }
        for limit in ServiceBenchmark.limits {
            for (shape, found) in percentiles(limit.name, limit.percentile) {
                print(String(format: "%@ p%.0f, %d × %d: %.2f ms, to be under %.0f", limit.name, limit.percentile * 100, shape.0, shape.1, found, limit.milliseconds))
            }
        }
        try pgvector(server, database, asked)
    }

    /// What follows a load is no part of what comes after it: lists are trained, and the database is tidied up as after any load.
    private func settle(_ server: RunningServer, _ database: Database) throws {
        try runTool(database.psql, ["-q", database.address, "-c", "VACUUM ANALYZE \(database.table("messages"))", "-c", "VACUUM ANALYZE \(database.table("conversations"))", "-c", "CHECKPOINT"])
        var last = 0
        for _ in 0..<300 {
            let fields = try String(contentsOfFile: "/proc/\(server.pid)/stat", encoding: .utf8).split(separator: " ")
            let ticks = [13, 14].reduce(0) { $0 + (fields.count > $1 ? Int(fields[$1]) ?? 0 : 0) }
            if ticks - last < ServiceBenchmark.idleTicks { return }
            last = ticks
            Thread.sleep(forTimeInterval: 1)
        }
    }

    /// Of a second's hundred: the feed's polls take some.
    private static let idleTicks = 10

    private func fill(_ client: MemoryClient, conversations: Int, messages: Int, seed: UInt64) async throws -> (user: Identifier, conversations: [Identifier]) {
        guard let user = try await client.create([RecordDraft(.user, [.email: .text("bench@example.com"), .name: .text("Bench")])]).rows.first?.id else {
            throw BenchError("the user was not made")
        }
        var ids: [Identifier] = []
        while ids.count < conversations {
            let drafts = (0..<min(ServiceBenchmark.batch, conversations - ids.count)).map { offset in
                RecordDraft(.conversation, [.user: .identifier(user), .title: .text("Conversation \(ids.count + offset)")])
            }
            ids += try await client.create(drafts).rows.map(\.id)
        }
        let known = ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<ServiceBenchmark.writers {
                group.addTask {
                    var source = VectorSource(seed: seed &* 1_000 &+ UInt64(writer))
                    let (from, to) = (messages * writer / ServiceBenchmark.writers, messages * (writer + 1) / ServiceBenchmark.writers)
                    for start in stride(from: from, to: to, by: ServiceBenchmark.batch) {
                        let drafts = (start..<min(start + ServiceBenchmark.batch, to)).map { number in
                            RecordDraft(
                                .message,
                                [
                                    // One conversation after the other.
                                    .conversation: .identifier(known[number * known.count / messages]), .role: .text(number % 2 == 0 ? "user" : "assistant"),
                                    .content: .text("Message number \(number) of the benchmark, as long as what people write to each other usually is."),
                                ], vector: source.vector(dimension))
                        }
                        _ = try await client.create(drafts)
                    }
                }
            }
            try await group.waitForAll()
        }
        return (user, ids)
    }

    /// The same searches by pgvector's own index, over all organizations' messages, as it offers no other.
    private func pgvector(_ server: RunningServer, _ database: Database, _ asked: [[Float]]) throws {
        let connection = try LibpqConnection(database.address)
        let organization = try connection.text("SELECT organization_id FROM \(database.table("messages")) LIMIT 1")
        let lists = max(10, messages / 1_000)
        let began = DispatchTime.now().uptimeNanoseconds
        try connection.execute("SET maintenance_work_mem = '2GB'; SET ivfflat.probes = 10; SET ivfflat.iterative_scan = relaxed_order; SET enable_seqscan = off")
        try connection.execute(
            "CREATE INDEX ON \(database.table("messages")) USING ivfflat (embedding vector_cosine_ops) WITH (lists = \(lists))")
        let built = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
        let query = """
            SELECT id FROM \(database.table("messages")) WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY embedding <=> $2::vector LIMIT 10
            """
        let milliseconds = try asked.map { vector in
            let start = DispatchTime.now().uptimeNanoseconds
            _ = try connection.rows(query, [organization, "[\(vector.map { "\($0)" }.joined(separator: ","))]"])
            return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
        }.sorted()
        print(
            String(
                format: "pgvector's ivfflat through libpq, %d lists, built in %.0f s, 10 probes: p50 %.2f ms, p99 %.2f ms", lists, built, milliseconds[milliseconds.count / 2],
                milliseconds[milliseconds.count * 99 / 100]))
    }

    // MARK: Tools

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let began = DispatchTime.now().uptimeNanoseconds
        try await body()
        return Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    }

    @discardableResult
    private func runTool(_ path: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // What libraries another program brought is none of psql's.
        process.arguments = ["-u", "LD_LIBRARY_PATH", path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("\(path) failed: \(said)") }
        return said
    }
}

/// A connection as any program has one.
@safe private final class LibpqConnection {
    private let handle: OpaquePointer

    init(_ address: String) throws {
        guard let handle = unsafe PQconnectdb(address), unsafe PQstatus(handle) == CONNECTION_OK else { throw BenchError("\(address) cannot be reached") }
        unsafe self.handle = handle
    }

    deinit { unsafe PQfinish(handle) }

    func execute(_ sql: String) throws {
        let answer = unsafe PQexec(handle, sql)
        defer { unsafe PQclear(answer) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(unsafe PQresultStatus(answer)) else { throw BenchError(unsafe String(cString: PQerrorMessage(handle))) }
    }

    func text(_ sql: String) throws -> String { try rows(sql, []).first ?? "" }

    /// The first column.
    func rows(_ sql: String, _ parameters: [String]) throws -> [String] {
        var pointers = unsafe parameters.map { unsafe UnsafePointer(strdup($0)) as UnsafePointer<CChar>? }
        defer { for unsafe pointer in unsafe pointers { unsafe free(UnsafeMutablePointer(mutating: pointer)) } }
        let answer = unsafe PQexecParams(handle, sql, Int32(parameters.count), nil, &pointers, nil, nil, 0)
        defer { unsafe PQclear(answer) }
        guard unsafe PQresultStatus(answer) == PGRES_TUPLES_OK else { throw BenchError(unsafe String(cString: PQerrorMessage(handle))) }
        return (0..<Int(unsafe PQntuples(answer))).map { unsafe String(cString: PQgetvalue(answer, Int32($0), 0)) }
    }
}
