import Recall
import Records
import Storage
import Testing

@testable import Engine

@Suite("Memories are kept, ended, asked about in the past, and forgotten")
struct KeepingTests {
    private func contents(_ house: House, _ request: RecallRequest) async throws -> Set<String> {
        Set(try await house.recall(request).entries.compactMap { $0.memory?.content })
    }

    /// Until a job of that type has succeeded.
    private func swept(_ house: House) async throws {
        for _ in 0..<12_000 {
            guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.job, [.type: .text("forget")]))).get() else { throw House.Unexpected() }
            if !page.records.isEmpty, page.records.allSatisfy({ $0.jobState == .succeeded }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("the sweep did not end")
    }

    @Test("as of a moment comes what was so and known then; what became known later of that time comes when it is asked as it is known today")
    func past() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        let start = house.clock.now()
        let rome = try await house.remember([MemoryDraft(agent: agent, content: "she lives in Rome", vector: [1, 0.1])]).rows[0].id
        house.pass(seconds: 1_000)
        // It is told late that she moved in the meantime.
        let moved = start.adding(seconds: 500)
        let draft = MemoryDraft(agent: agent, content: "she lives in Oslo", validFrom: moved, supersedes: rome, vector: [1, 0.2])
        let told = house.clock.now()
        let oslo = try await house.remember([draft])
        #expect(oslo.notes == [RememberNote(row: 0, superseded: [rome])])
        house.pass(seconds: 1_000)
        let now = house.clock.now()
        for vector in [[1, 0] as [Float], nil] {
            func answer(_ asOf: Timestamp?, known: Timestamp? = nil) async throws -> Set<String> {
                try await contents(house, RecallRequest(agent: agent, text: vector == nil ? "where does she live" : nil, vector: vector, touches: false, asOf: asOf, knownAt: known))
            }
            let (inRome, inOslo): (Set, Set) = (["she lives in Rome"], ["she lives in Oslo"])
            #expect(try await answer(nil) == inOslo)
            #expect(try await answer(start.adding(seconds: -1)).isEmpty)
            #expect(try await answer(start) == inRome)
            #expect(try await answer(start.adding(seconds: 700)) == inRome)
            #expect(try await answer(start.adding(seconds: 700), known: now) == inOslo)
            #expect(try await answer(start.adding(seconds: 400), known: now) == inRome)
            let (then, today) = (try await answer(told), try await answer(now))
            #expect(then == inOslo && today == inOslo)
            #expect(try await answer(now, known: told.adding(seconds: -1)) == inRome)
        }
        let past = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], asOf: start))
        #expect(past.report.past == Moment(start, known: start))
        #expect(try await house.recall(RecallRequest(agent: agent, vector: [1, 0], touches: false)).report.past == nil)
        // Nothing that was asked about the past counts as accessed.
        house.engine.writeRecalls()
        _ = try await house.agent("another")
        guard case .memories(let found) = try await house.perform(.get([rome], withVectors: false)).get() else { throw House.Unexpected() }
        #expect(found[0].accessCount == 0)
        let future = now.adding(seconds: 1)
        #expect(await house.perform(.recall(RecallRequest(agent: agent, vector: [1, 0], asOf: future))) == .failure(.field(FieldError("as_of", .outOfRange("not in the future")))))
        #expect(await house.perform(.recall(RecallRequest(agent: agent, vector: [1, 0], knownAt: now))) == .failure(.field(FieldError("as_of", .missing))))
        guard case .memories(let history) = try await house.perform(.history(oslo.rows[0].id)).get() else { throw House.Unexpected() }
        #expect(history.map(\.id) == [rome, oslo.rows[0].id])
        guard case .page(let current) = try await house.perform(.list(MemoryListing())).get() else { throw House.Unexpected() }
        guard case .page(let all) = try await house.perform(.list(MemoryListing(withHistory: true))).get() else { throw House.Unexpected() }
        #expect(current.memories.map(\.id) == [oslo.rows[0].id] && all.memories.count == 2)
    }

    @Test("many rows with validities are found at any moment, with lists and without, as each of them says")
    func moments() async throws {
        let house = try House()
        let agent = try await house.agent()
        var generator = SystemRandomNumberGenerator()
        let start = house.clock.now()
        func time() -> Timestamp? { Bool.random(using: &generator) ? start.adding(seconds: .random(in: -50...50, using: &generator)) : nil }
        var drafts: [MemoryDraft] = []
        while drafts.count < 600 {
            var draft = MemoryDraft(agent: agent, content: "m \(drafts.count)", createdAt: start.adding(seconds: .random(in: -50...0, using: &generator)), vector: [1, .random(in: -1...1, using: &generator)])
            (draft.validFrom, draft.validTo, draft.onSimilar) = (time(), time(), .keep)
            if (try? draft.check()) != nil { drafts.append(draft) }
        }
        _ = try await house.remember(drafts)
        for _ in 0..<20 {
            let moment = start.adding(seconds: .random(in: -60...0, using: &generator))
            let wanted = drafts.filter { Validity(from: $0.validFrom, to: $0.validTo).holds(at: Moment(moment, known: moment)) && ($0.createdAt ?? start) <= moment }
            #expect(try await contents(house, RecallRequest(agent: agent, vector: [1, 0], k: 1_000, asOf: moment)) == Set(wanted.map(\.content)))
        }
        for _ in 0..<6 {
            let now = Moment(house.clock.now())
            let wanted = drafts.filter { Validity(from: $0.validFrom, to: $0.validTo).holds(at: now) }
            #expect(try await contents(house, RecallRequest(agent: agent, vector: [1, 0], k: 1_000, touches: false)) == Set(wanted.map(\.content)))
            #expect(Set(try await house.search(SearchRequest(query: .vector([1, 0]), k: 1_000)).entries.compactMap { $0.memory?.content }) == Set(wanted.map(\.content)))
            house.pass(seconds: 10)
        }
    }

    @Test("a pinned memory does not fade, in the ranking as in the explanation")
    func pinned() async throws {
        let house = try House()
        let agent = try await house.agent()
        let drafts = [false, true].map { MemoryDraft(agent: agent, type: .conversation, content: "pinned \($0)", isPinned: $0, onSimilar: .keep, vector: [1, 0]) }
        _ = try await house.remember(drafts)
        house.pass(seconds: 7 * 86_400)
        let entries = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], explains: true, touches: false)).entries
        #expect(entries.map { $0.memory?.content } == ["pinned true", "pinned false"])
        #expect(entries.map { $0.explanation?.retention } == [1, 0.5])
        #expect(abs(entries[0].hit.score - 0.9) < 1e-6 && abs(entries[1].hit.score - 0.8) < 1e-6)
        #expect(try await contents(house, RecallRequest(agent: agent, vector: [1, 0], filter: .equals(.plain(.isPinned), .bool(true)), touches: false)) == ["pinned true"])
    }

    @Test("near ones are found by the index, and those of one request by each other")
    func similar() async throws {
        let house = try House()
        let agent = try await house.agent()
        let first = try await house.remember([MemoryDraft(agent: agent, content: "a", vector: [1, 0.01])]).rows[0].id
        let told = try await house.remember([MemoryDraft(agent: agent, content: "b", vector: [1, 0])])
        #expect(told.notes.map(\.similar).map { $0.map(\.id) } == [[first]])
        #expect(try await house.remember([MemoryDraft(agent: agent, content: "c", onSimilar: .keep, vector: [1, 0])]).notes.isEmpty)
        #expect(try await house.remember([MemoryDraft(agent: agent, content: "far", vector: [0, 1])]).notes.isEmpty)
        let batch = (0..<3).map { MemoryDraft(agent: agent, type: .task, content: "task \($0)", onSimilar: .supersede, vector: [1, Float($0) * 0.01]) }
        let receipt = try await house.remember(batch)
        // Each begins when the one before does, so that it cannot end it.
        #expect(receipt.rows.count == 3)
        let merged = try await house.remember((0..<3).map { MemoryDraft(agent: agent, type: .preference, content: "p \($0)", onSimilar: .merge, vector: [1, Float($0) * 0.01]) })
        #expect(Set(merged.rows.map(\.id)).count == 1 && merged.notes.map(\.fate) == [.merged, .merged])
        guard case .memories(let found) = try await house.perform(.get([merged.rows[0].id], withVectors: false)).get() else { throw House.Unexpected() }
        #expect(found[0].content == "p 2" && found[0].version == 3)
    }

    @Test("what is due is shown, forgotten by the sweep and found no more, and comes back when it is restored")
    func forgetting() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        var drafts = ["faint", "strong", "expiring"].map { MemoryDraft(agent: agent, content: "a \($0) memory", importance: $0 == "faint" ? 0.051 : 0.9, onSimilar: .keep, vector: [1, 0]) }
        drafts[2].expiresAt = house.clock.now().adding(seconds: 3_600)
        let ids = try await house.remember(drafts).rows.map(\.id)
        func due(_ time: Timestamp) async throws -> Set<Identifier> {
            guard case .page(let page) = try await house.perform(.list(MemoryListing(dueAt: time))).get() else { throw House.Unexpected() }
            return Set(page.memories.map(\.id))
        }
        let later = house.clock.now().adding(seconds: 20 * 86_400)
        #expect(try await due(house.clock.now()).isEmpty)
        #expect(try await due(later) == [ids[0], ids[2]])
        house.pass(seconds: 20 * 86_400)
        guard case .written = try await house.perform(.startJob(RecordDraft(.job, [.type: .text("forget")]))).get() else { throw House.Unexpected() }
        try await swept(house)
        #expect(try await due(later).isEmpty)
        #expect(try await contents(house, RecallRequest(agent: agent, text: "memory", vector: [1, 0], touches: false)) == ["a strong memory"])
        #expect(await house.perform(.get([ids[0]], withVectors: false)) == .failure(.notFound(.memory, ids[0])))
        guard case .page(let hidden) = try await house.perform(.list(MemoryListing(deleted: .only))).get() else { throw House.Unexpected() }
        #expect(Set(hidden.memories.map(\.id)) == [ids[0], ids[2]])
        guard case .status(let facts) = try await house.perform(.status).get() else { throw House.Unexpected() }
        #expect(facts["organization"]?["memories_forgotten"] == 2)
        _ = try await house.perform(.restore(.memory, [ids[0]])).get()
        #expect(try await contents(house, RecallRequest(agent: agent, text: "memory", vector: [1, 0], touches: false)) == ["a strong memory", "a faint memory"])
    }

    @Test("other settings reckon anew when memories are forgotten, and forget at once what is due then")
    func settings() async throws {
        let house = try House()
        let agent = try await house.agent()
        let id = try await house.remember([MemoryDraft(agent: agent, content: "x", importance: 0.5, vector: [1, 0])]).rows[0].id
        house.pass(seconds: 3 * 86_400)
        let settings: JSON = ["memory": ["half_lives": ["fact": 0.5]]]
        _ = try await house.perform(.change(RecordPatch(.agent, id: agent, [.settings: .json(settings)]))).get()
        try await swept(house)
        #expect(await house.perform(.get([id], withVectors: false)) == .failure(.notFound(.memory, id)))
        for wrong in [["memory": ["restorable_days": 1]], ["memory": ["restorable_days": -1]]] as [JSON] {
            guard case .failure(.field) = await house.perform(.change(RecordPatch(.agent, id: agent, [.settings: .json(wrong)]))) else { throw House.Unexpected() }
        }
        let organization: JSON = ["memory": ["restorable_days": 5]]
        _ = try await house.perform(.change(RecordPatch(.organization, id: house.first.organization, [.settings: .json(organization)]))).get()
        #expect(house.engine.hiddenBefore(house.first.organization, at: Timestamp(microseconds: 0)) == Timestamp(microseconds: 0).adding(seconds: -5 * 86_400))
    }

    @Test("a session ends as it is asked, or as the agent's memory_type says; a key of one session promotes nothing")
    func sessions() async throws {
        let house = try House()
        let session = Identifier(high: 5, low: 5)
        for (type, promoted, dropped) in [("conversation", 0, 2), ("long_term", 2, 0), ("hybrid", 1, 1)] as [(String, Int64, Int64)] {
            let agent = try await house.create(RecordDraft(.agent, [.slug: .text(type), .name: .text(type), .memoryType: .text(type)]))
            _ = try await house.remember([0.2, 0.8].map { MemoryDraft(agent: agent, session: session, content: "of \($0)", importance: $0, vector: [1, 0]) })
            let counts: JSON = ["promoted": .integer(promoted), "dropped": .integer(dropped)]
            #expect(await house.perform(.endSession(SessionEnding(session: session, agent: agent, isAsAgent: true))) == .success(.counted(counts)))
            #expect(await house.perform(.endSession(SessionEnding(session: session, agent: agent, isAsAgent: true))) == .success(.counted(["promoted": 0, "dropped": 0])))
        }
        #expect(await house.perform(.endSession(SessionEnding(session: session, isAsAgent: true))) == .failure(.field(FieldError("agent", .missing))))
        let narrowed = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(session: session))
        #expect(await house.perform(.endSession(SessionEnding(session: session, promotesFrom: 0)), as: narrowed) == .failure(.narrowed(.memory)))
        #expect(await house.perform(.endSession(SessionEnding(session: session, promotesFrom: 2))) == .failure(.field(FieldError("promote_from", .outOfRange("from 0 to 1")))))
    }
}
