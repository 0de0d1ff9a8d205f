import Records
import Testing

@testable import Engine

@Suite("What was said is found together with what was said around it")
struct MessageSearchTests {
    private struct Talk {
        let house: House
        let embedder = FakeEmbedder()
        private(set) var user = Identifier(high: 0, low: 0)

        init() async throws {
            house = try House(embedder: embedder)
            await house.wordsStand()
            user = try await house.create(RecordDraft(.user, [.email: .text("m@example.com"), .name: .text("M")]))
        }

        func conversation(_ title: String) async throws -> Identifier {
            try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text(title)]))
        }

        /// Each a second after the one before.
        func say(_ texts: [String], in conversation: Identifier, by speakers: [String] = []) async throws -> [Identifier] {
            var ids: [Identifier] = []
            for (place, text) in texts.enumerated() {
                house.pass(seconds: 1)
                var draft = RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text("user"), .content: .text(text)])
                if !speakers.isEmpty { draft.values[.metadata] = .json(["speaker": .text(speakers[place % speakers.count])]) }
                ids.append(try await house.create(draft))
            }
            return ids
        }

        func ask(_ text: String, _ kind: Kind = .message, k: Int = 3, filter: Filter? = nil, as principal: Principal? = nil) async throws -> [Identifier] {
            try await house.search(SearchRequest(kind, query: .text(text), k: k, filter: filter), as: principal).entries.map(\.hit.id)
        }
    }

    @Test("a short answer is found by its question, in its own conversation, until what stood before it goes")
    func answers() async throws {
        let talk = try await Talk()
        let (trip, other) = (try await talk.conversation("one"), try await talk.conversation("two"))
        let said = try await talk.say(["where will the harbour concert be", "lisbon", "nice weather today"], in: trip)
        let apart = try await talk.say(["nothing at all", "lisbon", "some other thing"], in: other)
        let found = try await talk.ask("harbour concert", k: 6)
        let (with, without) = (try #require(found.firstIndex(of: said[1])), try #require(found.firstIndex(of: apart[1])))
        #expect(found.first == said[0] && with == 1 && without > with)
        // A neighbour that the filter leaves out says nothing.
        let narrow = try await talk.ask("harbour concert", k: 6, filter: .not(.equals(.id, .identifier(said[0]))))
        #expect(!narrow.contains(said[0]))
        _ = try await talk.house.perform(.remove(.message, [said[0]])).get()
        let scores = try await talk.house.search(SearchRequest(.message, query: .text("harbour concert"), k: 6)).entries.map(\.hit.score)
        #expect((scores.max() ?? 1) - (scores.min() ?? 0) < 0.05)
    }

    @Test("the names of those who speak are words of what they say, and are left out of what is embedded once they are everywhere")
    func names() async throws {
        let talk = try await Talk()
        let conversation = try await talk.conversation("chat")
        let said = try await talk.say((0..<40).map { "thing number\($0) was seen" }, in: conversation, by: ["Dana", "Marco"])
        _ = try await talk.ask("What did Dana see of number7 ?")
        let asked = try #require(talk.embedder.texts.last)
        #expect(asked == "ask What did of number7 ?" || asked == "ask What did see of number7 ?", "\(asked)")
        #expect(try await talk.house.search(SearchRequest(.message, query: .text("marco"), mode: .lexical, k: 40)).entries.count == 20)
        #expect(try await talk.ask("number7").first == said[7])
        // Who is named said it rather than another.
        let same = try await talk.say(["we saw the harbour", "fine", "we saw the harbour", "fine"], in: try await talk.conversation("later"), by: ["Dana", "Dana", "Marco", "Marco"])
        #expect(try await talk.ask("When did Dana see the harbour?").first == same[0])
        #expect(try await talk.ask("When did Marco see the harbour?").first == same[2])
        _ = try await talk.ask("Dana Marco thing")
        #expect(talk.embedder.texts.last == "ask Dana Marco thing")
    }

    @Test("a time that is named finds what was said then")
    func times() async throws {
        let talk = try await Talk()
        let conversation = try await talk.conversation("chat")
        let first = try await talk.say(["we ate soup", "good", "bye"], in: conversation)
        talk.house.pass(seconds: 3 * 86_400)
        let second = try await talk.say(["we ate soup", "good", "bye"], in: conversation)
        #expect(try await talk.ask("what soup did we eat three days ago", k: 1) == [first[0]])
        #expect(try await talk.ask("what soup did we eat today", k: 1) == [second[0]])
    }

    @Test("conversations are found by what was said in them, as far as filters and keys admit them; messages by what their conversation is called")
    func conversations() async throws {
        let talk = try await Talk()
        let (garden, office) = (try await talk.conversation("garden"), try await talk.conversation("office"))
        _ = try await talk.say(["the tomatoes need water", "every evening"], in: garden)
        let printer = try await talk.say(["the printer is broken again", "call someone"], in: office)
        #expect(try await talk.ask("tomatoes water", .conversation).first == garden)
        #expect(try await talk.ask("printer", .conversation).first == office)
        #expect(try await talk.ask("office", .conversation).first == office)
        #expect(try await talk.ask("printer", .conversation, filter: .equals(.id, .identifier(garden))) == [garden])
        let principal = Principal(
            organization: talk.house.first.organization, key: talk.house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(user: Identifier(high: 77, low: 77)))
        #expect(try await talk.ask("printer", .conversation, as: principal).isEmpty)
        let titled = try await talk.house.search(SearchRequest(.message, query: .text("office"), k: 2)).entries
        #expect(Set(titled.map(\.hit.id)) == Set(printer))
    }

    @Test("as many conversations as may be asked for are found by what was said in more of them")
    func manyConversations() async throws {
        let talk = try await Talk()
        var ids: [Identifier] = []
        for part in 0..<2 {
            let drafts = (0..<550).map { RecordDraft(.conversation, [.user: .identifier(talk.user), .title: .text("title \(part) \($0)")]) }
            guard case .written(let receipt) = try await talk.house.perform(.create(drafts)).get() else { throw House.Unexpected() }
            let said = receipt.rows.map { RecordDraft(.message, [.conversation: .identifier($0.id), .role: .text("user"), .content: .text("harbour")]) }
            _ = try await talk.house.perform(.create(said)).get()
            ids += receipt.rows.map(\.id)
        }
        let found = try await talk.ask("harbour", .conversation, k: 1_000)
        #expect(found.count == 1_000 && Set(found).isSubset(of: ids))
        #expect(try await talk.ask("harbour", .conversation, k: 1_000, filter: .equals(.id, .identifier(ids[700]))) == [ids[700]])
    }

    @Test("what a key may not read it learns nothing of by searching what it may: no words of messages through conversations, none of titles through messages")
    func boundaries() async throws {
        let talk = try await Talk()
        let conversation = try await talk.conversation("secret title")
        let said = try await talk.say(["the vault word is qzxvbn", "another thing"], in: conversation)
        let plain = try await talk.conversation("plain")
        _ = try await talk.say(["the weather is fine"], in: plain)
        func scores(_ kind: Kind, _ text: String, _ scopes: Set<Scope>, _ narrowing: Narrowing = .none) async throws -> [Identifier: Float] {
            let principal = Principal(organization: talk.house.first.organization, key: talk.house.first.key, scopes: scopes, narrowing: narrowing)
            let answer = try await talk.house.search(SearchRequest(kind, query: .text(text)), as: principal)
            return Dictionary(uniqueKeysWithValues: answer.entries.map { ($0.hit.id, $0.hit.score) })
        }
        let all = Set(Scope.allCases)
        let space = try #require(talk.house.engine.partitions.space(of: talk.house.first.organization)?.id)
        // Other words with the same vector, which a conversation has a part of.
        func reword(_ text: String) async throws {
            let vector = FakeEmbedder.vector("say the vault word is qzxvbn")
            _ = try await talk.house.perform(.change(RecordPatch(.message, id: said[0], [.content: .text(text)], vector: .set(vector), space: space))).get()
        }
        try await reword("the vault word is qzxvbn")
        #expect(try await scores(.conversation, "qzxvbn", all)[conversation] != scores(.conversation, "abcdef", all)[conversation])
        #expect(try await scores(.message, "secret", all)[said[1]] != scores(.message, "abcdef", all)[said[1]])
        for (scopes, narrowing) in [(Set([Scope.conversationsRead]), Narrowing.none), (all, Narrowing(kinds: [.conversation]))] {
            let before = try await scores(.conversation, "qzxvbn", scopes, narrowing)
            try await reword("the vault word is other")
            #expect(try await scores(.conversation, "qzxvbn", scopes, narrowing) == before)
            try await reword("the vault word is qzxvbn")
        }
        for (scopes, narrowing) in [(Set([Scope.messagesRead]), Narrowing.none), (all, Narrowing(kinds: [.message]))] {
            let before = try await scores(.message, "secret", scopes, narrowing)
            _ = try await talk.house.perform(.change(RecordPatch(.conversation, id: conversation, [.title: .text("other title")]))).get()
            #expect(try await scores(.message, "secret", scopes, narrowing) == before)
            _ = try await talk.house.perform(.change(RecordPatch(.conversation, id: conversation, [.title: .text("secret title")]))).get()
        }
    }
}
