import Records
import Storage
import Testing

@testable import Engine

@Suite("Recalls can be accounted for")
struct AuditTests {
    private func entries(_ house: House, _ listing: RecordListing = RecordListing(.audit), as principal: Principal? = nil) async throws -> [Record] {
        guard case .recordPage(let page) = try await house.perform(.browse(listing), as: principal).get() else { throw House.Unexpected() }
        return page.records
    }

    /// What is written behind replies is there when a later write is.
    private func written(_ house: House) async throws {
        house.engine.writeRecalls()
        _ = try await house.agent("later")
    }

    @Test("a recall names its entry, which has what it answered, in order, whether it counted as accessed or not")
    func told() async throws {
        let house = try House()
        let agent = try await house.agent()
        _ = try await house.remember((0..<30).map { MemoryDraft(agent: agent, content: "memory \($0)", vector: [1, Float($0) / 10]) })
        for touches in [true, false] {
            let answer = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 7, touches: touches))
            try await written(house)
            let id = try #require(answer.report.trace)
            guard case .records(let found) = try await house.perform(.fetch(.audit, [id], withVectors: false)).get() else { throw House.Unexpected() }
            #expect(found[0].identifier(.resource) == agent && found[0].identifier(.key) == house.first.key && found[0].createdAt == house.clock.now())
            let memories = try #require(found[0].json(.metadata)?["memories"]?.list)
            #expect(memories.map { $0["id"]?.text } == answer.entries.map(\.hit.id.description))
            #expect(memories.map { $0["score"]?.number.map { Float($0) } } == answer.entries.map(\.hit.score))
            #expect(memories.map { $0["version"]?.integer } == answer.entries.map { $0.memory?.version })
            #expect(memories.allSatisfy { $0["text"]?.text == "same" } && memories.count == 7)
        }
        // One that finds nothing was asked, too.
        let nothing = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], filter: .equals(.tags, .text("none"))))
        try await written(house)
        #expect(try await entries(house).map(\.id).contains(try #require(nothing.report.trace)))
        #expect(try await entries(house, as: house.second).isEmpty)
    }

    @Test("of more than three hundred memories the best are named, and how many more came")
    func many() async throws {
        let house = try House()
        let agent = try await house.agent()
        _ = try await house.remember((0..<330).map { MemoryDraft(agent: agent, content: "memory \($0)", vector: [1, Float($0) / 10]) })
        let answer = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 320))
        try await written(house)
        let metadata = try #require(try await entries(house)[0].json(.metadata))
        #expect(metadata["memories"]?.list?.map { $0["id"]?.text } == answer.entries.prefix(300).map(\.hit.id.description))
        #expect(metadata["left_out"]?.integer == 20)
    }

    @Test("an organization that wants no trace has none, and what is older than it wants goes")
    func age() async throws {
        let house = try House()
        let agent = try await house.agent()
        _ = try await house.remember([MemoryDraft(agent: agent, content: "tea", vector: [1, 0])])
        func keep(_ days: Int) async throws {
            _ = try await house.perform(.change(RecordPatch(.organization, id: house.first.organization, [.settings: .json(["memory": ["trace_days": .integer(Int64(days))]])]))).get()
        }
        let first = try await house.recall(RecallRequest(agent: agent, vector: [1, 0]))
        house.pass(seconds: 31 * 86_400)
        let second = try await house.recall(RecallRequest(agent: agent, vector: [1, 0]))
        try await written(house)
        #expect(try await entries(house).map(\.id) == [second, first].map { try #require($0.report.trace) })
        house.engine.lookAfterJobs()
        var left: [Record] = []
        for _ in 0..<12_000 where left.count != 1 {
            left = try await entries(house)
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(left.map(\.id) == [try #require(second.report.trace)])
        try await keep(0)
        #expect(try await house.recall(RecallRequest(agent: agent, vector: [1, 0])).report.trace == nil)
        house.pass(seconds: 3_601)
        house.engine.lookAfterJobs()
        for _ in 0..<12_000 where !left.isEmpty {
            left = try await entries(house)
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(left.isEmpty)
        for days in [-1, 3_651] {
            await #expect(throws: EngineError.self) { try await keep(days) }
        }
    }

    @Test("nobody writes entries by asking, and a narrowed key sees those that are of what it sees")
    func rights() async throws {
        let house = try House()
        let agent = try await house.agent()
        let (one, two) = (try await house.recall(RecallRequest(agent: agent, vector: [1, 0])), try await house.recall(RecallRequest(agent: try await house.agent("b"), vector: [1, 0])))
        try await written(house)
        let ids = try [one, two].map { try #require($0.report.trace) }
        let id = ids[0]
        for operation in [
            Operation.create([RecordDraft(.audit)]), .change(RecordPatch(.audit, id: id)), .remove(.audit, [id]), .restore(.audit, [id]), .use(.audit, [id]),
            .importing(.records([Record(.audit, id: id, organization: house.first.organization, createdAt: house.clock.now())]), JobStep(job: id, worker: id)),
        ] {
            guard case .failure(.field) = await house.perform(operation) else {
                Issue.record("\(operation.name) of an audit entry was not refused")
                continue
            }
        }
        #expect(try await entries(house).count == 2)
        let narrowed = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(agent: agent))
        #expect(try await entries(house, as: narrowed).map(\.id) == [id])
        let reader = Principal(organization: house.first.organization, key: house.first.key, scopes: Role.reader.scopes)
        #expect(await house.perform(.browse(RecordListing(.audit)), as: reader) == .failure(.forbidden(.auditRead)))
    }
}
