import Client
import Foundation
import Records
import Testing
import Transport
import Wire

extension RealBinary {
    @Suite("The Swift client and a real server")
    struct SwiftClientTests {
        private func filled(_ server: RunningServer, _ client: MemoryClient, _ count: Int) async throws -> Identifier {
            let agent = try await client.ensureAgent("filled").id
            let padding = String(repeating: "z", count: 2_000)
            for start in stride(from: 0, to: count, by: 200) {
                _ = try await client.remember(
                    (start..<min(start + 200, count)).map { MemoryDraft(agent: agent, content: "filled \($0) \(padding)", vector: vector(of: "filled \($0)")) })
            }
            return agent
        }

        @Test("1,000 tasks share one connection, and each gets its own answer", .timeLimit(.minutes(1)))
        func pipelining() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                let agent = try await client.ensureAgent("many").id
                let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            let content = "many \(number)"
                            let receipt = try await client.remember([MemoryDraft(agent: agent, content: content, vector: vector(of: content))])
                            let id = receipt.rows.first?.id
                            let found = try await client.search(SearchRequest(query: .vector(vector(of: content)), k: 1))
                            let read = try await client.memories(id.map { [$0] } ?? [])
                            return found.entries.first?.hit.id == id && read.first?.content == content
                        }
                    }
                    var wrong = 0
                    for try await isRight in group where !isRight { wrong += 1 }
                    return wrong
                }
                #expect(wrong == 0)
                let status = try await client.status()
                #expect(status["connections"]?["accepted"]?.integer == 1)
                #expect(status["organization"]?["memories"]?.integer == 1_000)
            }
        }

        @Test("more requests than the server takes at once wait their turn", .timeLimit(.minutes(1)))
        func moreThanInFlight() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                _ = try await filled(server, client, 200)
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<3_000 {
                        group.addTask { try await client.search(SearchRequest(query: .vector(vector(of: "filled \(number)")), k: 1)).entries.count }
                    }
                    for try await count in group { #expect(count == 1) }
                }
            }
        }

        @Test("a task that is cancelled ends with that, and the connection goes on", .timeLimit(.minutes(1)))
        func cancellation() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                _ = try await filled(server, client, 1_000)
                var cancelled = 0
                for _ in 0..<50 {
                    let task = Task { try await client.list(MemoryListing(limit: 1_000, withVectors: true)) }
                    task.cancel()
                    switch await task.result {
                    case .success(let page): #expect(page.memories.count == 1_000)
                    case .failure(let error):
                        #expect(error as? ClientError == .cancelled)
                        cancelled += 1
                    }
                }
                #expect(cancelled > 0)
                #expect(try await client.list(MemoryListing(limit: 10)).memories.count == 10)
                #expect(try await client.status()["connections"]?["accepted"]?.integer == 1)
            }
        }

        @Test("a deadline that passes while the server cannot answer is told, and the next request is served", .timeLimit(.minutes(1)))
        func deadline() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                try await client.ping()
                try await server.freeze()
                var error: ClientError?
                do throws(ClientError) { _ = try await client.perform(.status, deadlineMilliseconds: 200) } catch let caught { error = caught }
                server.child.send(SIGCONT)
                #expect(error == .timedOut)
                try await client.ping()
                let none: Outcome? = try? await client.perform(.status, deadlineMilliseconds: 0)
                #expect(none == nil)
            }
        }

        @Test("a deadline is kept by the server for a stream that nobody reads", .timeLimit(.minutes(1)))
        func serverDeadline() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                _ = try await filled(server, client, 10)
                let connection = try RawConnection(port: server.port)
                try connection.authenticate(try server.key(), streamCredit: 0)
                let answer = try connection.ask(RawFrame.request(.stream(MemoryListing()), id: 5, deadlineMilliseconds: 300))
                #expect(answer.header.type == .error && answer.header.request == 5)
                #expect(try Fault.read(answer.body).code == .deadlineExceeded)
                #expect(try connection.isAnswered())
            }
        }

        @Test("a request that is made while the server is down succeeds once it is back", .timeLimit(.minutes(1)))
        func reconnect() async throws {
            let folder = try Folder()
            let server = try await RunningServer.start(in: folder)
            defer { server.child.kill() }
            let client = try server.client(retries: RetryPolicy(attemptsMax: 1_000, firstMilliseconds: 10, millisecondsMax: 100))
            defer { client.close() }
            let agent = try await client.ensureAgent("patient").id
            try await server.stop()
            let drafts = (0..<20).map { MemoryDraft(agent: agent, content: "patient \($0)", vector: vector(of: "patient \($0)")) }
            let tasks = drafts.map { draft in Task { try await client.remember([draft]) } }
            let again = try await RunningServer.start(in: folder, port: server.port)
            defer { again.child.kill() }
            for task in tasks { #expect(try await task.value.rows.count == 1) }
            #expect(try await client.status()["organization"]?["memories"]?.integer == 20)
        }

        @Test("writes go on over kills and restarts, and each is done once", .timeLimit(.minutes(2)))
        func retryOverKills() async throws {
            let folder = try Folder()
            var server = try await RunningServer.start(in: folder)
            defer { server.child.kill() }
            let client = try server.client(retries: RetryPolicy(attemptsMax: 1_000, firstMilliseconds: 5, millisecondsMax: 50))
            defer { client.close() }
            let agent = try await client.ensureAgent("stubborn").id
            let done = Counter()
            let writing = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<8 {
                        group.addTask {
                            for number in 0..<150 {
                                _ = try await client.remember([MemoryDraft(agent: agent, content: "stubborn \(writer) \(number)")])
                                done.add()
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for share in [150, 450, 750] {
                #expect(try await becomesTrue { done.value >= share })
                server.child.send(SIGKILL)
                _ = try await server.child.end()
                server = try await RunningServer.start(in: folder, port: server.port)
            }
            try await writing.value
            var contents: [String] = []
            for try await page in client.stream(MemoryListing()) { contents += page.map(\.content) }
            #expect(contents.count == 1_200)
            #expect(Set(contents).count == 1_200)
        }

        @Test("what the server says is to be tried again is tried again", .timeLimit(.minutes(1)))
        func retryable() async throws {
            try await withServer(["--connections", "2"]) { server in
                let first = try RawConnection(port: server.port)
                try first.authenticate(try server.key())
                var second: RawConnection? = try RawConnection(port: server.port)
                try second?.authenticate(try server.key())
                let impatient = try server.client(retries: .none)
                defer { impatient.close() }
                var refusal: ErrorCode?
                do throws(ClientError) { try await impatient.ping() } catch { if case .refused(let fault) = error { refusal = fault.code } }
                #expect(refusal == .tooManyConnections)
                let patient = try server.client(retries: RetryPolicy(attemptsMax: 100, firstMilliseconds: 5, millisecondsMax: 50))
                defer { patient.close() }
                let ping = Task { try await patient.ping() }
                second = nil
                try await ping.value
            }
        }

        @Test("a stream can be left early, read slowly and read whole", .timeLimit(.minutes(1)))
        func streams() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                _ = try await filled(server, client, 2_000)
                // More often than the window holds pages: what a stream that was left has used must come back.
                for _ in 0..<30 {
                    for try await page in client.stream(MemoryListing(withVectors: true)) {
                        #expect(!page.isEmpty)
                        break
                    }
                }
                var ids: Set<Identifier> = []
                for try await page in client.stream(MemoryListing(withVectors: true)) { for memory in page { #expect(ids.insert(memory.id).inserted) } }
                #expect(ids.count == 2_000)
                // Two at once, over one window.
                async let one = Self.count(client)
                async let two = Self.count(client)
                #expect(try await [one, two] == [2_000, 2_000])
            }
        }

        @Test("streams that came whole and were left early give their window back", .timeLimit(.minutes(1)))
        func leftWhole() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none, deadlineMilliseconds: 10_000)
                defer { client.close() }
                _ = try await filled(server, client, 150)
                for round in 1...20 {
                    for try await page in client.stream(MemoryListing()) {
                        #expect(!page.isEmpty)
                        // Each page is counted before it is sent, and the answer to the ping comes behind it.
                        _ = try await becomesTrue(withinSeconds: 5) {
                            try await client.status()["operations"]?["stream"]?["count"]?.integer ?? 0 >= Int64(round * 2)
                        }
                        try await client.ping()
                        break
                    }
                }
                #expect(try await Self.count(client) == 150)
            }
        }

        private static func count(_ client: MemoryClient) async throws -> Int {
            var count = 0
            for try await page in client.stream(MemoryListing()) { count += page.count }
            return count
        }

        @Test("a client that was closed fails at once, and so does what was under way", .timeLimit(.minutes(1)))
        func close() async throws {
            try await withServer { server in
                let client = try server.client()
                try await client.ping()
                try await server.freeze()
                let begun = Counter()
                let waiting = Task {
                    begun.add()
                    return try await client.status()
                }
                // Whether the request has left by then or not, its end is the same.
                #expect(try await becomesTrue { begun.value == 1 })
                client.close()
                switch await waiting.result {
                case .success: Issue.record("an answer came from a server that stands still")
                case .failure(let error): #expect(error as? ClientError == .closed)
                }
                server.child.send(SIGCONT)
                var error: ClientError?
                do throws(ClientError) { try await client.ping() } catch let caught { error = caught }
                #expect(error == .closed)
            }
        }
    }
}
