import Records
import Testing

@testable import Storage

/// What every store does with rows that wait for their vector.
@Suite("Rows that are stored without a vector wait for it, get it once, and are waited for no longer than they are there")
struct WaitContractTests {
    private func run(_ maker: any StoreMaker, seed: UInt64, _ body: (any Store, inout RecordContractTests.House) async throws -> Void) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        var house = try await RecordContractTests.House(in: store, seed: seed)
        try await body(store, &house)
        store.close()
        if let home = home as? TemporaryDirectory { #expect(try Verification.run(path: home.path).isSound) }
    }

    private func waiting(_ store: any Store, _ house: RecordContractTests.House) async throws -> [Identifier] {
        let texts = try await store.waitingTexts(of: house.world.organization.id)
        let waits = try await store.counts(of: house.world.organization.id).waits
        #expect(waits.count == Int64(texts.count))
        #expect((waits.since == nil) == texts.isEmpty)
        return texts.map(\.id)
    }

    private func made(_ text: WaitingText, _ vector: [Float]?) -> MadeVector {
        MadeVector(kind: text.kind, id: text.id, text: text.text ?? "", vector: vector)
    }

    @Test("memories, messages, titles and terms wait in the order in which they came, with their texts, and only where vectors follow", arguments: storeMakers)
    func wait(maker: any StoreMaker) async throws {
        try await run(maker, seed: 901) { store, house in
            let silent = house.world.memory("not waited for", hasVector: false)
            #expect(try await store.write(house.world.request(.remember([silent]))).receipt.waiting == 0)
            #expect(try await waiting(store, house).isEmpty)
            let memories = [house.world.memory("tea", hasVector: false), house.world.memory("coffee")]
            let outcome = try await store.write(house.world.request(.remember(memories), vectorsFollow: true))
            #expect(outcome.receipt.waiting == 1)
            let message = house.message("hello", hasVector: false)
            house.world.time = house.world.time.adding(seconds: 5)
            #expect(try await store.write(house.world.request(.create([message]), vectorsFollow: true)).receipt.waiting == 1)
            house.world.time = house.world.time.adding(seconds: 5)
            let user = house.users[0].id
            let term = house.world.record(
                .term, [.user: .identifier(user), .term: .text("recall"), .definition: .text("a share"), .lastUsedAt: .time(house.world.time)])
            let titled = house.world.record(.conversation, [.user: .identifier(user), .title: .text("Plans"), .lastActivityAt: .time(house.world.time)])
            let untitled = house.world.record(.conversation, [.user: .identifier(user), .lastActivityAt: .time(house.world.time)])
            _ = try await store.write(house.world.request(.create([term]), vectorsFollow: true))
            let conversations = try await store.write(house.world.request(.create([titled, untitled]), vectorsFollow: true))
            #expect(conversations.receipt.waiting == 1)
            let texts = try await store.waitingTexts(of: house.world.organization.id)
            #expect(texts.map(\.text) == ["tea", "hello", "recall: a share", "Plans"])
            #expect(texts.map(\.id) == [memories[0].id, message.id, term.id, titled.id])
            #expect(try await store.waitingTexts(of: house.world.organization.id, limit: 2).map(\.text) == ["tea", "hello"])
            #expect(try await store.organizationsWaiting() == [house.world.organization.id])
            #expect(try await store.counts(of: house.world.organization.id).waits.since == memories[1].createdAt)
        }
    }

