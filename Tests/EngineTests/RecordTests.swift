import Records
import Storage
import Testing

@testable import Engine

@Suite("The engine keeps every kind of record")
struct RecordTests {
    private func conversation(_ house: House, _ user: Identifier, _ title: String, vector: [Float]? = nil) async throws -> Identifier {
        try await house.create(RecordDraft(.conversation, [.user: .identifier(user), .title: .text(title)], vector: vector))
    }

    private func say(_ house: House, _ conversation: Identifier, _ content: String, _ vector: [Float]?, role: String = "user") async throws -> Identifier {
        try await house.create(
            RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text(role), .content: .text(content)], vector: vector))
    }

    private func found(_ house: House, _ kind: Kind, _ vector: [Float], _ filter: Filter? = nil, as principal: Principal? = nil) async throws -> [Identifier] {
        try await house.search(SearchRequest(kind, query: .vector(vector), filter: filter), as: principal).entries.map(\.hit.id)
    }

    @Test("each of the four kinds is found by its vector and by filters over its own fields")
    func search() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let first = try await conversation(house, user, "Invoices")
        let second = try await conversation(house, user, "Trips")
        let near = try await say(house, first, "near", [1, 0.1])
        let far = try await say(house, second, "far", [-1, 0.1], role: "assistant")
        #expect(try await found(house, .message, [1, 0]) == [near, far])
        #expect(try await found(house, .message, [1, 0], .equals(.plain(.role), .text("assistant"))) == [far])
        #expect(try await found(house, .message, [1, 0], .equals(.plain(.conversation), .identifier(first))) == [near])
        #expect(try await found(house, .conversation, [1, 0]) == [first, second])
        #expect(try await found(house, .conversation, [1, 0], .range(.plain(.messageCount), .init(lower: .integer(2)))).isEmpty)
        let term = try await house.create(
            RecordDraft(.term, [.user: .identifier(user), .term: .text("SLA"), .definition: .text("d"), .context: .text("business")], vector: [0, 1]))
        #expect(try await found(house, .term, [0, 1], .equals(.plain(.context), .text("business"))) == [term])
        #expect(try await found(house, .term, [0, 1], .equals(.plain(.context), .text("own"))).isEmpty)
        _ = try await house.perform(.use(.term, [term])).get()
        #expect(try await found(house, .term, [0, 1], .equals(.plain(.frequency), .integer(2))) == [term])
        guard case .failure(.field(let error)) = await house.perform(.search(SearchRequest(.term, query: .vector([0, 1]), filter: .exists(.plain(.role))))) else {
            Issue.record("a field that terms do not have was filtered by")
            return
        }
        #expect(error.field == "filter.role")
    }

    @Test("a conversation's vector follows its title and its messages, also over a restart")
    func conversationVector() async throws {
        let house = try House(keepsFolder: true)
        let user = try await house.user("maya")
        let id = try await conversation(house, user, "Title", vector: [1, 0])
        func score(_ house: House, _ vector: [Float]) async throws -> Float? {
            try await house.search(SearchRequest(.conversation, query: .vector(vector))).entries.first { $0.hit.id == id }?.hit.score
        }
        #expect(try await score(house, [1, 0]) == 1)
        let message = try await say(house, id, "across", [0, 3])
        #expect(abs(try #require(try await score(house, [1, 1])) - 1) < 1e-6)
        _ = try await house.perform(.change(RecordPatch(.conversation, id: id, [.title: .text("Other")]))).get()
        #expect(abs(try #require(try await score(house, [0, 1])) - 1) < 1e-6)
        _ = try await house.perform(.remove(.message, [message])).get()
        #expect(try await score(house, [0, 1]) == nil)
        _ = try await house.perform(.restore(.message, [message])).get()
        let folder = house.folder
        house.store.close()
        let again = try House(folder: folder)
        #expect(abs(try #require(try await score(again, [0, 1])) - 1) < 1e-6)
        #expect(try await found(again, .message, [0, 1]) == [message])
    }

    @Test("opposite vectors leave a conversation without one, until one of them goes")
    func oppositeVectors() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let conversation = try await house.create(RecordDraft(.conversation, [.user: .identifier(user)], vector: [1, 0]))
        let message = try await house.create(RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text("user"), .content: .text("no")], vector: [-1, 0]))
        func vector() async throws -> [Float]? {
            guard case .records(let found) = try await house.perform(.fetch(.conversation, [conversation], withVectors: true)).get() else { throw House.Unexpected() }
            return found.first?.embedding?.vector
        }
        #expect(try await vector() == nil)
        _ = try await house.perform(.remove(.message, [message])).get()
        #expect(try await vector() == [1, 0])
        _ = try await house.perform(.restore(.message, [message])).get()
        _ = try await house.perform(.change(RecordPatch(.conversation, id: conversation, [.title: .text("other")]))).get()
        #expect(try await vector() == [-1, 0])
    }

    @Test("what is deleted is found no more, and is again when it is restored; a conversation takes its messages along")
    func deletion() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let id = try await conversation(house, user, "Title")
        let messages = [try await say(house, id, "one", [1, 0]), try await say(house, id, "two", [0.9, 0.1])]
        _ = try await house.perform(.remove(.conversation, [id])).get()
        #expect(try await found(house, .message, [1, 0]).isEmpty)
        #expect(try await found(house, .conversation, [1, 0]).isEmpty)
        #expect(await house.perform(.open(id, messages: 5)) == .failure(.notFound(.conversation, id)))
        #expect(await house.perform(.fetch(.message, messages, withVectors: false)) == .failure(.notFound(.message, messages[0])))
        _ = try await house.perform(.restore(.conversation, [id])).get()
        #expect(try await found(house, .message, [1, 0]) == messages)
        #expect(try await found(house, .conversation, [1, 0]) == [id])
        guard case .conversation(let opened, let last) = try await house.perform(.open(id, messages: 1)).get() else { throw House.Unexpected() }
        #expect(opened.integer(.messageCount) == 2 && last.map(\.id) == [messages[1]])
    }

    @Test("constraints are told with the field's name and place")
    func constraints() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let id = try await conversation(house, user, "Title")
        let good: [RecordField: Value] = [.conversation: .identifier(id), .role: .text("user"), .content: .text("x")]
        let cases: [(Kind, [RecordField: Value], String)] = [
            (.message, good.merging([.role: .text("tool")]) { $1 }, "messages[1].role"), (.message, good.merging([.content: .text("")]) { $1 }, "messages[1].content"),
            (.message, good.merging([.qualityScore: .number(10.5)]) { $1 }, "messages[1].quality_score"),
            (.message, good.merging([.tokensUsed: .integer(-1)]) { $1 }, "messages[1].tokens_used"),
            (.message, good.merging([.user: .identifier(user)]) { $1 }, "messages[1].user"), (.message, good.filter { $0.key != .role }, "messages[1].role"),
            (.message, good.merging([.edited: .flag(true)]) { $1 }, "messages[1].edited"), (.message, good.merging([.cost: .number(-0.1)]) { $1 }, "messages[1].cost"),
        ]
        for (kind, values, field) in cases {
            let result = await house.perform(.create([RecordDraft(kind, good), RecordDraft(kind, values)]))
            guard case .failure(.field(let error)) = result else {
                Issue.record("\(field) was taken: \(result)")
                continue
            }
            #expect(error.field == field)
        }
        let users: [([RecordField: Value], String)] = [
            ([.email: .text("no address"), .name: .text("x")], "users[0].email"), ([.email: .text("a@b.c")], "users[0].name"),
            ([.email: .text("a@b.c"), .name: .text("x"), .role: .text("king")], "users[0].role"),
        ]
        for (values, field) in users {
            guard case .failure(.field(let error)) = await house.perform(.create([RecordDraft(.user, values)])) else {
                Issue.record("\(field) was taken")
                continue
            }
            #expect(error.field == field)
        }
        #expect(await house.perform(.create([RecordDraft(.user, [.email: .text("MAYA@example.com"), .name: .text("x")])])) == .failure(.alreadyExists(.user, "maya@example.com")))
        for kind in [Kind.key, .job, .organization, .memory] {
            guard case .failure(.field(let error)) = await house.perform(.create([RecordDraft(kind)])) else {
                Issue.record("a \(kind.name) was made")
                continue
            }
            #expect(error.field == "kind")
        }
        guard case .failure(.field(let error)) = await house.perform(.change(RecordPatch(.conversation, id: id, [.status: .text("deleted")]))) else { throw House.Unexpected() }
        #expect(error.field == "status")
        _ = try await house.perform(.end([id])).get()
        guard case .failure(.field(let ended)) = await house.perform(.create([RecordDraft(.message, good)])) else { throw House.Unexpected() }
        #expect(ended == FieldError("conversation", .malformed("it has ended")))
    }

    @Test("a key of one user writes and finds what is that user's, and public terms")
    func oneUser() async throws {
        let house = try House()
        let (maya, noor) = (try await house.user("maya"), try await house.user("noor"))
        let narrowed = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(user: maya))
        func term(_ user: Identifier, _ name: String, isPublic: Bool) async throws -> Identifier {
            try await house.create(
                RecordDraft(.term, [.user: .identifier(user), .term: .text(name), .definition: .text("d"), .isPublic: .flag(isPublic)], vector: [1, 0]))
        }
        let terms = [try await term(maya, "a", isPublic: false), try await term(noor, "b", isPublic: true), try await term(noor, "c", isPublic: false)]
        #expect(Set(try await found(house, .term, [1, 0], as: narrowed)) == Set(terms.prefix(2)))
        #expect(await house.perform(.remove(.term, [terms[1]]), as: narrowed) == .failure(.notFound(.term, terms[1])))
        let own = try await house.create(RecordDraft(.conversation, [.title: .text("mine")]), as: narrowed)
        guard case .conversation(let conversation, _) = try await house.perform(.open(own, messages: 0), as: narrowed).get() else { throw House.Unexpected() }
        #expect(conversation.identifier(.user) == maya)
        #expect(await house.perform(.create([RecordDraft(.conversation, [.user: .identifier(noor)])]), as: narrowed) == .failure(.narrowed(.conversation)))
        let agent = try await house.agent()
        let mine = try await house.remember([MemoryDraft(agent: agent, content: "mine", vector: [1, 0])], as: narrowed).rows[0].id
        let theirs = try await house.remember([MemoryDraft(agent: agent, user: noor, content: "theirs", vector: [1, 0])]).rows[0].id
        #expect(try await found(house, .memory, [1, 0], as: narrowed) == [mine])
        #expect(await house.perform(.get([theirs], withVectors: false), as: narrowed) == .failure(.notFound(.memory, theirs)))
        #expect(await house.perform(.delete([theirs]), as: narrowed) == .failure(.notFound(.memory, theirs)))
        #expect(await house.perform(.update(MemoryPatch(id: mine, user: .set(noor))), as: narrowed) == .failure(.notFound(.memory, mine)))
    }

    @Test("organizations see nothing of each other, whatever the kind")
    func tenants() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let id = try await conversation(house, user, "Title", vector: [1, 0])
        let message = try await say(house, id, "one", [1, 0])
        for (kind, record) in [(Kind.user, user), (.conversation, id), (.message, message)] {
            #expect(await house.perform(.fetch(kind, [record], withVectors: false), as: house.second) == .failure(.notFound(kind, record)))
            #expect(await house.perform(.remove(kind, [record]), as: house.second) == .failure(.notFound(kind, record)))
            guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(kind, deleted: .with)), as: house.second).get() else { throw House.Unexpected() }
            #expect(page.records.isEmpty)
        }
        #expect(try await found(house, .message, [1, 0], as: house.second).isEmpty)
        guard case .failure(.field(let error)) = await house.perform(
            .create([RecordDraft(.message, [.conversation: .identifier(id), .role: .text("user"), .content: .text("x")])]), as: house.second)
        else { throw House.Unexpected() }
        #expect(error.field == "conversation")
    }
}
