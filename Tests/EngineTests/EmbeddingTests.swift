import Dispatch
import Embedding
import Records
import Storage
import Testing

@testable import Engine

@Suite("Text becomes vectors in every operation that takes one, of one space, and what cannot be embedded now is kept and waits")
struct EmbeddingTests {
    private func draft(_ agent: Identifier, _ content: String, vector: [Float]? = nil, space: Identifier? = nil) -> MemoryDraft {
        MemoryDraft(agent: agent, content: content, vector: vector, space: space)
    }

    private func texts(_ house: House, _ text: String, _ kind: Kind = .memory, k: Int = 1) async throws -> [String] {
        let answer = try await house.search(SearchRequest(kind, query: .text(text), k: k))
        return answer.entries.compactMap { $0.memory?.content ?? $0.record?.text(.content) ?? $0.record?.text(.title) ?? $0.record?.text(.term) }
    }

    private func status(_ house: House) async throws -> JSON {
        guard case .status(let facts) = try await house.perform(.status).get() else { throw House.Unexpected() }
        return facts
    }

    private func waiting(_ house: House) async throws -> Int64? { try await status(house)["organization"]?["waiting_for_vectors"]?.integer }

    private func until(_ house: House, waiting count: Int64) async throws {
        for _ in 0..<6_000 {
            if try await waiting(house) == count { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("\(try await waiting(house) ?? -1) rows wait, not \(count)")
    }

    @Test("memories, messages, conversations and terms are found by text, with the passage's prefix on one side and the question's on the other")
    func everyKind() async throws {
        let embedder = FakeEmbedder()
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let user = try await house.user("maya")
        _ = try await house.remember([draft(agent, "green tea"), draft(agent, "black coffee")])
        let talk = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text("holiday plans")]))
        _ = try await house.create(RecordDraft(.message, [.conversation: .identifier(talk), .role: .text("user"), .content: .text("the train leaves")]))
        _ = try await house.create(RecordDraft(.term, [.user: .identifier(user), .term: .text("ETA"), .definition: .text("time of arrival")]))
        #expect(try await texts(house, "coffee") == ["black coffee"])
        #expect(try await texts(house, "tea please") == ["green tea"])
        #expect(try await texts(house, "train", .message) == ["the train leaves"])
        #expect(try await texts(house, "holiday", .conversation) == ["holiday plans"])
        #expect(try await texts(house, "arrival", .term) == ["ETA"])
        #expect(embedder.texts.contains("say green tea") && embedder.texts.contains("ask coffee") && embedder.texts.contains("say ETA: time of arrival"))
        let space = try #require(try house.store.reads.tenancy().spaces.first)
        #expect(space.model == embedder.model && space.precision == "f32")
        #expect(try await waiting(house) == 0)
    }

    @Test("a conversation without a title of its own has nothing to embed")
    func untitled() async throws {
        let embedder = FakeEmbedder()
        let house = try House(embedder: embedder)
        let user = try await house.user("maya")
        _ = try await house.create(RecordDraft(.conversation, [.user: .identifier(user)]))
        #expect(embedder.calls.isEmpty)
        #expect(try await waiting(house) == 0)
    }

    @Test("a text that is new is embedded anew, and one that did not change never again")
    func changes() async throws {
        let embedder = FakeEmbedder()
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let user = try await house.user("maya")
        let id = try await house.remember([draft(agent, "green tea")]).rows[0].id
        let term = try await house.create(RecordDraft(.term, [.user: .identifier(user), .term: .text("ETA"), .definition: .text("time of arrival")]))
        _ = try await house.perform(.update(MemoryPatch(id: id, content: "green tea", importance: 0.9))).get()
        _ = try await house.perform(.change(RecordPatch(.term, id: term, [.definition: .text("time of arrival"), .isPublic: .flag(true)]))).get()
        #expect(embedder.texts.count == 2)
        _ = try await house.perform(.update(MemoryPatch(id: id, content: "black coffee"))).get()
        _ = try await house.perform(.change(RecordPatch(.term, id: term, [.definition: .text("estimated time")]))).get()
        #expect(embedder.texts.suffix(2) == ["say black coffee", "say ETA: estimated time"])
        #expect(try await texts(house, "coffee") == ["black coffee"])
        #expect(try await house.search(SearchRequest(.term, query: .text("estimated"), k: 1)).entries[0].hit.score > 0.3)
        guard case .failure(.versionMismatch) = await house.perform(.update(MemoryPatch(id: id, ifVersion: 1, content: "x"))) else {
            Issue.record("an update of an older version was taken")
            return
        }
    }

    @Test("a vector that does not name the embedder's space, or names another, is refused everywhere; one that names it is taken")
    func spaces() async throws {
        let house = try House(embedder: FakeEmbedder())
        let agent = try await house.agent()
        _ = try await house.remember([draft(agent, "green tea")])
        let space = try #require(try house.store.reads.tenancy().spaces.first)
        let vector = FakeEmbedder.vector("say coffee")
        let other = Identifier(high: 3, low: 3)
        for named in [nil, other] {
            for operation in [
                Operation.remember([draft(agent, "coffee", vector: vector, space: named)]), .search(SearchRequest(query: .vector(vector), space: named)),
                .update(MemoryPatch(id: other, vector: .set(vector), space: named)),
            ] {
                guard case .failure(.field(let error)) = await house.perform(operation), case .wrongSpace = error.reason else {
                    Issue.record("\(operation.name) took a vector of an unknown space")
                    continue
                }
                #expect(error.field.hasSuffix("space") && error.description.contains("counted-words"))
            }
        }
        _ = try await house.remember([draft(agent, "coffee", vector: vector, space: space.id)])
        let answer = try await house.search(SearchRequest(query: .vector(vector), space: space.id, k: 1))
        #expect(answer.entries[0].memory?.content == "coffee")
        let short = await house.perform(.search(SearchRequest(query: .vector([1, 2]), space: space.id)))
        #expect(short == .failure(.field(FieldError("vector", .wrongDimension(found: 2, expected: FakeEmbedder.dimension)))))
        #expect(await house.perform(.search(SearchRequest(query: .text("x"), space: space.id))).failure == .field(FieldError("space", .malformed("it is that of a vector, and there is none"))))
    }

    @Test("where callers bring their vectors first, texts are kept without, and a search by text says why there is none")
    func callersSpace() async throws {
        let embedder = FakeEmbedder()
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let vector = FakeEmbedder.vector("say coffee")
        let receipt = try await house.remember([draft(agent, "coffee", vector: vector), draft(agent, "tea")])
        #expect(receipt.waiting == 0 && embedder.calls.isEmpty)
        guard case .failure(.field(let error)) = await house.perform(.search(SearchRequest(query: .text("tea")))), case .wrongSpace = error.reason else {
            Issue.record("a question was compared with vectors of another origin")
            return
        }
        #expect(try await house.search(SearchRequest(query: .vector(vector))).entries.count == 1)
    }

    @Test("another model of the same dimension is another space: nothing mixes, and what is written waits for the right one")
    func otherModel() async throws {
        let folder = House.temporaryFolder()
        do {
            let house = try House(folder: folder, keepsFolder: true, embedder: FakeEmbedder())
            _ = try await house.remember([draft(try await house.agent(), "green tea")])
        }
        do {
            let house = try House(folder: folder, keepsFolder: true, embedder: FakeEmbedder(name: "other-words"))
            let receipt = try await house.remember([draft(try await house.agent(), "black coffee")])
            #expect(receipt.waiting == 1)
            guard case .failure(.field(let error)) = await house.perform(.search(SearchRequest(query: .text("tea")))), case .wrongSpace = error.reason else {
                Issue.record("a question of one model was compared with vectors of another")
                return
            }
            #expect(error.description.contains("other-words") && error.description.contains("counted-words"))
        }
        let house = try House(folder: folder, embedder: FakeEmbedder())
        house.engine.lookAfterJobs()
        try await until(house, waiting: 0)
        #expect(try await texts(house, "coffee") == ["black coffee"])
        house.engine.endJobs()
    }

    @Test("while the embedder is away writes are stored, acknowledged as waiting and shown by status; when it is back a job embeds them")
    func waits() async throws {
        let embedder = FakeEmbedder()
        embedder.set(.away)
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let user = try await house.user("maya")
        let receipt = try await house.remember([draft(agent, "green tea"), draft(agent, "black coffee")])
        #expect(receipt.rows.count == 2 && receipt.waiting == 2)
        let talk = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text("holiday plans")]))
        _ = try await house.create(RecordDraft(.message, [.conversation: .identifier(talk), .role: .text("user"), .content: .text("the train leaves")]))
        let facts = try await status(house)
        #expect(facts["organization"]?["waiting_for_vectors"] == 4)
        #expect(facts["organization"]?["waiting_since"]?.text == house.clock.now().description)
        #expect((facts["embedder"]?["failures"]?.integer ?? 0) > 0)
        #expect(await house.perform(.search(SearchRequest(query: .text("tea")))).failure == .embedderUnavailable(retryAfter: 3))
        guard case .memories(let kept) = try await house.perform(.get(receipt.rows.map(\.id), withVectors: true)).get() else { throw House.Unexpected() }
        #expect(kept.map(\.content) == ["green tea", "black coffee"] && kept.allSatisfy { $0.embedding == nil })
        embedder.set(.well)
        try await until(house, waiting: 0)
        #expect(try await texts(house, "coffee") == ["black coffee"])
        #expect(try await texts(house, "train", .message) == ["the train leaves"])
        #expect(try await texts(house, "holiday", .conversation) == ["holiday plans"])
        guard case .memories(let embedded) = try await house.perform(.get(receipt.rows.map(\.id), withVectors: true)).get() else { throw House.Unexpected() }
        #expect(embedded.allSatisfy { $0.version == 1 && $0.embedding != nil })
        house.engine.endJobs()
    }

    @Test("a text that is refused for itself holds up no other, and waits no longer once the others are done")
    func poison() async throws {
        let embedder = FakeEmbedder()
        embedder.set(.away)
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        _ = try await house.remember([draft(agent, "poison"), draft(agent, "honey"), draft(agent, "milk"), draft(agent, " \n ")])
        embedder.set(.well)
        try await until(house, waiting: 0)
        // Nothing waits from the commit on; the index takes it right after.
        for _ in 0..<60_000 where try await texts(house, "honey").isEmpty { try await Task.sleep(nanoseconds: 1_000_000) }
        #expect(try await texts(house, "honey") == ["honey"])
        guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.job, [.type: .text("embed")]))).get() else { throw House.Unexpected() }
        #expect(page.records.count == 1)
        #expect(page.records[0].integer(.doneCount) == 2 && page.records[0].integer(.failedCount) == 2)
        house.engine.endJobs()
    }

    @Test("while everything is refused, as with a wrong key, all rows are kept waiting")
    func refused() async throws {
        let embedder = FakeEmbedder()
        embedder.set(.refusing)
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        #expect(try await house.remember([draft(agent, "tea"), draft(agent, "coffee")]).waiting == 2)
        #expect(await house.perform(.search(SearchRequest(query: .text("tea")))).failure == .embedderRefused)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await waiting(house) == 2)
        embedder.set(.well)
        try await until(house, waiting: 0)
        house.engine.endJobs()
    }

    @Test("a request that is over ends while it is embedded, and stores nothing")
    func cancelled() async throws {
        let embedder = FakeEmbedder(isOpen: false)
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let context = OperationContext(clock: house.clock)
        async let result = house.perform(.remember([draft(agent, "green tea")]), context: context)
        while embedder.calls.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        context.cancel()
        #expect(await result == .failure(.cancelled))
        #expect(try await status(house)["organization"]?["memories"] == 0)
    }

    @Test("vectors that take more than half of the time of a request are not waited for: the row is stored, and gets its vector later")
    func slow() async throws {
        let embedder = FakeEmbedder(isOpen: false)
        let house = try House(embedder: embedder)
        let agent = try await house.agent()
        let context = OperationContext(clock: house.clock, deadline: house.clock.ticks() + 10_000_000_000)
        async let result = house.perform(.remember([draft(agent, "green tea")]), context: context)
        while embedder.calls.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        house.pass(seconds: 6)
        guard case .success(.written(let receipt)) = await result else {
            Issue.record("a slow embedder kept a memory from being stored")
            return
        }
        #expect(receipt.waiting == 1)
        for _ in 0..<10 { embedder.gate.signal() }
        try await until(house, waiting: 0)
        house.engine.endJobs()
    }

    @Test("rows that are imported without a vector are embedded by the job, and those of another space are refused")
    func imported() async throws {
        let house = try House(embedder: FakeEmbedder())
        let agent = try await house.agent()
        let worker = Identifier(high: 7, low: 7)
        guard case .written(let started) = try await house.perform(.startJob(RecordDraft(.job, [.type: .text("import")]))).get() else { throw House.Unexpected() }
        let job = started.rows[0].id
        _ = try await house.perform(.claimJob(job, worker: worker)).get()
        func memory(_ low: UInt64, _ content: String, _ embedding: Embedding? = nil) -> Memory {
            Memory(
                id: Identifier(high: 50, low: low), organization: house.first.organization, agent: agent, type: .fact, content: content,
                createdAt: house.clock.now(), updatedAt: house.clock.now(), embedding: embedding)
        }
        let foreign = memory(1, "foreign", Embedding(space: Identifier(high: 3, low: 3), vector: FakeEmbedder.vector("say x")))
        guard case .failure(.field(let error)) = await house.perform(.importing(.memories([foreign]), JobStep(job: job, worker: worker, done: 1))) else {
            Issue.record("a vector of another space was imported")
            return
        }
        #expect(error.field == "space")
        let own = Embedding(space: FakeEmbedder().model.spaceIdentifier, vector: FakeEmbedder.vector("say honey"))
        let batch = ImportBatch.memories([memory(2, "green tea"), memory(3, "honey", own)])
        guard case .written(let receipt) = try await house.perform(.importing(batch, JobStep(job: job, worker: worker, done: 2))).get() else { throw House.Unexpected() }
        #expect(receipt.waiting == 1)
        try await until(house, waiting: 0)
        #expect(try await texts(house, "tea") == ["green tea"])
        #expect(try await texts(house, "honey") == ["honey"])
        house.engine.endJobs()
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
