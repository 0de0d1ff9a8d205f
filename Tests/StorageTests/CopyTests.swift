import Foundation
import Records
@testable import Storage
import Testing

/// From any store to any other.
@Suite struct CopyTests {
    private typealias House = RecordContractTests.House

    struct Way: Sendable, CustomTestStringConvertible {
        let from: any StoreMaker
        let to: any StoreMaker

        var testDescription: String { "\(from.testDescription) to \(to.testDescription)" }
    }

    private static let ways: [Way] =
        PostgresMaker.all.flatMap { [Way(from: SQLiteMaker(), to: $0), Way(from: $0, to: SQLiteMaker())] } + [
            Way(from: SQLiteMaker(), to: SQLiteMaker()), Way(from: PostgresMaker.all[0], to: PostgresMaker.all[PostgresMaker.all.count - 1]),
        ]

    /// Two organizations with rows of every kind and in every state, of two spaces.
    private func fill(_ store: any Store) async throws -> [World] {
        var house = try await House(in: store, seed: 501)
        for number in 0..<20 {
            let idempotency = Idempotency(key: house.world.id(), digest: [UInt8](repeating: UInt8(number), count: 32))
            _ = try await store.write(house.world.request(.remember([house.world.randomMemory()]), idempotency, vectorsFollow: true))
        }
        var records = [house.message("one"), house.message("two"), house.message("three", in: 1, hasVector: false)]
        for kind in [Kind.user, .agent, .conversation, .message, .term, .pattern] {
            records.append(house.world.filled(kind, user: house.users[0].id, agent: house.world.agent.id, conversation: house.conversations[0].id))
        }
        records[records.count - 1][.data] = .json(["b": 2.0, "a": [1e30, -0.5, nil], "é": ["z": 1, "y": 1e16]])
        records.append(house.world.record(.job, [.type: .text("import"), .totalCount: .integer(10)]))
        for record in records { _ = try await store.write(house.world.request(.create([record]), vectorsFollow: true)) }
        _ = try await store.write(house.world.request(.remove(.message, [records[0].id])))
        let kept = try await store.page(MemoryListing(), of: house.world.organization.id).memories
        let trace = house.world.trace(kept.map { RecallTrace.Found($0, score: 0.25) }, session: house.world.id(), user: house.users[0].id, leftOut: 3)
        _ = try await store.write(house.world.request(.trace([trace])))
        var other = World(seed: 502, slug: "other")
        _ = try await store.write(other.request(.createOrganization(other.organization, other.key)))
        _ = try await store.write(other.request(.ensureAgent(other.agent)))
        let space = EmbeddingSpace(
            id: other.id(), organization: other.organization.id,
            model: EmbeddingModel(provider: "none", name: "wide", revision: "2", dimension: World.dimension + 5, queryPrefix: "q: "), createdAt: startTime)
        _ = try await store.write(other.request(.ensureSpace(space)))
        var wide = other.memory(hasVector: false)
        wide.embedding = Embedding(space: space.id, vector: (0..<space.dimension).map { Float($0) - 3.25 })
        _ = try await store.write(other.request(.remember([wide])))
        return [house.world, other]
    }

    private func copy(_ source: any Store, _ target: any Store) throws -> [StoreCopy.Report] {
        var reports: [StoreCopy.Report] = []
        try StoreCopy.run(from: source, to: target) { reports.append($0) }
        return reports
    }

