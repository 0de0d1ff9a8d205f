import Records
import Storage
import Testing

/// What every store promises of writes.
@Suite struct WriteContractTests {
    @Test("an organization is created with its first key, and each comes once", arguments: storeMakers)
    func createOrganization(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        let world = World(seed: 1)
        let outcome = try await store.write(world.request(.createOrganization(world.organization, world.key)))
        #expect(outcome.receipt == WriteReceipt(change: 2, rows: [.init(id: world.organization.id, version: 1), .init(id: world.key.id, version: 1)]))
        #expect(try store.reads.tenancy() == Tenancy(organizations: [world.organization], keys: [world.key], spaces: []))

        let other = World(seed: 2, slug: "acme")
        let error = await storageError { _ = try await store.write(other.request(.createOrganization(other.organization, other.key))) }
        #expect(error == .alreadyExists(.organization, "acme"))
        let third = World(seed: 3, slug: "third")
        let stolen = AccessKey(
            id: third.key.id, organization: third.organization.id, name: "x", prefix: "x", hash: world.key.hash, role: .reader, createdAt: startTime)
        let refused = await storageError { _ = try await store.write(third.request(.createOrganization(third.organization, stolen))) }
        #expect(refused == .alreadyExists(.key, stolen.id.description))
        #expect(try store.reads.tenancy().organizations == [world.organization])
        #expect(try await store.changes().count == 2)
    }

