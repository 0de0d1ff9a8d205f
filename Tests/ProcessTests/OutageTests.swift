import Client
import Foundation
import Records
import Synchronization
import Testing
import Wire

/// PostgreSQL servers of a test's own, which it may kill.
final class PostgresServers: Sendable {
    let addresses: [String]
    private let folder: Folder
    private let path: String

    init(in folder: Folder) async throws {
        self.folder = folder
        path = folder.path + "/postgres"
        let started = try await PostgresServers.script("start", path, folder)
        try #require(started.code == 0, "\(started.errors)")
        addresses = try String(contentsOfFile: path + "/addresses", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    func crash() async throws { #expect(try await PostgresServers.script("crash", path, folder).code == 0) }

    func start() async throws {
        let started = try await PostgresServers.script("start", path, folder)
        #expect(started.code == 0, "\(started.errors)")
    }

    func stop() async throws { #expect(try await PostgresServers.script("stop", path, folder).code == 0) }

    private static func script(_ verb: String, _ path: String, _ folder: Folder) async throws -> Finished {
        // The package lies in this user's cache.
        let home = ProcessInfo.processInfo.environment.filter { ["HOME", "XDG_CACHE_HOME"].contains($0.key) }
        return try await run([Checkout.root + "/scripts/postgres", verb, path], in: folder, environment: home, withinSeconds: 300)
    }
}

extension RealBinary {
    @Suite("PostgreSQL goes away and comes back")
    struct OutageTests {
        /// What was acknowledged, and how often something was refused meanwhile.
        private final class Book: Sendable {
            struct Pages {
                var kept: Set<Identifier> = []
                var refused = 0
                var wrong: [String] = []
                var isOver = false
            }

            let pages = Mutex(Pages())
            var keptCount: Int { pages.withLock { $0.kept.count } }
            var refused: Int { pages.withLock { $0.refused } }
        }

        @Test("killed in the middle of writes it loses none that was acknowledged; searches go on, and all is well by itself afterwards", .timeLimit(.minutes(10)))
        func crash() async throws {
            let folder = try Folder()
            let servers = try await PostgresServers(in: folder)
            for (number, address) in servers.addresses.enumerated() { try await crash(servers, address, number) }
            try await servers.stop()
        }

        private func crash(_ servers: PostgresServers, _ address: String, _ number: Int) async throws {
            let folder = try Folder()
            let server = try await RunningServer.start(in: folder, ["--store", address])
            defer { server.child.kill() }
            let client = try server.client(retries: .none)
            defer { client.close() }
            let agent = try await client.ensureAgent("writer").id
            let book = Book()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 { group.addTask { await write(client, agent, writer, book) } }
                defer { book.pages.withLock { $0.isOver = true } }
                #expect(try await becomesTrue { book.keptCount > 200 })
                try await servers.crash()
                #expect(try await becomesTrue { book.refused > 0 })
                let bare = try await client.search(SearchRequest(query: .vector([1, 0, 0]), k: 5, withContent: false))
                #expect(bare.entries.count == 5 && bare.entries.allSatisfy { $0.memory == nil })
                let known = try await client.search(SearchRequest(query: .vector([1, 0, 0]), k: 5))
                #expect(known.report.lacksContents && known.entries.count == 5)
                #expect(known.entries.allSatisfy { $0.memory?.agent == agent && $0.memory?.content == "" && $0.memory?.tags == ["kept"] })
                #expect(try await becomesTrue { try await client.search(SearchRequest(query: .vector([1, 0, 0]), k: 5, withContent: false)).report.asOf != nil })
                try await servers.start()
                let then = book.keptCount
                #expect(try await becomesTrue { book.keptCount > then + 200 })
            }
            let (kept, wrong) = book.pages.withLock { ($0.kept, $0.wrong) }
            #expect(wrong.isEmpty, "\(wrong)")
            for id in kept { #expect(try await client.memories([id]).first?.tags == ["kept"], "\(id) is lost") }
            let again = try await client.search(SearchRequest(query: .vector([1, 0, 0]), k: 5))
            #expect(!again.report.lacksContents && again.report.asOf == nil && again.entries.allSatisfy { $0.memory?.content.isEmpty == false })
            // One that starts now reads from the database what this one has in memory.
            let other = try await RunningServer.start(in: try Folder(), ["--store", address])
            defer { other.child.kill() }
            let status = try await client.status()
            let fresh = try await pinyon(["status", "--server", other.address, "--key-file", server.keyFile, "--json"], in: folder)
            let rows = status["indexes"]?["memories"]?["rows"]
            #expect(rows?.integer.map { $0 >= kept.count } == true && rows == status["organization"]?["memories"])
            #expect(try JSON(parsing: Array(fresh.output.utf8))["indexes"]?["memories"]?["rows"] == rows, "\(fresh.errors)")
            print("outage test \(number): \(kept.count) kept, \(book.refused) refused")
        }

        private func write(_ client: MemoryClient, _ agent: Identifier, _ writer: Int, _ book: Book) async {
            var number = 0
            while !book.pages.withLock({ $0.isOver }) {
                number += 1
                let draft = MemoryDraft(agent: agent, content: "\(writer) \(number)", tags: ["kept"], vector: [1, Float(writer), Float(number)])
                do throws(ClientError) {
                    let rows = try await client.remember([draft]).rows
                    book.pages.withLock { $0.kept.formUnion(rows.map(\.id)) }
                } catch {
                    guard case .refused(let fault) = error, fault.isRetryable else {
                        book.pages.withLock { $0.wrong.append(error.description) }
                        continue
                    }
                    book.pages.withLock { $0.refused += 1 }
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }
}
