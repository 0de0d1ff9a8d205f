import Client
import Foundation
import Records
import Synchronization
import Testing
import Wire

/// What the writers know: each memory as it must be if it is there at all, and which of them were acknowledged.
final class Ledger: Sendable {
    struct Batch: Sendable {
        let ids: [Identifier]
        let key: Identifier
        let drafts: [MemoryDraft]
        var isAcknowledged = false
    }

    struct State {
        var batches: [Batch] = []
        /// The last content that was acknowledged for an id, and one that was sent after it and may have been done.
        var updates: [Identifier: (acknowledged: String?, pending: String?)] = [:]
        var deletes: [Identifier: Bool] = [:]
    }

    let state = Mutex(State())

    static func vector(of content: String) -> [Float] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in content.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (0..<16).map { index in
            hash = hash &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int64(bitPattern: hash) >> 40) / Float(1 << 23) + Float(index) * 0.001
        }
    }
}

@Suite("A killed server loses no acknowledged word", .serialized)
struct KillTests {
    private static let rounds = Int(ProcessInfo.processInfo.environment["PINYON_KILL_ROUNDS"] ?? "") ?? 5
    private static let seed = UInt64(ProcessInfo.processInfo.environment["PINYON_KILL_SEED"] ?? "") ?? UInt64.random(in: 1 ... .max)

    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    @Test("every acknowledged write is there after SIGKILL, and nothing is half there")
    func kill() async throws {
        print("seed \(KillTests.seed), \(KillTests.rounds) rounds")
        var generator = Generator(state: KillTests.seed)
        var acknowledged = 0
        var done = 0
        while done < KillTests.rounds {
            let rounds = min(KillTests.roundsPerFolder, KillTests.rounds - done)
            acknowledged += try await life(from: done + 1, rounds: rounds, &generator)
            done += rounds
            print("round \(done): \(acknowledged) memories acknowledged, all there")
        }
        print("\(done) kills, \(acknowledged) memories acknowledged, all there")
        #expect(acknowledged > 0)
    }

    /// Everything is read back after each round, so a directory lives through a few rounds only.
    private static let roundsPerFolder = 10

    /// One data directory through several kills. Returns how many memories were acknowledged.
    private func life(from first: Int, rounds: Int, _ generator: inout Generator) async throws -> Int {
        let folder = TemporaryFolder()
        let ledger = Ledger()
        for round in first..<first + rounds {
            let server = try ServerProcess(in: folder)
            if round > first { try await check(server, ledger, round) }
            try await write(to: server, ledger, round, killAfter: UInt64.random(in: 20...400, using: &generator), seed: generator.next())
        }
        let server = try ServerProcess(in: folder)
        try await check(server, ledger, first + rounds)
        try await retryUnacknowledged(server, ledger)
        #expect(server.stop() == 0)
        #expect(try Binary.run(["verify", "--data", server.data]).status == 0)
        return ledger.state.withLock { $0.batches.filter(\.isAcknowledged).map(\.ids.count).reduce(0, +) }
    }