    @Test("an access counts once in a quarter of an hour, for those that are there, and makes no other version", arguments: storeMakers)
    func accesses(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 71)
        try await world.create(in: store)
        var other = World(seed: 72, slug: "other")
        try await other.create(in: store)
        let (first, second, foreign) = (world.memory(), world.memory("Tea.", hasVector: false), other.memory())
        _ = try await store.write(world.request(.remember([first, second])))
        _ = try await store.write(other.request(.remember([foreign])))
        let time = world.time.adding(seconds: 3_600)
        let accesses = [first.id: time, second.id: time.adding(seconds: 1), foreign.id: time, world.id(): time]
        let outcome = try await store.write(world.request(.noteAccesses(accesses), at: time))
        #expect(Set(outcome.memories.map(\.id)) == [first.id, second.id] && outcome.receipt.rows.allSatisfy { $0.version == 1 } && outcome.receipt.change > 0)
        let again = try await store.write(world.request(.noteAccesses([first.id: time.adding(seconds: 899), second.id: time.adding(seconds: 901)]), at: time))
        #expect(again.memories.map(\.id) == [second.id])
        let nothing = try await store.write(world.request(.noteAccesses([foreign.id: time]), at: time))
        #expect(nothing.memories.isEmpty && nothing.receipt == WriteReceipt(change: 0, rows: []))
        let wanted = [first.accessed(at: time).dated, second.accessed(at: time.adding(seconds: 1)).accessed(at: time.adding(seconds: 901)).dated]
        #expect(try await store.memories([first.id, second.id], of: world.organization.id) == wanted)
        #expect(try await store.memories([foreign.id], of: other.organization.id) == [foreign])
    }

    @Test("an agent whose memory is off takes nothing new, and a retry of what it took before is told what it was told then", arguments: storeMakers)
    func memoryOff(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 73)
        try await world.create(in: store)
        let memory = world.memory()
        let retried = world.request(.remember([memory]), Idempotency(key: world.id(), digest: [UInt8](repeating: 1, count: 32)))
        let first = try await store.write(retried)
        _ = try await store.write(world.request(.change(RecordPatch(.agent, id: world.agent.id, [.memoryEnabled: .flag(false)]), space: nil)))
        let again = try await store.write(retried)
        #expect(again.isReplay && again.receipt == first.receipt)
        let new = world.memory()
        let refusal = FieldError("memories[0].agent", .malformed("it keeps no memories: its memory_enabled is off"))
        #expect(await storageError { _ = try await store.write(world.request(.remember([new], [Keeping()]))) } == .refusedField(refusal))
    }

    @Test("an agent of a slug exists once; ensuring it again gives the first one and no change", arguments: storeMakers)
    func ensureAgent(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 1)
        _ = try await store.write(world.request(.createOrganization(world.organization, world.key)))
        let first = try await store.write(world.request(.ensureAgent(world.agent)))
        #expect(first.receipt == WriteReceipt(change: 3, rows: [.init(id: world.agent.id, version: 1)]))
        let again = Agent(id: world.id(), organization: world.organization.id, slug: world.agent.slug, name: "Other", createdAt: startTime)
        let second = try await store.write(world.request(.ensureAgent(again)))
        #expect(second.receipt == WriteReceipt(change: 0, rows: [.init(id: world.agent.id, version: 1)]))
        let sameID = Agent(id: world.agent.id, organization: world.organization.id, slug: "other", name: "Other", createdAt: startTime)
        let error = await storageError { _ = try await store.write(world.request(.ensureAgent(sameID))) }
        #expect(error == .alreadyExists(.agent, world.agent.id.description))
        #expect(try await store.agents(of: world.organization.id) == [world.agent])
        #expect(try await store.agent(slug: "helper", of: world.organization.id) == world.agent)
        #expect(try await store.agent(slug: "other", of: world.organization.id) == nil)
    }

    @Test("the first space of an organization is its main one and wins over later ones", arguments: storeMakers)
    func ensureSpace(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 1)
        try await world.create(in: store)
        let other = EmbeddingSpace(
            id: world.id(), organization: world.organization.id,
            model: EmbeddingModel(provider: "none", name: "other", revision: "2", dimension: 3), createdAt: startTime)
        let outcome = try await store.write(world.request(.ensureSpace(other)))
        #expect(outcome.space == world.space)
        #expect(outcome.receipt == WriteReceipt(change: 0, rows: [.init(id: world.space.id, version: 1)]))
        #expect(try store.reads.tenancy().spaces == [world.space])
    }

    @Test("a memory comes back as it was written, also after reopening", arguments: storeMakers)
    func roundTrip(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        var store = try home.open()
        var world = World(seed: 7)
        try await world.create(in: store)
        var written: [Memory] = []
        for _ in 0..<100 { written.append(world.randomMemory()) }
        let outcome = try await store.write(world.request(.remember(written)))
        #expect(outcome.receipt.rows == written.map { .init(id: $0.id, version: 1) })
        #expect(outcome.receipt.change == 3 + 100)
        for _ in 0..<2 {
            #expect(try await store.memories(written.map(\.id), of: world.organization.id) == written)
            let bare = written.map { memory in
                var memory = memory
                memory.embedding = nil
                return memory
            }
            #expect(try await store.memories(written.map(\.id), of: world.organization.id, withVectors: false) == bare)
            let loaded = try store.loaded()
            #expect(loaded.memories.map(\.withoutContent) == written.filter { $0.embedding != nil }.map(\.withoutContent))
            #expect(loaded.failures.isEmpty)
            // Where several write, some of what it holds may come once more.
            #expect(try await store.changes(after: loaded.last).allSatisfy { $0.number <= 103 })
            #expect(
                try await store.counts(of: world.organization.id)
                    == StoreCounts(memories: 100, memoriesWithVectors: Int64(loaded.memories.count), agents: 1))
            store.close()
            store = try home.open()
        }
        store.close()
    }

    @Test("a batch is written whole or not at all, and the fields at fault are named", arguments: storeMakers)
    func allOrNothing(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 3)
        try await world.create(in: store)
        let first = world.memory()
        _ = try await store.write(world.request(.remember([first])))
        let before = try await store.changes()

        var strangeAgent = world.memory()
        strangeAgent.agent = world.id()
        var strangeSpace = world.memory()
        strangeSpace.embedding = Embedding(space: world.id(), vector: world.vector())
        var short = world.memory()
        short.embedding = Embedding(space: world.space.id, vector: [1, 2])
        let faults: [(Memory, StorageError)] = [
            (first, .alreadyExists(.memory, first.id.description)), (strangeAgent, .missingReference(field: "agent")),
            (strangeSpace, .missingReference(field: "space")), (short, .wrongDimension(found: 2, expected: World.dimension)),
        ]
        for (fault, expected) in faults {
            let good = world.memory()
            let batch = await storageError { _ = try await store.write(world.request(.remember([good, fault, world.memory()]))) }
            #expect(batch == expected)
            #expect(await storageError { _ = try await store.write(world.request(.remember([fault]))) } == expected)
            #expect(try await store.memories([good.id], of: world.organization.id).isEmpty)
        }
        #expect(try await store.changes() == before)
        #expect(try await store.counts(of: world.organization.id) == StoreCounts(memories: 1, memoriesWithVectors: 1, agents: 1))
        let next = try await store.write(world.request(.remember([world.memory()])))
        #expect(next.receipt.change == Int64(before.count) + 1)
    }

    @Test("a value that breaks a constraint fails alone and leaves nothing behind", arguments: storeMakers)
    func constraint(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 4)
        try await world.create(in: store)
        var wrong = world.memory()
        wrong.importance = 1.5
        let error = await storageError { _ = try await store.write(world.request(.remember([world.memory(), wrong]))) }
        guard case .internalError = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 0)
        #expect(try await store.write(world.request(.remember([world.memory()]))).receipt.change == 4)
    }

    @Test("an update changes what the patch names, counts the version up and returns the memory", arguments: storeMakers)
    func update(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 5)
        try await world.create(in: store)
        var memory = world.memory()
        _ = try await store.write(world.request(.remember([memory])))
        var patch = MemoryPatch(id: memory.id, ifVersion: 1, type: .task, importance: 0.25, tags: ["new"], vector: .set(world.vector()))
        for expected in 2...5 as ClosedRange<Int64> {
            let time = world.time.adding(seconds: expected)
            let outcome = try await store.write(world.request(.update(patch, space: world.space.id), at: time))
            memory = patch.applied(to: memory, at: time, space: world.space.id).dated
            #expect(memory.version == expected)
            #expect(outcome.memories == [memory])
            #expect(outcome.receipt.rows == [.init(id: memory.id, version: expected)])
            #expect(try await store.memories([memory.id], of: world.organization.id) == [memory])
            let hasVector: Int64 = memory.embedding == nil ? 0 : 1
            #expect(try await store.counts(of: world.organization.id) == StoreCounts(memories: 1, memoriesWithVectors: hasVector, agents: 1))
            // New content without a vector clears the old vector; the next one sets it again; the last removes it.
            patch = MemoryPatch(id: memory.id, content: "Version \(expected)")
            if expected == 3 { patch = MemoryPatch(id: memory.id, session: .set(world.id()), vector: .set(world.vector())) }
            if expected == 4 { patch = MemoryPatch(id: memory.id, vector: .clear) }
        }
        #expect(try await store.changes().dropFirst(3).map(\.version) == [1, 2, 3, 4, 5])
    }

    @Test("an update of another version, of a missing or an expired memory, or with a wrong vector is refused", arguments: storeMakers)
    func refusedUpdate(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 6)
        try await world.create(in: store)
        var memory = world.memory()
        memory.expiresAt = world.time.adding(seconds: 60)
        _ = try await store.write(world.request(.remember([memory])))
        let missing = world.id()
        let vector = world.vector()
        let cases: [(MemoryPatch, Identifier?, Timestamp, StorageError)] = [
            (MemoryPatch(id: memory.id, ifVersion: 2), nil, world.time, .versionMismatch(expected: 2, found: 1)),
            (MemoryPatch(id: missing), nil, world.time, .notFound(.memory, missing)),
            (MemoryPatch(id: memory.id), nil, world.time.adding(seconds: 60), .notFound(.memory, memory.id)),
            (MemoryPatch(id: memory.id, vector: .set([1])), world.space.id, world.time, .wrongDimension(found: 1, expected: World.dimension)),
            (MemoryPatch(id: memory.id, vector: .set(vector)), missing, world.time, .missingReference(field: "space")),
            (MemoryPatch(id: memory.id, vector: .set(vector)), nil, world.time, .missingReference(field: "space")),
        ]
        for (patch, space, time, expected) in cases {
            #expect(await storageError { _ = try await store.write(world.request(.update(patch, space: space), at: time)) } == expected)
        }
        #expect(try await store.memories([memory.id], of: world.organization.id) == [memory])
    }

    @Test("a deletion removes all it names, or nothing when one is missing", arguments: storeMakers)
    func delete(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 8)
        try await world.create(in: store)
        let memories = (0..<4).map { _ in world.memory() }
        _ = try await store.write(world.request(.remember(memories)))
        let missing = world.id()
        let error = await storageError { _ = try await store.write(world.request(.delete([memories[0].id, missing, memories[1].id]))) }
        #expect(error == .notFound(.memory, missing))
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 4)
        let outcome = try await store.write(world.request(.delete([memories[2].id, memories[0].id, memories[2].id])))
        #expect(outcome.receipt == WriteReceipt(change: 9, rows: [.init(id: memories[2].id, version: 1), .init(id: memories[0].id, version: 1)]))
        #expect(try await store.memories(memories.map(\.id), of: world.organization.id) == [memories[1], memories[3]])
        #expect(try store.loaded().memories.map(\.withoutContent) == [memories[1].withoutContent, memories[3].withoutContent])
        #expect(try await store.counts(of: world.organization.id) == StoreCounts(memories: 2, memoriesWithVectors: 2, agents: 1))
        #expect(try await store.changes().dropFirst(7).map(\.operation) == [.remove, .remove])
    }

    @Test("a request of an organization that does not exist is refused", arguments: storeMakers)
    func noOrganization(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 9)
        let memory = world.memory(hasVector: false)
        #expect(await storageError { _ = try await store.write(world.request(.ensureAgent(world.agent))) } == .missingReference(field: "organization"))
        #expect(await storageError { _ = try await store.write(world.request(.ensureSpace(world.space))) } == .missingReference(field: "organization"))
        #expect(await storageError { _ = try await store.write(world.request(.remember([memory]))) } == .missingReference(field: "agent"))
        #expect(await storageError { _ = try await store.counts(of: world.organization.id) } == .notFound(.organization, world.organization.id))
        #expect(try await store.changes().isEmpty)
        #expect(try await store.changes(after: try store.loaded().last).isEmpty)
    }
}
