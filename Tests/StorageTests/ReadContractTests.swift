import Records
import Storage
import Testing

/// What every store promises of reads.
@Suite struct ReadContractTests {
    @Test("memories come in the order asked, without those that are not there", arguments: storeMakers)
    func order(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 11)
        try await world.create(in: store)
        let memories = (0..<150).map { _ in world.memory() }
        _ = try await store.write(world.request(.remember(memories)))
        let all = memories.shuffled().map(\.id)
        #expect(try await store.memories(all, of: world.organization.id).map(\.id) == all)
        let asked = [memories[3].id, world.id(), memories[0].id, memories[3].id]
        #expect(try await store.memories(asked, of: world.organization.id) == [memories[3], memories[0], memories[3]])
        #expect(try await store.memories([], of: world.organization.id).isEmpty)
    }

    @Test("pages follow one another newest first and give each matching memory once", arguments: storeMakers)
    func pages(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 12)
        try await world.create(in: store)
        let second = Agent(id: world.id(), organization: world.organization.id, slug: "second", name: "Second", createdAt: startTime)
        _ = try await store.write(world.request(.ensureAgent(second)))
        let sessions = [world.id(), world.id()]
        var memories: [Memory] = []
        for _ in 0..<120 {
            var memory = world.randomMemory()
            memory.agent = Bool.random(using: &world.generator) ? world.agent.id : second.id
            memory.session = [nil, sessions[0], sessions[1]].randomElement(using: &world.generator) ?? nil
            memory.expiresAt = [nil, startTime, startTime.adding(seconds: 1)].randomElement(using: &world.generator) ?? nil
            memories.append(memory)
        }
        _ = try await store.write(world.request(.remember(memories.shuffled(using: &world.generator))))
        for agent in [nil, world.agent.id, second.id] {
            for session in [nil, sessions[0]] {
                for type in [nil, MemoryType.fact, .task] {
                    for limit in [1, 7, 1_000] {
                        let wanted = memories.reversed().filter {
                            !$0.isExpired(at: startTime) && agent ?? $0.agent == $0.agent && type ?? $0.type == $0.type
                                && (session == nil || session == $0.session)
                        }
                        var listing = MemoryListing(agent: agent, session: session, type: type, limit: limit, withVectors: limit == 7)
                        var found: [Memory] = []
                        while true {
                            let page = try await store.page(listing, of: world.organization.id)
                            #expect(page.memories.count == min(limit, wanted.count - found.count))
                            found += page.memories
                            guard let next = page.next else { break }
                            #expect(next == page.memories.last?.id)
                            listing.after = next
                        }
                        #expect(found.map(\.id) == wanted.map(\.id))
                        #expect(found.map(\.embedding) == wanted.map { limit == 7 ? $0.embedding : nil })
                    }
                }
            }
        }
    }

    @Test("changes come in order, each once, from where they are asked", arguments: storeMakers)
    func changes(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var world = World(seed: 13)
        try await world.create(in: store)
        let memory = world.memory()
        let rememberedAt = world.time
        _ = try await store.write(world.request(.remember([memory])))
        _ = try await store.write(world.request(.update(MemoryPatch(id: memory.id, importance: 1), space: nil)))
        _ = try await store.write(world.request(.delete([memory.id])))
        let id = world.organization.id
        func change(_ number: Int64, _ kind: Kind, _ record: Identifier, _ version: Int64, _ operation: ChangeRecord.Operation, _ at: Timestamp)
            -> ChangeRecord
        { ChangeRecord(number: number, organization: id, kind: kind, record: record, version: version, operation: operation, at: at) }
        let all = try await store.changes()
        let expected = [
            change(1, .organization, id, 1, .put, startTime), change(2, .key, world.key.id, 1, .put, startTime),
            change(3, .agent, world.agent.id, 1, .put, startTime), change(4, .memory, memory.id, 1, .put, rememberedAt),
            change(5, .memory, memory.id, 2, .put, world.time), change(6, .memory, memory.id, 2, .remove, world.time),
        ]
        #expect(all.map(\.alone) == expected)
        #expect(all.map(\.position) == all.map(\.position).sorted())
        #expect(try await store.changes(after: all[1].position, limit: 3) == Array(all[2..<5]))
        #expect(try await store.changes(after: all[5].position).isEmpty)
        #expect(try await store.changes(after: ChangePosition(number: -5), limit: 1) == [all[0]])
        #expect(try await store.changes(limit: 0).isEmpty)
    }

    @Test("after closing everything is refused", arguments: storeMakers)
    func closed(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        let world = World(seed: 14)
        try await world.create(in: store)
        store.close()
        store.close()
        #expect(await storageError { _ = try await store.write(world.request(.ensureAgent(world.agent))) } == .closed)
        #expect(await storageError { _ = try await store.counts(of: world.organization.id) } == .closed)
        #expect(await storageError { _ = try store.reads.tenancy() } == .closed)
        #expect(await storageError { _ = try store.loaded() } == .closed)
    }

    @Test("no organization sees, changes or collides with another's rows", arguments: storeMakers)
    func isolation(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var worlds = (0..<3).map { World(seed: UInt64(100 + $0), slug: "tenant-\($0)") }
        for world in worlds { try await world.create(in: store) }
        var kept: [[Identifier: Memory]] = Array(repeating: [:], count: worlds.count)
        var generator = SeededGenerator(seed: 15)
        // Identifiers are shared on purpose: what another organization has under the same one must not matter.
        let ids = (0..<12).map { _ in worlds[0].id() }
        for _ in 0..<400 {
            let tenant = Int.random(in: 0..<worlds.count, using: &generator)
            let id = ids.randomElement(using: &generator) ?? ids[0]
            let world = worlds[tenant]
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let draft = worlds[tenant].memory("of \(tenant)")
                let memory = Memory(
                    id: id, organization: draft.organization, agent: draft.agent, type: .fact, content: draft.content, createdAt: draft.createdAt,
                    updatedAt: draft.updatedAt, embedding: draft.embedding).dated
                let error = await storageError { _ = try await store.write(world.request(.remember([memory]))) }
                #expect(error == (kept[tenant][id] == nil ? nil : .alreadyExists(.memory, id.description)))
                if error == nil { kept[tenant][id] = memory }
            case 2:
                let error = await storageError { _ = try await store.write(world.request(.delete([id]))) }
                #expect(error == (kept[tenant][id] == nil ? .notFound(.memory, id) : nil))
                kept[tenant][id] = nil
            default:
                let patch = MemoryPatch(id: id, importance: 0.1)
                let error = await storageError { kept[tenant][id] = try await store.write(world.request(.update(patch, space: nil))).memories[0] }
                #expect(error == (kept[tenant][id] == nil ? .notFound(.memory, id) : nil))
            }
            for (other, world) in worlds.enumerated() {
                let found = try await store.memories(ids, of: world.organization.id)
                #expect(found == ids.compactMap { kept[other][$0] })
                #expect(try await store.page(MemoryListing(), of: world.organization.id).memories.count == kept[other].count)
                #expect(try await store.counts(of: world.organization.id)[.memory].rows == Int64(kept[other].count))
            }
        }
        for (tenant, world) in worlds.enumerated() {
            #expect(try await store.agents(of: world.organization.id) == [world.agent])
            var foreign = worlds[tenant].memory()
            foreign.agent = worlds[(tenant + 1) % worlds.count].agent.id
            let memory = foreign
            #expect(await storageError { _ = try await store.write(world.request(.remember([memory]))) } == .missingReference(field: "agent"))
            let stranger = worlds[(tenant + 1) % worlds.count].memory()
            let error = await storageError { _ = try await store.write(world.request(.remember([stranger]))) }
            guard case .internalError = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
