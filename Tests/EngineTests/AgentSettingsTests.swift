import Recall
import Records
import Storage
import Testing

@testable import Engine

@Suite("Agents keep memories as their settings say")
struct AgentSettingsTests {
    private func agent(_ house: House, _ slug: String, _ values: [RecordField: Value]) async throws -> Identifier {
        try await house.create(RecordDraft(.agent, values.merging([.slug: .text(slug), .name: .text(slug)]) { own, _ in own }))
    }

    private func recalled(_ house: House, _ agent: Identifier, weights: RecallWeights? = nil) async throws -> SearchAnswer {
        let request = RecallRequest(agent: agent, vector: [1, 0], weights: weights, explains: true, touches: false)
        guard case .found(let answer) = try await house.perform(.recall(request)).get() else { throw House.Unexpected() }
        return answer
    }

    @Test("an agent whose memory is off keeps and recalls nothing, until it is on again; what it has stays")
    func enabled() async throws {
        let house = try House()
        let agent = try await agent(house, "a", [:])
        let draft = MemoryDraft(agent: agent, content: "kept", vector: [1, 0])
        let kept = try await house.remember([draft]).rows[0].id
        #expect(try await recalled(house, agent).entries.map(\.hit.id) == [kept])
        _ = try await house.perform(.change(RecordPatch(.agent, id: agent, [.memoryEnabled: .flag(false)]))).get()
        let other = MemoryDraft(agent: try await self.agent(house, "b", [:]), content: "other", vector: [1, 0])
        #expect(await house.perform(.remember([other, draft])) == .failure(.field(FieldError("memories[1].agent", .malformed("it keeps no memories: its memory_enabled is off")))))
        #expect(try await recalled(house, agent).entries.isEmpty)
        #expect(try await recalled(house, other.agent).entries.isEmpty)
        guard case .memories(let found) = try await house.perform(.get([kept], withVectors: false)).get() else { throw House.Unexpected() }
        #expect(found.count == 1)
        _ = try await house.perform(.change(RecordPatch(.agent, id: agent, [.memoryEnabled: .flag(true)]))).get()
        #expect(try await recalled(house, agent).entries.map(\.hit.id) == [kept])
    }

    @Test("half-lives and weights are the agent's, else its organization's, else the usual ones; a recall's own weights come first")
    func settings() async throws {
        let house = try House()
        let own = try await agent(house, "own", [.settings: .json(["memory": ["half_lives": ["fact": 1], "weights": ["recency": 0.5]], "other": true])])
        let plain = try await agent(house, "plain", [:])
        for agent in [own, plain] { _ = try await house.remember([MemoryDraft(agent: agent, type: .fact, content: "x", vector: [1, 0])]) }
        house.pass(seconds: 86_400)
        func facts(_ agent: Identifier) async throws -> (retention: Double?, weights: RecallWeights?) {
            let answer = try await recalled(house, agent)
            return (answer.entries.first?.explanation?.retention, answer.explanation?.weights)
        }
        var (mine, others) = (try await facts(own), try await facts(plain))
        let (ownWeights, houseWeights) = (try RecallWeights(relevance: 0.7, importance: 0.2, recency: 0.5), try RecallWeights(relevance: 1, importance: 0.2, recency: 0.1))
        #expect(mine.retention == 0.5 && mine.weights == ownWeights)
        #expect(others.retention.map { $0 > 0.99 } == true && others.weights == .standard)
        let settings: JSON = ["memory": ["half_lives": ["fact": 2, "task": 3], "weights": ["relevance": 1], "forgetting_threshold": 0]]
        _ = try await house.perform(.change(RecordPatch(.organization, id: house.first.organization, [.settings: .json(settings)]))).get()
        (mine, others) = (try await facts(own), try await facts(plain))
        let both = try RecallWeights(relevance: 1, importance: 0.2, recency: 0.5)
        #expect(mine.retention == 0.5 && mine.weights == both)
        #expect(others.retention.map { abs($0 - 0.5.squareRoot()) < 1e-12 } == true && others.weights == houseWeights)
        #expect(try await recalled(house, own, weights: .standard).explanation?.weights == .standard)
    }

    @Test("settings that nobody could follow are refused, with the name of what is wrong", arguments: [
        (["memory": 1], "settings.memory"), (["memory": ["half_life": 1]], "settings.memory.half_life"), (["memory": ["half_lives": ["idea": 1]]], "settings.memory.half_lives.idea"),
        (["memory": ["half_lives": ["fact": 0]]], "settings.memory.half_lives.fact"), (["memory": ["half_lives": ["fact": "long"]]], "settings.memory.half_lives.fact"),
        (["memory": ["forgetting_threshold": 1.5]], "settings.memory.forgetting_threshold"), (["memory": ["weights": ["relevance": -1]]], "settings.memory.weights.relevance"),
        (["memory": ["weights": ["relevance": 0, "importance": 0, "recency": 0]]], "settings.memory.weights"),
    ] as [(JSON, String)])
    func refused(settings: JSON, field: String) async throws {
        let house = try House()
        func name(_ result: Result<Outcome, EngineError>) -> String? {
            guard case .failure(.field(let error)) = result else { return nil }
            return error.field
        }
        #expect(name(await house.perform(.change(RecordPatch(.organization, id: house.first.organization, [.settings: .json(settings)])))) == field)
        let draft = RecordDraft(.agent, [.slug: .text("a"), .name: .text("a"), .settings: .json(settings)])
        #expect(name(await house.perform(.create([draft]))).map { $0.hasSuffix(field) } == true)
    }

    @Test("a session of another agent takes no memory and is not recalled from; one that nobody has is whoever's names it")
    func foreignSession() async throws {
        let house = try House()
        let (mine, other) = (try await agent(house, "mine", [:]), try await agent(house, "other", [:]))
        let user = try await house.user("someone")
        let talk = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .agent: .identifier(other), .title: .text("t")]))
        let own = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .agent: .identifier(mine), .title: .text("t")]))
        let open = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text("t")]))
        func draft(_ session: Identifier) -> MemoryDraft { MemoryDraft(agent: mine, session: session, content: "x", vector: [1, 0]) }
        let reason = FieldError.Reason.malformed("it is a session of another agent")
        #expect(await house.perform(.remember([draft(own), draft(talk)])) == .failure(.field(FieldError("memories[1].session", reason))))
        #expect(await house.perform(.recall(RecallRequest(agent: mine, session: talk, vector: [1, 0]))) == .failure(.field(FieldError("session", reason))))
        _ = try await house.remember([draft(own), draft(open), draft(Identifier(high: 4, low: 4))])
        for session in [own, open, Identifier(high: 4, low: 4)] {
            guard case .found(let answer) = try await house.perform(.recall(RecallRequest(agent: mine, session: session, vector: [1, 0]))).get() else { throw House.Unexpected() }
            #expect(answer.entries.map(\.memory?.session) == [session])
        }
    }
}
