import Client
import Foundation
import Records
import Testing
import Wire

extension RealBinary {
    @Suite("Stopping keeps every promise")
    struct StopTests {
        private static let rows = 60

        /// A server with a few memories of a few kilobytes, and what they hold.
        private func filled(_ folder: Folder, _ options: [String]) async throws -> RunningServer {
            let server = try await RunningServer.start(in: folder, options)
            let client = try server.client(retries: .none)
            defer { client.close() }
            let agent = try await client.ensureAgent("kept").id
            let padding = String(repeating: "x", count: 2_000)
            _ = try await client.remember((0..<StopTests.rows).map { MemoryDraft(agent: agent, content: "kept \($0) \(padding)", vector: vector(of: "kept \($0)")) })
            return server
        }

        /// A connection on which a stream has begun that cannot go on: it has no credit.
        private func stuckStream(_ server: RunningServer) throws -> RawConnection {
            let connection = try RawConnection(port: server.port)
            try connection.authenticate(try server.key(), streamCredit: 0)
            connection.send(RawFrame.request(.stream(MemoryListing()), id: 1, deadlineMilliseconds: 600_000))
            // Another answer on the same connection: the stream's request was taken before it.
            _ = try connection.isAnswered(2)
            return connection
        }

        private func expectAllKept(_ folder: Folder, _ count: Int = StopTests.rows) async throws {
            let server = try await RunningServer.start(in: folder)
            defer { server.child.kill() }
            let client = try server.client()
            defer { client.close() }
            var found = 0
            for try await page in client.stream(MemoryListing()) { found += page.count }
            #expect(found == count)
        }

        @Test("SIGTERM lets what is under way finish, then the server says that it stopped and ends with 0", .timeLimit(.minutes(2)))
        func drains() async throws {
            let folder = try Folder()
            let server = try await filled(folder, ["--drain-seconds", "60"])
            defer { server.child.kill() }
            let connection = try stuckStream(server)
            server.child.send(SIGTERM)
            #expect(try connection.frame().header.type == .goodbye)
            let refused = try connection.ask(RawFrame.request(.status, id: 3))
            #expect(refused.header.type == .error)
            let fault = try Fault.read(refused.body)
            #expect(fault.code == .draining && fault.isRetryable)
            var credit: [UInt8] = []
            Credit(bytes: 10_000_000).append(to: &credit)
            connection.send(credit)
            var rows = 0
            var last = try connection.frame()
            while last.header.type == .item {
                if case .page(let page) = try Outcome.read(.stream, last.body, of: Identifier(high: 0, low: 0)) { rows += page.memories.count }
                last = try connection.frame()
            }
            #expect(last.header.type == .end)
            #expect(rows == StopTests.rows)
            #expect(try connection.receive() == .closed)
            #expect(try await server.child.end() == Child.Status(code: 0, signal: nil))
            #expect(server.child.errors.contains("\"message\":\"stopped\"") || server.child.errors.contains("\"message\": \"stopped\""))
            #expect(!server.child.errors.contains("did not finish in time"))
            try await expectAllKept(folder)
        }

        @Test("writes under way at SIGTERM are each done and acknowledged, or refused and not done", .timeLimit(.minutes(2)))
        func writesUnderWay() async throws {
            let folder = try Folder()
            let server = try await filled(folder, [])
            defer { server.child.kill() }
            let connection = try RawConnection(port: server.port)
            try connection.authenticate(try server.key())
            let agents = try connection.ask(RawFrame.request(.browse(RecordListing(.agent)), id: 1))
            guard case .recordPage(let known) = try Outcome.read(.browse, agents.body, of: Identifier(high: 0, low: 0)), let agent = known.records.first else {
                Issue.record("no agent came")
                return
            }
            var bytes: [UInt8] = []
            let ids = UInt64(2)..<UInt64(302)
            for id in ids {
                bytes += RawFrame.request(.remember([MemoryDraft(agent: agent.id, content: "late \(id)", vector: vector(of: "late \(id)"))]), id: id)
            }
            connection.send(bytes)
            // The first answer says that the others are on their way.
            var done: Set<UInt64> = []
            let first = try connection.frame()
            #expect(first.header.type == .reply)
            done.insert(first.header.request)
            server.child.send(SIGTERM)
            var refused: Set<UInt64> = []
            while case .frame(let frame) = try connection.receive() {
                switch frame.header.type {
                case .reply: #expect(done.insert(frame.header.request).inserted)
                case .error:
                    #expect(try Fault.read(frame.body).code == .draining)
                    refused.insert(frame.header.request)
                default: #expect(frame.header.type == .goodbye)
                }
            }
            #expect(done.union(refused) == Set(ids))
            #expect(done.isDisjoint(with: refused))
            #expect(try await server.child.end()?.code == 0)
            try await expectAllKept(folder, StopTests.rows + done.count)
        }

        @Test("what does not finish is ended after the drain time", .timeLimit(.minutes(2)))
        func drainTime() async throws {
            let folder = try Folder()
            let server = try await filled(folder, ["--drain-seconds", "2"])
            defer { server.child.kill() }
            let connection = try stuckStream(server)
            let clock = ContinuousClock()
            let start = clock.now
            server.child.send(SIGTERM)
            #expect(try connection.frame().header.type == .goodbye)
            #expect(try connection.receive() == .closed)
            #expect(clock.now - start >= .seconds(1.9))
            #expect(try await server.child.end() == Child.Status(code: 0, signal: nil))
            #expect(server.child.errors.contains("connections did not finish in time"))
            try await expectAllKept(folder)
        }

        @Test("a second SIGTERM ends the server at once, with another status than 0", .timeLimit(.minutes(2)))
        func second() async throws {
            let folder = try Folder()
            let server = try await filled(folder, ["--drain-seconds", "3600"])
            defer { server.child.kill() }
            let connection = try stuckStream(server)
            server.child.send(SIGTERM)
            #expect(try connection.frame().header.type == .goodbye)
            #expect(server.child.ended() == nil)
            server.child.send(SIGTERM)
            let status = try #require(try await server.child.end(), "the server goes on")
            #expect(status.code == 1)
            try await expectAllKept(folder)
        }
    }
}