    @Test("vectors are kept for the text that is there, rows keep their versions, and conversations take them in", arguments: storeMakers)
    func embed(maker: any StoreMaker) async throws {
        try await run(maker, seed: 902) { store, house in
            let organization = house.world.organization.id
            let memory = house.world.memory("tea", hasVector: false)
            let messages = [house.message("one", hasVector: false), house.message("two", hasVector: false)]
            _ = try await store.write(house.world.request(.remember([memory]), vectorsFollow: true))
            _ = try await store.write(house.world.request(.create(messages), vectorsFollow: true))
            let patch = RecordPatch(.conversation, id: house.conversations[0].id, [.title: .text("Renamed")])
            _ = try await store.write(house.world.request(.change(patch, space: nil), vectorsFollow: true))
            let texts = try await store.waitingTexts(of: organization)
            #expect(Set(texts.map(\.text)) == ["tea", "one", "two", "Renamed"])
            let before = try await store.counts(of: organization)
            var made: [MadeVector] = []
            for text in texts { made.append(self.made(text, house.world.vector())) }
            let outcome = try await store.write(house.world.request(.embed(made, space: house.world.space.id)))
            #expect(outcome.memories.map(\.id) == [memory.id] && outcome.memories[0].version == 1)
            #expect(Set(outcome.records.map(\.id)) == Set(messages.map(\.id) + [house.conversations[0].id]))
            #expect(try await waiting(store, house).isEmpty)
            let after = try await store.counts(of: organization)
            #expect(after[.memory].withVectors == before[.memory].withVectors + 1)
            #expect(after[.message].withVectors == before[.message].withVectors + 2)
            #expect(after[.conversation].withVectors == before[.conversation].withVectors + 1)
            let conversation = try await house.conversation(in: store)
            #expect(conversation.integer(.vectorCount) == 3)
            #expect(conversation.vector(.titleVector) == made.first { $0.text == "Renamed" }?.vector)
            #expect(conversation.version == 2)
            #expect(try await store.memories([memory.id], of: organization)[0].embedding?.vector == made.first { $0.id == memory.id }?.vector)
            // A second time nothing is there to be done.
            let again = try await store.write(house.world.request(.embed(made, space: house.world.space.id)))
            #expect(again.memories.isEmpty && again.records.isEmpty && again.receipt.change == 0)
            #expect(try await house.conversation(in: store) == conversation)
        }
    }

    @Test("a vector that comes for an older text is not kept, and the row goes on waiting with the new one", arguments: storeMakers)
    func changedMeanwhile(maker: any StoreMaker) async throws {
        try await run(maker, seed: 903) { store, house in
            let memory = house.world.memory("old", hasVector: false)
            let message = house.message("old", hasVector: false)
            _ = try await store.write(house.world.request(.remember([memory]), vectorsFollow: true))
            _ = try await store.write(house.world.request(.create([message]), vectorsFollow: true))
            let texts = try await store.waitingTexts(of: house.world.organization.id)
            _ = try await store.write(house.world.request(.update(MemoryPatch(id: memory.id, content: "new"), space: nil), vectorsFollow: true))
            _ = try await store.write(house.world.request(.change(RecordPatch(.message, id: message.id, [.content: .text("new")]), space: nil), vectorsFollow: true))
            let made = texts.map { self.made($0, [Float](repeating: 1, count: World.dimension)) }
            let outcome = try await store.write(house.world.request(.embed(made, space: house.world.space.id)))
            #expect(outcome.memories.isEmpty && outcome.records.isEmpty)
            #expect(try await store.waitingTexts(of: house.world.organization.id).map(\.text) == ["new", "new"])
            #expect(try await house.conversation(in: store).integer(.vectorCount) == 0)
        }
    }

    @Test("the wait ends with a vector that a caller brings, with one that is taken away on purpose, with the row, and where none can be made", arguments: storeMakers)
    func ends(maker: any StoreMaker) async throws {
        try await run(maker, seed: 904) { store, house in
            let organization = house.world.organization.id
            let space = house.world.space.id
            var memories: [Memory] = []
            for content in ["a", "b", "c", "d", "e"] { memories.append(house.world.memory(content, hasVector: false)) }
            _ = try await store.write(house.world.request(.remember(memories), vectorsFollow: true))
            _ = try await store.write(house.world.request(.update(MemoryPatch(id: memories[0].id, vector: .set(house.world.vector())), space: space), vectorsFollow: true))
            _ = try await store.write(house.world.request(.update(MemoryPatch(id: memories[1].id, vector: .clear), space: nil), vectorsFollow: true))
            _ = try await store.write(house.world.request(.delete([memories[2].id])))
            let never = MadeVector(kind: .memory, id: memories[3].id, text: "d", vector: nil)
            _ = try await store.write(house.world.request(.embed([never], space: space)))
            #expect(try await waiting(store, house) == [memories[4].id])
            // What does not touch the text does not make a row wait that was told not to.
            _ = try await store.write(house.world.request(.update(MemoryPatch(id: memories[1].id, importance: 1), space: nil), vectorsFollow: true))
            #expect(try await waiting(store, house) == [memories[4].id])
            let term = house.world.record(
                .term, [.user: .identifier(house.users[0].id), .term: .text("t"), .definition: .text("d"), .lastUsedAt: .time(house.world.time)])
            _ = try await store.write(house.world.request(.create([term]), vectorsFollow: true))
            _ = try await store.write(house.world.request(.remove(.term, [term.id])))
            #expect(try await store.waitingTexts(of: organization).map(\.id) == [memories[4].id])
        }
    }

