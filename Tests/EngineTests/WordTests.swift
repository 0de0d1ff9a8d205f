import Records
import Storage
import Testing

@testable import Engine

@Suite("Searches find what is said, by its words and by both")
struct WordTests {
    private func words(_ text: String, _ kind: Kind = .memory, k: Int = 10, filter: Filter? = nil) -> SearchRequest {
        SearchRequest(kind, query: .text(text), mode: .lexical, k: k, filter: filter)
    }

    private func found(_ house: House, _ text: String, _ kind: Kind = .memory, filter: Filter? = nil, as principal: Principal? = nil) async throws -> [Identifier] {
        try await house.search(words(text, kind, filter: filter), as: principal).entries.map(\.hit.id)
    }

    @Test("a memory without a vector is found by its words, in another form and case, until it is changed, expires or is deleted; and in its organization alone")
    func memories() async throws {
        let house = try House()
        await house.wordsStand()
        let (agent, foreign) = (try await house.agent(), try await house.agent(as: house.second))
        let kept = try await house.remember([
            MemoryDraft(agent: agent, content: "The Invoices were paid"), MemoryDraft(agent: agent, content: "The train leaves at nine"),
            MemoryDraft(agent: agent, content: "Trains are late", expiresAt: house.clock.now().adding(seconds: 60)),
        ])
        _ = try await house.remember([MemoryDraft(agent: foreign, content: "Another train")], as: house.second)
        #expect(try await found(house, "which INVOICE is to be paid?") == [kept.rows[0].id])
        let trains = try await house.search(words("trains"))
        #expect(Set(trains.entries.map(\.hit.id)) == [kept.rows[1].id, kept.rows[2].id] && trains.entries.allSatisfy { $0.memory != nil })
        #expect(trains.report.mode == .lexical && trains.report.rowsTotal == 3 && trains.report.rowsMatching == 3 && trains.report.rowsScored == 2)
        #expect(try await found(house, "trains", filter: .equals(.id, .identifier(kept.rows[1].id))) == [kept.rows[1].id])
        house.pass(seconds: 60)
        #expect(try await found(house, "trains") == [kept.rows[1].id])
        _ = try await house.perform(.update(MemoryPatch(id: kept.rows[1].id, content: "The bus leaves at ten"))).get()
        #expect(try await found(house, "train").isEmpty)
        #expect(try await found(house, "bus, ten") == [kept.rows[1].id])
        _ = try await house.perform(.delete([kept.rows[1].id])).get()
        #expect(try await found(house, "bus").isEmpty)
        #expect(try await found(house, "the of and").isEmpty)
        guard case .status(let status) = try await house.perform(.status).get(), let words = status["words"]?["memories"] else { throw House.Unexpected() }
        #expect(words["rows"]?.integer == 2 && words["bytes"]?.integer ?? 0 > 1_000)
        #expect(try await found(house, "trains", as: house.second).count == 1)
    }

    @Test("a question without words finds nothing, and a vector alone has none")
    func refusals() async throws {
        let house = try House()
        #expect(await house.perform(.search(SearchRequest(query: .vector([1, 0]), mode: .hybrid))) == .failure(.field(FieldError("mode", .outOfRange("vector where no text is given")))))
        await house.wordsStand()
        let none = try await house.search(words("… !"))
        #expect(none.entries.isEmpty && none.report.mode == .lexical)
    }

    @Test("messages, conversations and terms are found by what they say, and a deleted conversation hides its messages until it is restored")
    func records() async throws {
        let house = try House()
        await house.wordsStand()
        let user = try await house.create(RecordDraft(.user, [.email: .text("m@example.com"), .name: .text("M")]))
        let conversation = try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text("Holiday plans")]))
        let message = try await house.create(RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text("user"), .content: .text("Where do we ski?")]))
        let term = try await house.create(RecordDraft(.term, [.user: .identifier(user), .term: .text("SLA"), .definition: .text("what we promise to answer within")]))
        #expect(try await found(house, "holidays", .conversation) == [conversation])
        #expect(try await found(house, "skiing", .message) == [message])
        #expect(try await found(house, "promises", .term) == [term])
        #expect(try await found(house, "sla", .term) == [term])
        _ = try await house.perform(.remove(.conversation, [conversation])).get()
        #expect(try await found(house, "skiing", .message).isEmpty)
        #expect(try await found(house, "holidays", .conversation).isEmpty)
        _ = try await house.perform(.restore(.conversation, [conversation])).get()
        #expect(try await found(house, "skiing", .message) == [message])
        #expect(try await found(house, "holidays", .conversation) == [conversation])
    }

    @Test("after a start the words of all rows are read, with a vector and without, and what was deleted stays away")
    func restart() async throws {
        var house = try House(keepsFolder: true)
        let agent = try await house.agent()
        let kept = try await house.remember([
            MemoryDraft(agent: agent, content: "the first invoice", vector: [1, 0]), MemoryDraft(agent: agent, content: "the second invoice"), MemoryDraft(agent: agent, content: "a third invoice"),
        ])
        _ = try await house.perform(.delete([kept.rows[2].id])).get()
        let folder = house.folder
        house.store.close()
        house = try House(folder: folder)
        await house.wordsStand()
        #expect(Set(try await found(house, "invoices")) == [kept.rows[0].id, kept.rows[1].id])
    }

    @Test("a text is searched by both where vectors are made, rows that wait for theirs among them; the better row of two alike vectors is the one with the words")
    func both() async throws {
        let embedder = FakeEmbedder()
        let house = try House(embedder: embedder)
        await house.wordsStand()
        let agent = try await house.agent()
        let contents = ["bills are due on friday", "the invoice of march is open", "the train leaves at nine", "nine cats sleep", "a sofa for cats", "friday is a holiday"]
        let kept = try await house.remember(contents.map { MemoryDraft(agent: agent, content: $0) })
        let answer = try await house.search(SearchRequest(query: .text("invoice march"), k: 3))
        #expect(answer.report.mode == .hybrid && answer.entries.first?.hit.id == kept.rows[1].id && answer.entries.count == 3)
        #expect(answer.entries.allSatisfy { $0.hit.score <= 1 })
        // By hand: both legs at one spread.
        let all = try await house.search(SearchRequest(query: .text("invoice march"), mode: .vector, k: 10)).entries
        let lexical = try await house.search(words("invoice march")).entries
        #expect(all.count == 6 && lexical.map(\.hit.id) == [kept.rows[1].id])
        embedder.set(.away)
        _ = try? await house.remember([MemoryDraft(agent: agent, content: "an invoice that waits, of april in march")])
        embedder.set(.well)
        let waiting = try await house.search(SearchRequest(query: .text("april"), k: 3))
        #expect(waiting.entries.first?.memory?.content == "an invoice that waits, of april in march")
    }
}

extension House {
    /// Waits until the words of all rows were read.
    func wordsStand() async {
        while !engine.partitions.hasWords { try? await Task.sleep(for: .milliseconds(2)) }
    }
}
