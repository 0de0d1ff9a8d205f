import Dispatch
import Foundation
import Records
import Storage
import Synchronization
import Testing

@Suite struct GroupCommitTests {
    /// Results by the order in which completions ran.
    final class Log: Sendable {
        let entries = Mutex<[(request: Int, change: Int64?)]>([])
    }

    @Test("writes that wait share commits, and complete in the order of their change numbers")
    func sharing() async throws {
        let home = try TemporaryDirectory()
        let store = try home.openSQLite()
        var world = World(seed: 41)
        try await world.create(in: store)
        let before = store.commitCount
        let log = Log()
        let memories = (0..<500).map { _ in world.memory() }
        for (number, memory) in memories.enumerated() {
            // Every tenth is refused alone, in the midst of the others.
            let action: WriteAction = number % 10 == 9 ? .remember([memories[0]]) : .remember([memory])
            store.write(world.request(action)) { result in
                log.entries.withLock { $0.append((number, try? result.get().receipt.change)) }
            }
        }
        // Closing completes what was accepted.
        store.close()
        let entries = log.entries.withLock { $0 }
        #expect(entries.map(\.request) == Array(0..<500))
        #expect(entries.compactMap(\.change) == Array(4..<454))
        #expect(store.commitCount - before < 100)
        let again = try home.open()
        #expect(try await again.counts(of: world.organization.id)[.memory].rows == 450)
        again.close()
        #expect(try Verification.run(path: home.path).isSound)
    }

    @Test("beyond the bound of waiting writes the answer is busy, and every write is answered once")
    func busy() async throws {
        let home = try TemporaryDirectory()
        var configuration = SQLiteConfiguration()
        configuration.waitingWritesMax = 8
        let store = try home.openSQLite(configuration)
        var world = World(seed: 42)
        try await world.create(in: store)
        let log = Log()
        let refused = Mutex(0)
        // The first completion holds the others until all are offered, so that the bound is reached.
        let gate = DispatchSemaphore(value: 0)
        let first = world.memory()
        store.write(world.request(.remember([first]))) { _ in gate.wait() }
        for number in 0..<50 {
            store.write(world.request(.remember([world.memory()]))) { result in
                switch result {
                case .success(let outcome): log.entries.withLock { $0.append((number, outcome.receipt.change)) }
                case .failure(let error):
                    if error == .busy { refused.withLock { $0 += 1 } }
                }
            }
        }
        gate.signal()
        store.close()
        #expect(log.entries.withLock { $0.count } == 7)
        #expect(refused.withLock { $0 } == 43)
    }

    @Test("many threads write and read at once, and everybody finds what was acknowledged to him")
    func threads() async throws {
        let home = try TemporaryDirectory()
        let store = try home.openSQLite()
        let worlds = (0..<4).map { World(seed: UInt64(50 + $0), slug: "tenant-\($0)") }
        for world in worlds { try await world.create(in: store) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for original in worlds {
                group.addTask {
                    var world = original
                    for _ in 0..<50 {
                        let memories = [world.randomMemory(), world.randomMemory()]
                        _ = try await store.write(world.request(.remember(memories)))
                        #expect(try await store.memories(memories.map(\.id), of: world.organization.id) == memories)
                        #expect(try await store.page(MemoryListing(limit: 1), of: world.organization.id).memories.first?.id == memories[1].id)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.loaded().last.number == 4 * 3 + 400)
        store.close()
        #expect(try Verification.run(path: home.path).isSound)
    }

    @Test("a full database refuses what does not fit, keeps what it has and goes on when there is room")
    func full() async throws {
        let home = try TemporaryDirectory()
        var configuration = SQLiteConfiguration()
        configuration.databaseBytesMax = 800 * 1_024
        let store = try home.openSQLite(configuration)
        var world = World(seed: 43)
        try await world.create(in: store)
        var kept: [Memory] = []
        var error: StorageError?
        while error == nil {
            let memory = world.memory(String(repeating: "x", count: 20_000))
            error = await storageError { _ = try await store.write(world.request(.remember([memory]))) }
            if error == nil { kept.append(memory) }
            if kept.count > 100 { break }
        }
        #expect(error == .full)
        #expect(try await store.memories(kept.map(\.id), of: world.organization.id) == kept)
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == Int64(kept.count))
        _ = try await store.write(world.request(.delete([kept[0].id])))
        let small = world.memory("It fits again.")
        let outcome = try await store.write(world.request(.remember([small])))
        #expect(outcome.receipt.change == Int64(3 + kept.count + 2))
        store.close()
        #expect(try Verification.run(path: home.path).isSound)
    }
}
