import Recall
import Records
import Testing

@testable import Engine

@Suite("Memories are recalled by what they are worth now")
struct MemoryRecallTests {
    @Test("the weighted order is that of every memory scored by hand, with any weights, by vector, by words and by both")
    func bruteForce() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        var generator = SystemRandomNumberGenerator()
        let vocabulary = ["invoice", "train", "cat", "sofa", "friday", "march", "lisbon", "oslo"]
        let drafts = (0..<300).map { number in
            MemoryDraft(
                agent: agent, type: MemoryType.allCases.randomElement(using: &generator)!, content: (0..<6).map { _ in vocabulary.randomElement(using: &generator)! }.joined(separator: " ") + " \(number)",
                importance: Double.random(in: 0...1, using: &generator), createdAt: house.clock.now().adding(seconds: -Int64.random(in: 0...40_000_000, using: &generator)),
                vector: (0..<8).map { _ in Float.random(in: -1...1, using: &generator) })
        }
        _ = try await house.remember(drafts)
        let fading = Fading()
        for weights in [RecallWeights.standard, try RecallWeights(relevance: 1, importance: 0, recency: 0), try RecallWeights(relevance: 0, importance: 3, recency: 1)] {
            for mode in SearchMode.allCases {
                let request = RecallRequest(
                    agent: agent, text: "the invoice of march, and the cat", vector: (0..<8).map { _ in Float.random(in: -1...1, using: &generator) }, mode: mode, k: 300, weights: weights, explains: true)
                let answer = try await house.recall(request)
                let explanation = try #require(answer.explanation)
                #expect(answer.report.mode == mode && explanation.weights == weights)
                #expect(explanation.filter == request.scope && explanation.space == house.engine.partitions.space(of: house.first.organization)?.id)
                #expect(mode == .lexical ? (100...300).contains(answer.entries.count) : answer.entries.count == 300)
                for entry in answer.entries {
                    let (why, memory) = (try #require(entry.explanation), try #require(entry.memory))
                    #expect((why.cosine == nil) == false && (why.words == nil) == (mode == .vector))
                    let relevance = explanation.cosineScale * (why.cosine ?? 0) + explanation.wordsScale * (why.words ?? 0)
                    let facts = MemoryFacts(type: memory.type, importance: memory.importance, createdAt: memory.createdAt)
                    let retention = fading.retention(facts, at: house.clock.now())
                    #expect(abs(why.relevance - relevance) < 1e-6 && why.retention == retention && why.importance == memory.importance * retention && why.relevance <= 1 + 1e-6)
                    #expect(abs(Double(entry.hit.score) - weights.score(relevance: relevance, importance: memory.importance * retention, retention: retention)) < 1e-5)
                }
                #expect(zip(answer.entries, answer.entries.dropFirst()).allSatisfy { $0.hit.score >= $1.hit.score })
                var few = request
                few.k = 10
                #expect(try await house.recall(few).entries.map(\.hit) == answer.entries.prefix(10).map(\.hit))
            }
        }
    }

    @Test("weights as small or as large as they may be leave the order of thousands of memories as it is")
    func extremes() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        for part in 0..<3 {
            _ = try await house.remember((0..<800).map { number in
                MemoryDraft(agent: agent, content: "invoice \(number % 7) \(part)", importance: Double(number % 5) / 4, vector: [1, Float(part * 800 + number) / 100])
            })
        }
        let wanted = try await house.recall(RecallRequest(agent: agent, text: "invoice 3", vector: [1, 1], mode: .hybrid, k: 20, weights: RecallWeights(relevance: 1, importance: 0, recency: 0)))
        #expect(wanted.entries.count == 20)
        for weight in [Double.leastNonzeroMagnitude, 1e-40, 1e-20, 1e-3, 1_000] {
            let weights = [try RecallWeights(relevance: weight, importance: 0, recency: 0), try RecallWeights(relevance: 0, importance: weight, recency: 0), try RecallWeights(relevance: weight, importance: 1, recency: 1_000)]
            for (place, weights) in weights.enumerated() {
                for mode in SearchMode.allCases {
                    let answer = try await house.recall(RecallRequest(agent: agent, text: "invoice 3", vector: [1, 1], mode: mode, k: 20, weights: weights))
                    #expect(answer.entries.count == 20 && answer.entries.allSatisfy { $0.hit.score.isFinite })
                    if mode == .hybrid, place == 0, weight >= 1e-20 { #expect(answer.entries.map(\.hit.id) == wanted.entries.map(\.hit.id)) }
                }
            }
        }
    }