    @Test("everything is the same afterwards, and what was brought is left alone", arguments: ways)
    func everything(way: Way) async throws {
        let (home, other) = (try way.from.makeHome(), try way.to.makeHome())
        let source = try home.open()
        defer { source.close() }
        let worlds = try await fill(source)
        var target = try other.open()
        defer { target.close() }
        let reports = try copy(source, target)
        #expect(reports.map(\.organization.slug).sorted() == ["acme", "other"] && reports.allSatisfy { !$0.wasThere })
        let digest = try #require(reports.first { $0.organization.slug == "acme" }?.digest)
        #expect(StoreCounts.kinds.allSatisfy { (digest.parts[$0]?.count ?? 0) > 0 } && digest.parts[.job]?.count == 1 && digest.parts[.audit]?.count == 1 && digest.parts[.key]?.count == 1)
        for world in worlds {
            let id = world.organization.id
            #expect(try await target.counts(of: id) == source.counts(of: id))
            let (there, here) = (try source.reads.tenancy(), try target.reads.tenancy())
            #expect(Set(there.organizations) == Set(here.organizations) && Set(there.keys) == Set(here.keys) && Set(there.spaces) == Set(here.spaces))
            let listing = MemoryListing(limit: 1_000, withVectors: true)
            #expect(try await target.page(listing, of: id) == source.page(listing, of: id))
        }
        #expect(try copy(source, target).map(\.wasThere) == [true, true])

        var checks: [StoreCheck.Report] = []
        try StoreCheck.run(target) { checks.append($0) }
        #expect(Set(checks.map(\.digest)) == Set(reports.map(\.digest)) && checks.allSatisfy(\.findings.isEmpty))

        // It is a store like any other.
        target.close()
        target = try other.open()
        var world = worlds[0]
        let memory = world.memory()
        _ = try await target.write(world.request(.remember([memory])))
        #expect(try await target.memories([memory.id], of: world.organization.id) == [memory])
        if let directory = other as? TemporaryDirectory {
            let report = try Verification.run(path: directory.path)
            #expect(report.isSound, "\(report)")
        }
        let error = await storageError { _ = try copy(source, target) }
        guard case .unavailable(let detail)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains("acme is not the same there") && detail.contains("has been written to since"))
    }

    @Test("an organization comes whole or not at all, and another of the same name is refused", arguments: [PostgresMaker.all[0] as any StoreMaker, SQLiteMaker()])
    func damaged(maker: any StoreMaker) async throws {
        let home = try TemporaryDirectory()
        let source = try home.openSQLite()
        defer { source.close() }
        let worlds = try await fill(source)
        let (first, second) = worlds[0].organization.id < worlds[1].organization.id ? (worlds[0], worlds[1]) : (worlds[1], worlds[0])
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        let damaged = "UPDATE agent_memories SET importance_score = importance_score / 2 + 0.1 WHERE organization_id = x'\(second.organization.id.bytes.map { String(format: "%02x", $0) }.joined())'"
        try connection.execute(damaged)
        let homes = (try maker.makeHome(), try maker.makeHome())
        let target = try homes.0.open()
        defer { target.close() }
        let error = await storageError { _ = try copy(source, target) }
        guard case .corruptRow? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try target.reads.tenancy().organizations.map(\.id) == [first.organization.id])

        let another = try homes.1.open()
        defer { another.close() }
        try await World(seed: 777, slug: first.organization.slug).create(in: another)
        guard case .alreadyExists(.organization, _)? = await storageError({ _ = try copy(source, another) }) else {
            Issue.record("two organizations of one name")
            return
        }
        #expect(try another.reads.tenancy().organizations.count == 1)
    }

    @Test("a digest tells any change, and no order, from another")
    func digests() {
        var world = World(seed: 503)
        var memories = (0..<5).map { _ in world.randomMemory() }
        memories[0].metadata = ["b": 1, "a": ["d": 2.0, "c": 1e16]]
        func digest(_ memories: [Memory]) -> StoreDigest {
            var digest = StoreDigest()
            for memory in memories { digest.add(.memory(memory), StoreDigest.Scratch()) }
            return digest
        }
        let whole = digest(memories)
        #expect(digest(memories.reversed()) == whole && digest(memories.reversed()).text == whole.text)
        var changed = memories
        changed[0].metadata = ["a": ["c": 10_000_000_000_000_000, "d": 2], "b": 1]
        #expect(digest(changed) == whole)
        changed[0].metadata = ["a": ["c": 10_000_000_000_000_000, "d": 3], "b": 1]
        #expect(digest(changed) != whole)
        for change in [{ $0.content += "." }, { $0.version += 1 }, { $0.importance = $0.importance == 0.25 ? 0.75 : 0.25 }, { $0.tags.append("x") }] as [(inout Memory) -> Void] {
            changed = memories
            change(&changed[3])
            #expect(digest(changed) != whole && digest(changed).text != whole.text)
        }
        #expect(digest(Array(memories.dropLast())) != whole)
        // A row that stands in for another of the same content.
        let twin = Memory(id: world.id(), organization: memories[1].organization, agent: memories[1].agent, type: .fact, content: "x", createdAt: startTime, updatedAt: startTime)
        let other = Memory(id: world.id(), organization: memories[1].organization, agent: memories[1].agent, type: .fact, content: "x", createdAt: startTime, updatedAt: startTime)
        #expect(digest([twin]) != digest([other]))
    }
}
