import Records
import Storage
import Testing

/// What every store promises of retries.
@Suite struct IdempotencyContractTests {
    @Test("a retry under the same key gives the first receipt and writes nothing, also after reopening", arguments: storeMakers)
    func replay(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        var store = try home.open()
        var world = World(seed: 21)
        try await world.create(in: store)
        let idempotency = Idempotency(key: world.id(), digest: [UInt8](repeating: 7, count: 32))
        let memories = [world.memory(), world.memory()]
        let request = world.request(.remember(memories), idempotency)
        let first = try await store.write(request)
        #expect(!first.isReplay)
        for _ in 0..<2 {
            let again = try await store.write(request)
            #expect(again == WriteOutcome(receipt: first.receipt, isReplay: true))
            #expect(try await store.counts(of: world.organization.id)[.memory].rows == 2)
            #expect(try await store.changes().count == 5)
            store.close()
            store = try home.open()
        }
        store.close()
    }

    @Test("the same key with another request is refused, and another organization's key is its own", arguments: storeMakers)
    func mismatch(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 22)
        var other = World(seed: 23, slug: "other")
        try await world.create(in: store)
        try await other.create(in: store)
        let key = world.id()
        let one = Idempotency(key: key, digest: [UInt8](repeating: 1, count: 32))
        let two = Idempotency(key: key, digest: [UInt8](repeating: 2, count: 32))
        _ = try await store.write(world.request(.remember([world.memory()]), one))
        #expect(await storageError { _ = try await store.write(world.request(.remember([world.memory()]), two)) } == .idempotencyMismatch)
        #expect(try await store.write(other.request(.remember([other.memory()]), two)).isReplay == false)
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 1)
    }

    @Test("a key is forgotten after 24 hours and not a microsecond before", arguments: storeMakers)
    func expiry(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 24)
        try await world.create(in: store)
        let idempotency = Idempotency(key: world.id(), digest: [UInt8](repeating: 1, count: 32))
        let start = world.time
        let last = Timestamp(microseconds: start.adding(seconds: Limits.idempotencySeconds).microseconds - 1)
        _ = try await store.write(world.request(.remember([world.memory()]), at: start, idempotency))
        #expect(try await store.write(world.request(.remember([world.memory()]), at: last, idempotency)).isReplay)
        let after = start.adding(seconds: Limits.idempotencySeconds)
        #expect(try await store.write(world.request(.remember([world.memory()]), at: after, idempotency)).isReplay == false)
        #expect(try await store.write(world.request(.remember([world.memory()]), at: after, idempotency)).isReplay)
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 2)
    }

    @Test("a failed request leaves its key free", arguments: storeMakers)
    func failure(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 25)
        try await world.create(in: store)
        let idempotency = Idempotency(key: world.id(), digest: [UInt8](repeating: 1, count: 32))
        let missing = world.id()
        #expect(await storageError { _ = try await store.write(world.request(.delete([missing]), idempotency)) } == .notFound(.memory, missing))
        let memory = world.memory()
        #expect(try await store.write(world.request(.remember([memory]), idempotency)).isReplay == false)
        let wrong = Idempotency(key: world.id(), digest: [1])
        #expect(await storageError { _ = try await store.write(world.request(.delete([memory.id]), wrong)) } != nil)
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 1)
    }

    @Test("an ensured agent and an ensured space answer a retry too", arguments: storeMakers)
    func ensured(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 26)
        _ = try await store.write(world.request(.createOrganization(world.organization, world.key)))
        let digest = [UInt8](repeating: 1, count: 32)
        let forAgent = world.request(.ensureAgent(world.agent), Idempotency(key: world.id(), digest: digest))
        let forSpace = world.request(.ensureSpace(world.space), Idempotency(key: world.id(), digest: digest))
        let agent = try await store.write(forAgent)
        let space = try await store.write(forSpace)
        #expect(try await store.write(forAgent) == WriteOutcome(receipt: agent.receipt, isReplay: true))
        #expect(try await store.write(forSpace) == WriteOutcome(receipt: space.receipt, space: world.space, isReplay: true))
    }
}