    @Test("what is deleted and can be restored goes on waiting, gets its vector unseen, and brings it along when it comes back", arguments: storeMakers)
    func hidden(maker: any StoreMaker) async throws {
        try await run(maker, seed: 905) { store, house in
            let organization = house.world.organization.id
            let messages = [house.message("one", hasVector: false), house.message("two", in: 1, hasVector: false)]
            for message in messages { _ = try await store.write(house.world.request(.create([message]), vectorsFollow: true)) }
            _ = try await store.write(house.world.request(.remove(.message, [messages[0].id])))
            _ = try await store.write(house.world.request(.remove(.conversation, [house.conversations[1].id])))
            let texts = try await store.waitingTexts(of: organization)
            #expect(Set(texts.map(\.id)) == Set(messages.map(\.id)))
            let made = texts.map { self.made($0, [Float](repeating: 1, count: World.dimension)) }
            let outcome = try await store.write(house.world.request(.embed(made, space: house.world.space.id)))
            #expect(!outcome.records.contains { $0.kind == .message })
            #expect(try await house.conversation(in: store).integer(.vectorCount) == 0)
            _ = try await store.write(house.world.request(.restore(.message, [messages[0].id])))
            #expect(try await house.conversation(in: store).integer(.vectorCount) == 1)
            let back = try await store.write(house.world.request(.restore(.conversation, [house.conversations[1].id])))
            #expect(back.records.contains { $0.id == messages[1].id && $0.embedding != nil })
            #expect(try await waiting(store, house).isEmpty)
        }
    }

    @Test("a first vector of another model than the space that is there by then is refused, whatever its dimension", arguments: storeMakers)
    func otherModel(maker: any StoreMaker) async throws {
        try await run(maker, seed: 906) { store, house in
            let model = EmbeddingModel(provider: "local", name: "m", revision: "r", dimension: World.dimension)
            let own = EmbeddingSpace(id: house.world.id(), organization: house.world.organization.id, model: model, createdAt: startTime)
            let memory = house.world.memory("tea")
            let error = await storageError { _ = try await store.write(house.world.request(.remember([memory]), newSpace: own)) }
            #expect(error == .wrongSpace(found: model.description, expected: house.world.space.model.description))
            #expect(try await store.memories([memory.id], of: house.world.organization.id).isEmpty)
            let same = EmbeddingSpace(id: house.world.id(), organization: house.world.organization.id, model: house.world.space.model, createdAt: startTime)
            _ = try await store.write(house.world.request(.remember([memory]), newSpace: same))
            #expect(try await store.memories([memory.id], of: house.world.organization.id)[0].embedding?.space == house.world.space.id)
        }
    }

    @Test("rows wait across a restart", arguments: storeMakers)
    func reopened(maker: any StoreMaker) async throws {
        let home = try maker.makeHome()
        var store = try home.open()
        var house = try await RecordContractTests.House(in: store, seed: 907)
        let memory = house.world.memory("tea", hasVector: false)
        _ = try await store.write(house.world.request(.remember([memory]), vectorsFollow: true))
        store.close()
        store = try home.open()
        defer { store.close() }
        #expect(try await waiting(store, house) == [memory.id])
        _ = try await store.write(house.world.request(.delete([memory.id])))
        #expect(try await waiting(store, house).isEmpty)
    }
}