    /// Several writers at once, until the server is killed under them.
    private func write(to server: ServerProcess, _ ledger: Ledger, _ round: Int, killAfter milliseconds: UInt64, seed: UInt64) async throws {
        let client = server.client(retries: .none)
        defer { client.close() }
        let agent = try await client.ensureAgent("writer").id
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    var generator = Generator(state: seed &+ UInt64(writer))
                    var number = 0
                    while await step(client, ledger, agent, "round \(round) writer \(writer)", &number, &generator) {}
                }
            }
            group.addTask {
                try? await Task.sleep(nanoseconds: milliseconds * 1_000_000)
                server.kill()
            }
        }
    }

    /// One write of any kind; false when the server is gone.
    private func step(
        _ client: MemoryClient, _ ledger: Ledger, _ agent: Identifier, _ name: String, _ number: inout Int, _ generator: inout Generator
    ) async -> Bool {
        number += 1
        let key = Identifier(high: generator.next(), low: generator.next())
        do {
            let known = ledger.state.withLock { state in state.batches.last { $0.isAcknowledged }?.ids.first { state.deletes[$0] == nil } }
            switch (UInt64.random(in: 0..<10, using: &generator), known) {
            case (0, let id?):
                let content = "\(name) update \(number)"
                let isMine = ledger.state.withLock { state in
                    guard state.updates[id]?.pending == nil, state.deletes[id] == nil else { return false }
                    state.updates[id, default: (nil, nil)].pending = content
                    return true
                }
                guard isMine else { return true }
                _ = try await client.update(MemoryPatch(id: id, content: content, vector: .set(Ledger.vector(of: content))), idempotencyKey: key)
                ledger.state.withLock { $0.updates[id] = (content, nil) }
            case (1, let id?):
                let isMine = ledger.state.withLock { state in
                    guard state.deletes[id] == nil, state.updates[id]?.pending == nil else { return false }
                    state.deletes[id] = false
                    return true
                }
                guard isMine else { return true }
                _ = try await client.delete([id], idempotencyKey: key)
                ledger.state.withLock { $0.deletes[id] = true }
            default:
                let size = generator.next() % 3 == 0 ? Int.random(in: 2...20, using: &generator) : 1
                let drafts = (0..<size).map { part in
                    let content = "\(name) memory \(number) part \(part) " + String(repeating: "x", count: Int.random(in: 0...3_000, using: &generator))
                    return MemoryDraft(
                        id: Identifier(high: generator.next(), low: generator.next()), agent: agent, content: content, vector: Ledger.vector(of: content))
                }
                let index = ledger.state.withLock { state in
                    state.batches.append(Ledger.Batch(ids: drafts.compactMap(\.id), key: key, drafts: drafts))
                    return state.batches.count - 1
                }
                _ = try await client.remember(drafts, idempotencyKey: key)
                ledger.state.withLock { $0.batches[index].isAcknowledged = true }
            }
            return true
        } catch {
            return false
        }
    }

    /// Reads everything back and holds it against the ledger.
    private func check(_ server: ServerProcess, _ ledger: Ledger, _ round: Int) async throws {
        let client = server.client()
        defer { client.close() }
        var found: [Identifier: Memory] = [:]
        for try await page in client.stream(MemoryListing(withVectors: true)) {
            for memory in page { found[memory.id] = memory }
        }
        let state = ledger.state.withLock { ($0.batches, $0.updates, $0.deletes) }
        var expected = 0
        for batch in state.0 {
            let there = batch.drafts.filter { draft in draft.id.map { found[$0] != nil || state.2[$0] != nil } ?? false }
            #expect(there.count == 0 || there.count == batch.drafts.count, "round \(round): a batch is half there")
            if batch.isAcknowledged { #expect(there.count == batch.drafts.count, "round \(round): an acknowledged batch is gone") }
            for draft in batch.drafts {
                guard let id = draft.id else { continue }
                if state.2[id] == true { #expect(found[id] == nil, "round \(round): a deleted memory is there") }
                guard let memory = found[id] else {
                    if state.2[id] == nil, batch.isAcknowledged { Issue.record("round \(round): \(id) is gone") }
                    continue
                }
                expected += 1
                let update = state.1[id]
                let allowed = [update?.acknowledged ?? draft.content, update?.pending].compactMap { $0 }
                #expect(allowed.contains(memory.content), "round \(round): \(id) has another content")
                #expect(memory.embedding?.vector == Ledger.vector(of: memory.content), "round \(round): \(id) has another vector")
            }
        }
        #expect(found.count == expected, "round \(round): there are memories that nobody wrote")
        #expect(try await client.status()["organization"]?["memories"] == .integer(Int64(found.count)))
        for memory in found.values.prefix(20) {
            let answer = try await client.search(SearchRequest(query: .vector(Ledger.vector(of: memory.content)), k: 1))
            #expect(answer.entries.first?.hit.score ?? 0 > 0.9999)
        }
        // What may or may not have happened is settled now.
        ledger.state.withLock { state in
            for (id, update) in state.updates { state.updates[id] = (found[id]?.content ?? update.acknowledged, nil) }
            for id in state.deletes.keys { state.deletes[id] = found[id] == nil ? true : nil }
        }
    }

    /// What was never acknowledged is sent again under its key: it is then there exactly once, whether it was there before or not.
    private func retryUnacknowledged(_ server: ServerProcess, _ ledger: Ledger) async throws {
        let client = server.client()
        defer { client.close() }
        for batch in ledger.state.withLock({ $0.batches.filter { !$0.isAcknowledged } }) {
            let receipt = try await client.remember(batch.drafts, idempotencyKey: batch.key)
            #expect(receipt.rows.map(\.id) == batch.ids)
            #expect(try await client.memories(batch.ids).map(\.content) == batch.drafts.map(\.content))
        }
    }
}
