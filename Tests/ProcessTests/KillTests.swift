import Client
import Foundation
import Records
import Testing
import Wire

extension RealBinary {
    @Suite("Killing the server loses nothing that was acknowledged")
    struct KillTests {
        @Test("after SIGKILL every acknowledged write is there as it was written, and no other write is half there", .timeLimit(.minutes(600)))
        func rounds() async throws {
            let environment = ProcessInfo.processInfo.environment
            let rounds = environment["PINYON_KILL_ROUNDS"].flatMap { Int($0) } ?? 5
            let seed = environment["PINYON_KILL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64.max >> 1)
            print("kill test: seed \(seed), \(rounds) rounds")
            var generator = SeededGenerator(seed: seed)
            let folder = try Folder()
            var ledger = Ledger()
            var modelWriters: [ModelWriter] = []
            var acknowledged = 0
            var unknown = 0
            for round in 1...rounds {
                let server = try await RunningServer.start(in: folder)
                defer { server.child.kill() }
                if modelWriters.isEmpty { modelWriters = try await self.modelWriters(server, using: &generator) }
                let outcome = try await writeUntilKilled(server, &ledger, &modelWriters, round: round, using: &generator)
                acknowledged += outcome.acknowledged
                unknown += outcome.open.count + modelWriters.count { $0.open != nil }
                if round % 2 == 0 { try await verify(folder) }
                let again = try await RunningServer.start(in: folder)
                defer { again.child.kill() }
                let client = try again.client(retries: .none)
                defer { client.close() }
                try await ledger.settle(outcome.open, client)
                try await settle(&modelWriters, client)
                try await ledger.compare(client, using: &generator)
                try await verify(folder)
                again.child.send(SIGKILL)
                _ = try await again.child.end()
                print(
                    "kill test: round \(round) of \(rounds): killed after \(outcome.milliseconds) ms, \(outcome.acknowledged) writes acknowledged, "
                        + "\(outcome.open.count) unknown, \(ledger.live.count) memories and \(modelWriters.map(\.model.rowCount).reduce(0, +)) other rows kept")
                // What went wrong once goes wrong in every round after it.
                guard !ledger.hasFailed, modelWriters.allSatisfy({ $0.failure == nil }) else { break }
            }
            print("kill test: \(rounds) rounds, \(acknowledged) writes acknowledged, \(rounds * 2) kills, \(unknown) writes unknown at the kill, seed \(seed)")
            #expect(acknowledged > 0)
            for kind in Everything.kinds { #expect(modelWriters.contains { !$0.model.all(kind).isEmpty }, "no \(kind.plural) were written") }
        }

        @Test("the comparison itself notices what is lost, changed or not deleted", .timeLimit(.minutes(1)))
        func comparison() async throws {
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                let agent = try await client.ensureAgent("writer").id
                let drafts = (0..<3).map { MemoryDraft(agent: agent, content: "kept \($0)", importance: 0.25, vector: vector(of: "kept \($0)")) }
                let rows = try await client.remember(drafts).rows
                let right = zip(rows, drafts).map { Kept(id: $0.id, content: $1.content, version: 1, importance: 0.25, hasVector: true) }
                var ledger = Ledger(right)
                var generator = SeededGenerator(seed: 1)
                try await ledger.compare(client, using: &generator)
                #expect(!ledger.hasFailed)
                var variants = [[Kept]](repeating: right, count: 6)
                variants[0].append(Kept(id: Identifier(high: 1, low: 1), content: "lost", version: 1, importance: 0.25, hasVector: false))
                variants[1].removeLast()
                variants[2][0].version = 2
                variants[3][0].content = "kept otherwise"
                variants[4][0].hasVector = false
                variants[5][0].importance = 0.5
                for variant in variants {
                    var wrong = Ledger(variant)
                    await withKnownIssue { try await wrong.compare(client, using: &generator) }
                    #expect(wrong.hasFailed)
                }
            }
        }

        private static let modelWriterCount = 4

        private func modelWriters(_ server: RunningServer, using generator: inout SeededGenerator) async throws -> [ModelWriter] {
            let client = try server.client(retries: .none)
            defer { client.close() }
            let organization = try #require(try await client.status()["organization"]?["id"]?.text.flatMap { Identifier($0) })
            var writers: [ModelWriter] = []
            for number in 0..<KillTests.modelWriterCount {
                writers.append(try await ModelWriter("writer\(number)", organization, seed: generator.next(), client))
            }
            return writers
        }

        /// Every row of every kind is as its writer's model says, the numbers of messages among them, and status counts as many.
        private func settle(_ writers: inout [ModelWriter], _ client: MemoryClient) async throws {
            let before = try await Everything(client)
            for index in writers.indices {
                if let wrong = try await writers[index].settle(before, client) { Issue.record("\(wrong)") }
            }
            let rows = try await Everything(client)
            for writer in writers {
                if let wrong = writer.compare(rows) { Issue.record("\(wrong)") }
            }
            let status = try await client.status()
            for kind in Everything.kinds where kind != .job && kind != .key {
                #expect(status["organization"]?[kind.plural]?.integer == rows.count(kind), "\(kind.plural)")
            }
            let messages = Dictionary(grouping: rows.records[.message, default: []].filter { $0.deletedAt == nil }) { $0.identifier(.conversation) }
            for conversation in rows.records[.conversation, default: []] {
                #expect(conversation.integer(.messageCount) == Int64(messages[conversation.id]?.count ?? 0), "\(conversation)")
            }
        }

        private func verify(_ folder: Folder) async throws {
            let finished = try await pinyon(["verify", "--data", folder.path + "/data", "--json"], in: folder)
            #expect(finished.code == 0, "\(finished.output) \(finished.errors)")
            #expect(try JSON(parsing: Array(finished.output.utf8))["sound"] == .bool(true))
        }

        private func writeUntilKilled(
            _ server: RunningServer, _ ledger: inout Ledger, _ modelWriters: inout [ModelWriter], round: Int, using generator: inout SeededGenerator
        ) async throws -> (acknowledged: Int, open: [Write], milliseconds: Int) {
            let client = try server.client(retries: .none)
            defer { client.close() }
            let agent = try await client.ensureAgent("writer").id
            // A round has at least this many answers before the kill, so that a slow machine does not make it empty.
            let counter = Counter()
            var writers: [Writer] = []
            let shares = ledger.shares(Ledger.writers)
            for number in 0..<Ledger.writers {
                writers.append(Writer(name: "r\(round)w\(number)", agent: agent, live: shares[number], generator: SeededGenerator(seed: generator.next())))
            }
            let milliseconds = Int.random(in: 0...400, using: &generator)
            let models = modelWriters
            async let modelled = withTaskGroup(of: (Int, ModelWriter).self) { group in
                for (number, writer) in models.enumerated() {
                    group.addTask {
                        var writer = writer
                        await writer.run(client, counter)
                        return (number, writer)
                    }
                }
                var ended = models
                for await (number, writer) in group { ended[number] = writer }
                return ended
            }
            let results = try await withThrowingTaskGroup(of: Writer.self) { group in
                for writer in writers {
                    group.addTask {
                        var writer = writer
                        await writer.run(client, counter)
                        return writer
                    }
                }
                _ = try await becomesTrue { counter.value >= 20 }
                try await Task.sleep(nanoseconds: UInt64(milliseconds) * 1_000_000)
                server.child.send(SIGKILL)
                var ended: [Writer] = []
                for try await writer in group { ended.append(writer) }
                return ended
            }
            #expect(try await server.child.end()?.signal == SIGKILL, "the server ended before it was killed: \(server.child.errors)")
            ledger.take(results)
            let done = modelWriters.map(\.acknowledged).reduce(0, +)
            modelWriters = await modelled
            let more = modelWriters.map(\.acknowledged).reduce(0, +) - done
            return (results.map(\.acknowledged).reduce(more, +), results.compactMap(\.open), milliseconds)
        }
    }
}