    @Test("what was not used fades behind what is new, and importance holds it up")
    func fading() async throws {
        let house = try House()
        let agent = try await house.agent()
        let kept = try await house.remember([
            MemoryDraft(agent: agent, content: "old", importance: 0.2, vector: [1, 0]), MemoryDraft(agent: agent, content: "old and important", importance: 1, vector: [1, 0]),
        ])
        house.pass(seconds: 90 * 86_400)
        let new = try await house.remember([MemoryDraft(agent: agent, content: "new", importance: 0.2, vector: [1, 0])])
        let answer = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], explains: true))
        #expect(answer.entries.map(\.hit.id) == [kept.rows[1].id, new.rows[0].id, kept.rows[0].id])
        #expect(answer.entries.map { $0.explanation?.retention } == [0.5, 1, 0.5])
        // 0.7 + 0.2 · 0.5 + 0.1 · 0.5
        #expect(abs(answer.entries[0].hit.score - 0.85) < 1e-6)
    }

    @Test("what is recalled counts as accessed, once in a quarter of an hour, and fades more slowly; what is not to be touched, or gone, does not")
    func accesses() async throws {
        let house = try House()
        let agent = try await house.agent()
        let kept = try await house.remember((0..<3).map { MemoryDraft(agent: agent, content: "memory \($0)", vector: [1, Float($0)]) }).rows.map(\.id)
        func memories() async throws -> [Memory] {
            house.engine.writeRecalls()
            // A write that comes later waits for the one before.
            _ = try await house.agent("another")
            guard case .memories(let found) = try await house.perform(.get(kept, withVectors: true)).get() else { throw House.Unexpected() }
            return found
        }
        let before = try await memories()
        _ = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 2, touches: false))
        #expect(try await memories() == before)
        let first = house.clock.now()
        for _ in 0..<3 {
            _ = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 2))
            house.pass(seconds: 100)
        }
        #expect(try await memories() == [before[0].accessed(at: first).dated, before[1].accessed(at: first).dated, before[2]])
        house.pass(seconds: 600)
        _ = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 1))
        let second = house.clock.now()
        #expect(try await memories()[0] == before[0].accessed(at: first).accessed(at: second).dated)
        // A search asks for rows, not for what is to be kept in mind.
        _ = try await house.search(SearchRequest(query: .vector([1, 2])))
        #expect(try await memories()[2] == before[2])
        _ = try await house.recall(RecallRequest(agent: agent, vector: [1, 2], k: 3))
        _ = try await house.perform(.delete([kept[2]])).get()
        #expect(try await memories().map(\.id) == Array(kept.prefix(2)))
        house.pass(seconds: 90 * 86_400)
        let answer = try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: 1, explains: true, touches: false))
        let wanted = Fading().retention(MemoryFacts(type: .fact, accessCount: 2, createdAt: first, lastAccessedAt: second), at: house.clock.now())
        #expect(answer.entries.first?.explanation?.retention == wanted && wanted > 0.5)
        #expect(answer.entries.first?.memory?.version == 1 && answer.entries.first?.memory?.accessCount == 2)
    }

    @Test("memories for good and those of the session are recalled, those of another only when every session is asked for, and never another agent's")
    func sessions() async throws {
        let house = try House()
        let (agent, other) = (try await house.agent(), try await house.agent("b"))
        let (here, there) = (Identifier(high: 5, low: 1), Identifier(high: 5, low: 2))
        let kept = try await house.remember([
            MemoryDraft(agent: agent, content: "for good", vector: [1, 0]), MemoryDraft(agent: agent, session: here, content: "here", vector: [1, 0]),
            MemoryDraft(agent: agent, session: there, content: "there", vector: [1, 0]), MemoryDraft(agent: other, content: "another's", vector: [1, 0]),
        ])
        let ids = kept.rows.map(\.id)
        #expect(try await house.recall(RecallRequest(agent: agent, vector: [1, 0])).entries.map(\.hit.id) == [ids[0]])
        #expect(try await Set(house.recall(RecallRequest(agent: agent, session: here, vector: [1, 0])).entries.map(\.hit.id)) == [ids[0], ids[1]])
        #expect(try await Set(house.recall(RecallRequest(agent: agent, everySession: true, vector: [1, 0])).entries.map(\.hit.id)) == Set(ids.prefix(3)))
        #expect(try await house.recall(RecallRequest(agent: agent, everySession: true, vector: [1, 0], filter: .equals(.session, .identifier(there)))).entries.map(\.hit.id) == [ids[2]])
        #expect(try await house.recall(RecallRequest(agent: agent, vector: [1, 0]), as: house.second).entries.isEmpty)
        // A key of one session asks for it without saying so, and gets nothing else.
        let narrow = Principal(
            organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(session: there))
        #expect(try await house.recall(RecallRequest(agent: agent, vector: [1, 0]), as: narrow).entries.map(\.hit.id) == [ids[2]])
    }

    @Test("within a budget of tokens come the best that fit, and what is too long makes room for what is not")
    func budget() async throws {
        let house = try House()
        let agent = try await house.agent()
        let contents = [String(repeating: "a", count: 400), String(repeating: "b", count: 40), "お茶が好き", String(repeating: "c", count: 40)]
        let kept = try await house.remember(contents.enumerated().map { MemoryDraft(agent: agent, content: $1, vector: [1, Float($0)]) })
        #expect(contents.map(RecallRequest.tokens) == [100, 10, 5, 10])
        func ids(_ tokens: Int, k: Int = 10) async throws -> [Identifier] { try await house.recall(RecallRequest(agent: agent, vector: [1, 0], k: k, tokensMax: tokens)).entries.map(\.hit.id) }
        #expect(try await ids(125) == kept.rows.map(\.id))
        #expect(try await ids(110) == [kept.rows[0].id, kept.rows[1].id])
        #expect(try await ids(16) == [kept.rows[1].id, kept.rows[2].id])
        #expect(try await ids(4).isEmpty)
        #expect(try await ids(125, k: 2) == [kept.rows[0].id, kept.rows[1].id])
    }

    @Test("a text is recalled by its words where there is no embedder, and one that waits for its vector is among them")
    func words() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        let kept = try await house.remember([MemoryDraft(agent: agent, content: "The invoice was paid"), MemoryDraft(agent: agent, content: "The invoice of the train, unpaid invoices", vector: [1, 0])])
        let answer = try await house.recall(RecallRequest(agent: agent, text: "invoices", explains: true))
        #expect(answer.report.mode == .lexical && Set(answer.entries.map(\.hit.id)) == Set(kept.rows.map(\.id)))
        #expect(answer.entries.allSatisfy { $0.explanation?.cosine == nil && ($0.explanation?.words ?? 0) > 0 })
        let both = try await house.recall(RecallRequest(agent: agent, text: "paid", vector: [0.5, 1]))
        #expect(both.report.mode == .hybrid && both.entries.count == 2)
    }

    @Test("what cannot be asked is refused by its name, and nothing is looked for")
    func refusals() async throws {
        let house = try House()
        await house.wordsStand()
        let agent = try await house.agent()
        let wrong: [(RecallRequest, String)] = [
            (RecallRequest(agent: agent), "text"), (RecallRequest(agent: agent, vector: [1, 0], mode: .lexical), "mode"), (RecallRequest(agent: agent, text: "x", tokensMax: 0), "tokens"),
            (RecallRequest(agent: agent, text: "x", k: 0), "k"), (RecallRequest(agent: agent, session: agent, everySession: true, text: "x"), "session"),
            (RecallRequest(agent: agent, vector: [0, 0]), "vector"), (RecallRequest(agent: agent, text: ""), "text"), (RecallRequest(agent: agent, text: "x", filter: .exists(.metadata([]))), "filter"),
        ]
        for (request, field) in wrong {
            guard case .failure(.field(let error)) = await house.perform(.recall(request)) else {
                Issue.record("\(field) was taken")
                continue
            }
            #expect(error.field.hasPrefix(field), "\(error)")
        }
        #expect(await house.perform(.recall(RecallRequest(agent: agent, text: "x", mode: .hybrid))) == .failure(.noEmbedder))
        let narrow = Principal(organization: house.first.organization, key: house.first.key, scopes: [.memoriesWrite])
        #expect(await house.perform(.recall(RecallRequest(agent: agent, text: "x")), as: narrow) == .failure(.forbidden(.memoriesRead)))
    }
}

extension Memory {
    /// As the store says when it is forgotten, where nobody set anything.
    var dated: Memory {
        var memory = self
        memory.forgetAt = Fading().forgetAt(MemoryFacts(self))
        return memory
    }
}
