import Foundation
import Recall
import Records
import Testing

@testable import Storage

@Suite("What becomes of memories, over every store")
struct KeepingContractTests {
    private typealias Kept = OpenedWorld

    @Test("the same text beside the same agent, user and session is one memory: case, white space and the encoding of letters do not matter", arguments: storeMakers)
    func duplicates(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 201)
        defer { kept.store.close() }
        let first = kept.world.memory("Zoë likes  tea.")
        _ = try await kept.keep([first])
        let time = kept.world.time.adding(seconds: 3_600)
        let again = kept.world.memory(" ZOE\u{308} LIKES\n\u{a0}TEA. ")
        let outcome = try await kept.keep([again], at: time)
        #expect(outcome.receipt.rows == [.init(id: first.id, version: 1)] && outcome.receipt.notes == [RememberNote(row: 0, fate: .duplicate)])
        #expect(try await kept.memory(first.id) == first.accessed(at: time).dated)
        #expect(try await kept.memory(again.id) == nil)
        // Within a quarter of an hour it counts no more, and nothing is written.
        #expect(try await kept.keep([again], at: time.adding(seconds: 60)).receipt.change == 0)
        // Beside others it is another memory; so is other punctuation, and what has expired is nothing.
        var others = (0..<4).map { _ in kept.world.memory("Zoë likes tea.") }
        others[0].user = kept.world.id()
        others[1].session = kept.world.id()
        others[2].content += "!"
        others[3].expiresAt = time
        others[3].user = kept.world.id()
        #expect(try await kept.keep(others, at: time).receipt.notes.isEmpty)
        var last = kept.world.memory("Zoë likes tea.")
        last.user = others[3].user
        #expect(try await kept.keep([last], at: time).receipt.notes.isEmpty)
        // Twice in one request, and under its own name.
        let twice = (0..<2).map { _ in kept.world.memory("Twice") }
        #expect(try await kept.keep(twice).receipt.rows.map(\.id) == [twice[0].id, twice[0].id])
        #expect(await storageError { _ = try await kept.keep([twice[0]]) } == .alreadyExists(.memory, twice[0].id.description))
        #expect(try await kept.counts().rows == 7)
    }

    @Test("one that is said again is kept as long, and taken as seriously, as it is said then; others of the same text in the organization do not matter", arguments: storeMakers)
    func saidAgain(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 210)
        defer { kept.store.close() }
        let others = (0..<80).map { _ in
            var other = kept.world.memory("Call the clinic")
            other.user = kept.world.id()
            return other
        }
        _ = try await kept.keep(others)
        var first = kept.world.memory("Call the clinic")
        first.expiresAt = first.createdAt.adding(seconds: 60)
        first.validity.to = first.createdAt.adding(seconds: 100)
        (first.tags, first.metadata) = (["a"], ["a": 1, "b": 1])
        var again = kept.world.memory("call the CLINIC")
        (again.isPinned, again.importance, again.tags, again.metadata) = (true, 0.9, ["b"], ["b": 2])
        _ = try await kept.keep([first])
        let told = try await kept.keep([again]).receipt
        #expect(told.rows == [.init(id: first.id, version: 2)] && told.notes.map(\.fate) == [.duplicate])
        let whole = try #require(try await kept.memory(first.id))
        #expect(whole.expiresAt == nil && whole.isPinned && whole.importance == 0.9 && whole.tags == ["a", "b"] && whole.metadata == ["a": 1, "b": 2])
        #expect(whole.validity == .always && whole.content == first.content && whole.forgetAt == nil && whole.accessCount == 1)
        #expect(try await kept.counts().rows == 81)
    }

    @Test("what was so when the new one begins is the same; what was so before is not", arguments: storeMakers)
    func duplicatesInTime(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 202)
        defer { kept.store.close() }
        var first = kept.world.memory("Lives in Rome")
        first.validity = Validity(from: startTime.adding(seconds: -100), to: startTime.adding(seconds: -50))
        var again = kept.world.memory("Lives in Rome")
        again.validity = Validity(from: startTime.adding(seconds: -60), to: startTime.adding(seconds: -55))
        var later = kept.world.memory("Lives in Rome")
        later.validity.from = startTime.adding(seconds: -50)
        #expect(try await kept.keep([first, again, later]).receipt.rows.map(\.id) == [first.id, first.id, later.id])
    }

    @Test("one that supersedes another ends it where it begins, both stay, and what cannot be is refused with nothing written", arguments: storeMakers)
    func superseding(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 203)
        defer { kept.store.close() }
        let old = kept.world.memory("Lives in Rome")
        var other = kept.world.memory("Of another user")
        other.user = kept.world.id()
        _ = try await kept.keep([old, other])
        let time = kept.world.time.adding(seconds: 60)
        func refusal(_ memory: Memory, _ id: Identifier) async -> StorageError? {
            await storageError { _ = try await kept.keep([memory], [Keeping(supersedes: id)], at: time) }
        }
        let new = kept.world.memory("Lives in Oslo")
        let foreign = StorageError.refusedField(FieldError("memories[0].supersedes", .malformed("there is no such memory of the same agent and user")))
        #expect(await refusal(new, other.id) == foreign)
        #expect(await refusal(new, kept.world.id()) == foreign)
        let outcome = try await kept.keep([new], [Keeping(supersedes: old.id)], at: time)
        #expect(outcome.receipt.notes == [RememberNote(row: 0, superseded: [old.id])])
        let ended = try #require(try await kept.memory(old.id))
        #expect(ended.validity == Validity(to: new.createdAt, closedAt: new.createdAt) && ended.supersededBy == new.id && ended.version == 2)
        #expect(try await kept.memory(new.id)?.validity == Validity(from: new.createdAt))
        #expect(await refusal(kept.world.memory("Lives in Bergen"), old.id) == .refusedField(FieldError("memories[0].supersedes", .malformed("another took its place already"))))
        var earlier = kept.world.memory("Lives in Bergen")
        earlier.validity.from = new.createdAt
        guard case .refusedField = await refusal(earlier, new.id) else { throw Unexpected() }
        let history = try await kept.store.history(of: old.id, kept.world.organization.id)
        #expect(history.map(\.id) == [old.id, new.id])
        #expect(try await kept.store.history(of: new.id, kept.world.organization.id) == history)
        // One that would end before it begins takes nobody's place.
        var wrong = kept.world.memory("Lives in Paris")
        wrong.validity.to = startTime
        guard case .refusedField = await refusal(wrong, new.id) else { throw Unexpected() }
        // An end that is taken away opens it again.
        let open = try await kept.store.write(kept.world.request(.update(MemoryPatch(id: old.id, validTo: .clear), space: nil), at: time))
        #expect(open.memories[0].validity == .always && open.memories[0].supersededBy == nil)
        #expect(
            await storageError { _ = try await kept.store.write(kept.world.request(.update(MemoryPatch(id: new.id, validTo: .set(new.createdAt)), space: nil))) }
                == .refusedField(FieldError("valid_to", .outOfRange("after valid_from"))))
        let third = kept.world.memory("Lives in Turku")
        _ = try await kept.keep([third], [Keeping(supersedes: new.id)], at: time.adding(seconds: 9))
        let end = try #require(try await kept.memory(new.id)).validity
        _ = try await kept.store.write(kept.world.request(.delete([third.id])))
        let left = try #require(try await kept.memory(new.id))
        #expect(left.supersededBy == nil && left.validity == end)
    }

    private struct Unexpected: Error {}

    @Test("what says nearly the same is told, superseded or merged, the nearest first, and only beside the same", arguments: storeMakers)
    func similar(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 204)
        defer { kept.store.close() }
        func memory(_ content: String, _ angle: Double) -> Memory {
            var memory = kept.world.memory(content)
            memory.embedding = Embedding(space: kept.world.space.id, vector: [Float(cos(angle)), Float(sin(angle))] + [Float](repeating: 0, count: 14))
            return memory
        }
        var known = [0.3, 0.2, 0.1, 0.4, 0.5].map { memory("at \($0)", $0) }
        known[3].type = .task
        known[4].session = kept.world.id()
        known[0].tags = ["a"]
        known[2].metadata = ["a": 1, "b": 2]
        known[2].importance = 0.9
        _ = try await kept.keep(known)
        let new = memory("new", 0)
        let near = known.map(\.id)
        func keeping(_ action: SimilarAction?, _ similarity: Double = 0.95) -> Keeping { Keeping(onSimilar: action, similarity: similarity, similar: near) }
        let told = try await kept.keep([new], [keeping(nil)]).receipt.notes
        #expect(told.count == 1 && told[0].fate == .stored && told[0].similar.map(\.id) == [known[2].id, known[1].id, known[0].id])
        #expect(zip(told[0].similar, [0.1, 0.2, 0.3]).allSatisfy { abs($0.cosine - cos($1)) < 1e-6 })
        #expect(try await kept.keep([memory("narrow", 0)], [keeping(nil, 0.999)]).receipt.notes.isEmpty)
        var merging = memory("merged", 0.11)
        merging.tags = ["m"]
        merging.metadata = ["b": 3, "c": 4]
        let merged = try await kept.keep([merging], [keeping(.merge)])
        #expect(merged.receipt.rows == [.init(id: known[2].id, version: 2)] && merged.receipt.notes.first?.fate == .merged)
        let nearest = try #require(try await kept.memory(known[2].id))
        #expect(nearest.content == "merged" && nearest.importance == 0.9 && nearest.tags == ["m"] && nearest.metadata == ["a": 1, "b": 3, "c": 4])
        #expect(nearest.embedding == merging.embedding && nearest.accessCount == 1 && nearest.createdAt == known[2].createdAt)
        let winner = memory("winner", 0.15)
        let ended = try await kept.keep([winner], [keeping(.supersede)])
        #expect(Set(ended.receipt.notes[0].superseded) == [known[0].id, known[1].id, known[2].id] && ended.receipt.notes[0].similar.isEmpty)
        for id in near.prefix(3) { #expect(try await kept.memory(id)?.supersededBy == winner.id) }
        for id in near.suffix(2) { #expect(try await kept.memory(id)?.supersededBy == nil) }
    }

    @Test("a receipt that is asked for again has its notes", arguments: storeMakers)
    func replay(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 205)
        defer { kept.store.close() }
        let first = kept.world.memory("Same")
        _ = try await kept.keep([first])
        let key = Idempotency(key: kept.world.id(), digest: [UInt8](repeating: 7, count: 32))
        let request = kept.world.request(.remember([kept.world.memory("same"), kept.world.memory("Other")], [Keeping(), Keeping(supersedes: first.id)]), key)
        let told = try await kept.store.write(request).receipt
        #expect(told.notes == [RememberNote(row: 0, fate: .duplicate), RememberNote(row: 1, superseded: [first.id])])
        #expect(try await kept.store.write(request).receipt == told)
    }

    @Test("a sweep hides what is due and what has expired, deletes what was hidden for long, and a second one changes nothing", arguments: storeMakers)
    func sweeping(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 206)
        defer { kept.store.close() }
        var memories = (0..<5).map { kept.world.memory("m\($0)") }
        memories[0].importance = 0.04
        memories[1].importance = 0.8
        memories[2].importance = 0.04
        memories[2].isPinned = true
        memories[3].expiresAt = memories[3].createdAt.adding(seconds: 10)
        memories[4].importance = 0
        memories = memories.map(\.dated)
        _ = try await kept.keep(memories)
        let day: Int64 = 86_400
        #expect(memories[1].forgetAt == memories[1].createdAt.adding(seconds: 360 * day))
        #expect(memories[4].forgetAt == memories[4].createdAt.adding(seconds: day) && memories[2].forgetAt == nil)
        func sweep(_ time: Timestamp, hiddenBefore: Timestamp = startTime) async throws -> WriteOutcome {
            try await kept.store.write(kept.world.request(.forget(Sweep(limit: 2, hiddenBefore: hiddenBefore)), at: time))
        }
        let early = try #require(memories[0].forgetAt).adding(seconds: -1)
        var rows: [Identifier] = []
        while case let outcome = try await sweep(early), !outcome.receipt.rows.isEmpty { rows += outcome.receipt.rows.map(\.id) }
        #expect(rows == [memories[3].id])
        let late = memories[4].createdAt.adding(seconds: day)
        rows = []
        while case let outcome = try await sweep(late), !outcome.receipt.rows.isEmpty { rows += outcome.receipt.rows.map(\.id) }
        #expect(Set(rows) == [memories[0].id, memories[4].id])
        #expect(try await sweep(late).receipt == WriteReceipt(change: 0, rows: []))
        #expect(try await kept.counts() == StoreCounts.Count(rows: 5, withVectors: 5, deleted: 3))
        #expect(try await kept.memory(memories[0].id) == nil)
        #expect(try kept.store.loaded().memories.count == 2)
        // What is not so in the columns is put right, and not believed.
        let restored = try await kept.store.write(kept.world.request(.restore(.memory, [memories[0].id, memories[3].id]), at: late)).memories
        #expect(restored.map(\.deletedAt) == [nil, nil] && restored[0].isPinned && !restored[1].isPinned && restored[1].expiresAt == nil)
        #expect(restored.map(\.version) == [3, 3] && restored.map(\.accessCount) == [1, 1])
        #expect(await storageError { _ = try await kept.store.write(kept.world.request(.restore(.memory, [memories[0].id]))) } == .notFound(.memory, memories[0].id))
        let gone = try await sweep(late.adding(seconds: 60), hiddenBefore: late.adding(seconds: 1))
        #expect(gone.removed == [.memory: [memories[4].id]])
        #expect(try await kept.counts() == StoreCounts.Count(rows: 4, withVectors: 4))
    }

    @Test("settings decide when a memory is forgotten; others make a job that reckons it anew, of that agent or of all", arguments: storeMakers)
    func redating(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 207)
        defer { kept.store.close() }
        let memories = (0..<3).map { kept.world.memory("m\($0)") }
        _ = try await kept.keep(memories)
        func change(_ settings: JSON, _ kind: Kind, _ id: Identifier) async throws -> [Record] {
            let job = Record(.job, id: kept.world.id(), organization: kept.world.organization.id, createdAt: kept.world.time, values: [.type: .text("forget")])
            let patch = RecordPatch(kind, id: id, [.settings: .json(settings)])
            let request = WriteRequest(organization: kept.world.organization.id, at: kept.world.time, action: .change(patch, space: nil), whenFadingChanges: job)
            return try await kept.store.write(request).records.filter { $0.kind == .job }
        }
        #expect(try await change(["other": true], .agent, kept.world.agent.id).isEmpty)
        #expect(try await change(["memory": ["half_lives": ["fact": 1]]], .agent, kept.world.agent.id).count == 1)
        let part = try await kept.store.write(kept.world.request(.redate(MemoryPart(agent: kept.world.agent.id, limit: 2))))
        #expect(part.receipt.rows.map(\.id) == memories.prefix(2).map(\.id) && part.memories.count == 2)
        var fading = Fading()
        try fading.halfLives.set(.fact, days: 1)
        #expect(try await kept.memory(memories[0].id)?.forgetAt == fading.forgetAt(MemoryFacts(memories[0])))
        let rest = try await kept.store.write(kept.world.request(.redate(MemoryPart(after: part.receipt.rows.last?.id, limit: 2))))
        #expect(rest.receipt.rows.map(\.id) == [memories[2].id])
        #expect(try await kept.store.write(kept.world.request(.redate(MemoryPart(limit: 9)))).memories.isEmpty)
        #expect(try await change(["memory": ["forgetting_threshold": 0]], .organization, kept.world.organization.id).count == 1)
        _ = try await kept.store.write(kept.world.request(.redate(MemoryPart(limit: 9))))
        #expect(try await kept.memory(memories[0].id)?.forgetAt == nil)
    }

    @Test("of a session that ends what is important is kept for good, and the others stay or are hidden", arguments: storeMakers)
    func sessions(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 208)
        defer { kept.store.close() }
        let session = kept.world.id()
        let memories = [0.2, 0.5, 0.9].map { importance in
            var memory = kept.world.memory("of \(importance)")
            (memory.importance, memory.session) = (importance, session)
            return memory
        }
        _ = try await kept.keep(memories + [kept.world.memory("long")])
        let ending = SessionEnding(session: session, promotesFrom: 0.5, drops: true)
        let first = try await kept.store.write(kept.world.request(.endSession(ending, MemoryPart(session: session, limit: 2))))
        #expect(first.receipt.rows.map(\.id) == memories.prefix(2).map(\.id))
        #expect(first.memories.map { $0.deletedAt == nil } == [false, true] && first.memories[1].session == nil)
        let second = try await kept.store.write(kept.world.request(.endSession(ending, MemoryPart(session: session, after: memories[1].id, limit: 2))))
        #expect(second.memories.map(\.session) == [nil])
        #expect(try await kept.counts() == StoreCounts.Count(rows: 4, withVectors: 4, deleted: 1))
    }

    @Test("what is kept of a user goes, part by part, with all that hangs on it, and nothing of others", arguments: storeMakers)
    func erasing(maker: any StoreMaker) async throws {
        var kept = try await Kept(maker, seed: 209)
        defer { kept.store.close() }
        func record(_ kind: Kind, _ values: [RecordField: Value]) -> Record {
            Record(kind, id: kept.world.id(), organization: kept.world.organization.id, createdAt: kept.world.time, values: values)
        }
        var people: [(user: Record, rows: [Record], memories: [Memory])] = []
        for name in ["ada", "bea"] {
            let user = record(.user, [.email: .text("\(name)@example.com"), .name: .text(name)])
            let own = Value.identifier(user.id)
            let conversation = record(.conversation, [.user: own, .title: .text("of \(name)"), .lastActivityAt: .time(kept.world.time)])
            let messages = (0..<5).map { number in
                record(.message, [.conversation: .identifier(conversation.id), .user: own, .role: .text("user"), .content: .text("\(name) says \(number)")])
            }
            let term = record(.term, [.user: own, .term: .text(name), .definition: .text("a word of \(name)"), .lastUsedAt: .time(kept.world.time)])
            let pattern = record(.pattern, [.user: own, .type: .text("p"), .data: .json([:]), .lastSeenAt: .time(kept.world.time)])
            var memories = (0..<4).map { kept.world.memory("\(name) remembers \($0)") }
            memories[0].user = user.id
            memories[1].session = conversation.id
            memories[2].sourceMessage = messages[3].id
            memories[3].user = user.id
            memories[3].deletedAt = kept.world.time
            let rows = [user, conversation] + messages + [term, pattern]
            for row in rows { _ = try await kept.store.write(kept.world.request(.create([row]))) }
            _ = try await kept.keep(memories)
            people.append((user, rows, memories))
        }
        let helper = record(.agent, [.slug: .text("assistant"), .name: .text("h"), .user: .identifier(people[0].user.id)])
        _ = try await kept.store.write(kept.world.request(.create([helper])))
        let erasure = Erasure(.user, [people[0].user.id])
        var gone: [Kind: Int] = [:]
        for _ in 0..<20 {
            let outcome = try await kept.store.write(kept.world.request(.erase(erasure, limit: 3)))
            if outcome.removed.isEmpty { break }
            for (kind, ids) in outcome.removed { gone[kind, default: 0] += ids.count }
        }
        #expect(gone == [.user: 1, .conversation: 1, .message: 5, .term: 1, .pattern: 1, .memory: 4])
        let texts = people.map { person in person.memories.map(\.content) + person.rows.compactMap { $0.text(.content) ?? $0.text(.definition) ?? $0.text(.email) } }
        #expect(try kept.store.scrub())
        if let home = kept.home as? TemporaryDirectory {
            #expect(try Absence.run(folder: home.path, texts: texts[0]).isEmpty)
            #expect(try Set(Absence.run(folder: home.path, texts: texts[1]).map(\.text)) == Set(texts[1].indices))
        } else if let store = kept.store as? PostgresStore {
            #expect(try store.places(of: texts[0]).isEmpty)
            #expect(try Set(store.places(of: texts[1]).map(\.text)) == Set(texts[1].indices))
        }
        // Within JSON it stands otherwise.
        var quoted = kept.world.memory("plain")
        quoted.metadata = ["k": "quo\"te \\ É"]
        _ = try await kept.keep([quoted])
        if let home = kept.home as? TemporaryDirectory { #expect(try !Absence.run(folder: home.path, texts: ["quo\"te \\ É"]).isEmpty) }
        if let store = kept.store as? PostgresStore { #expect(try !store.places(of: ["quo\"te \\ É"]).isEmpty) }
        _ = try await kept.store.write(kept.world.request(.delete([quoted.id])))
        let other = try await kept.store.records(RecordListing(.message), of: kept.world.organization.id).records
        #expect(other.count == 5)
        #expect(try await kept.store.records(RecordListing(.agent, [.slug: .text("assistant")]), of: kept.world.organization.id).records.first?.identifier(.user) == nil)
        let counts = try await kept.store.counts(of: kept.world.organization.id)
        #expect(counts[.message].rows == 5 && counts[.conversation].rows == 1 && counts[.memory] == StoreCounts.Count(rows: 4, withVectors: 4, deleted: 1))
    }

    @Test("a damaged memory stands in nobody's way: others are forgotten and kept, and it can be erased")
    func damaged() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 211)
        var store = try home.open()
        try await world.create(in: store)
        let memories = (0..<3).map { number in
            var memory = world.memory("due \(number)")
            memory.importance = 0
            return memory
        }
        _ = try await store.write(world.request(.remember(memories, memories.map { _ in Keeping() })))
        store.close()
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        try connection.execute("UPDATE agent_memories SET importance_score = 0.5 WHERE content = 'due 1'")
        store = try home.open()
        defer { store.close() }
        let time = world.time.adding(seconds: 2 * 86_400)
        let swept = try await store.write(world.request(.forget(Sweep(limit: 9, hiddenBefore: startTime)), at: time))
        #expect(Set(swept.receipt.rows.map(\.id)) == [memories[0].id, memories[2].id])
        #expect(try await store.write(world.request(.remember([world.memory("Due 1")], [Keeping()]))).receipt.notes.isEmpty)
        #expect(await storageError { _ = try await store.write(world.request(.delete([memories[1].id]))) }.map { if case .corruptRow = $0 { true } else { false } } == true)
        let erased = try await store.write(world.request(.erase(Erasure(.memory, memories.map(\.id)), limit: 9)))
        #expect(Set(erased.removed[.memory] ?? []) == Set(memories.map(\.id)))
        #expect(try await store.counts(of: world.organization.id)[.memory] == StoreCounts.Count(rows: 1, withVectors: 1))
    }

    @Test("a text is found wherever it lies in a file, and where it lies across blocks")
    func absence() throws {
        let home = try TemporaryDirectory()
        var bytes = Data(count: 20 << 20)
        let block = 8 << 20
        for (place, text) in [(0, "first"), (block - 3, "across"), (bytes.count - 4, "last"), (2 * block - 20, "long-text-of-more-than-thirty-two-bytes")] {
            bytes.replaceSubrange(place..<place + text.utf8.count, with: Data(text.utf8))
        }
        #expect(throws: StorageError.self) { try Absence.run(folder: home.path, texts: ["first"]) }
        try home.open().close()
        try FileManager.default.createDirectory(atPath: home.path + "/in/side", withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: home.path + "/in/side/file"))
        let texts = ["first", "across", "last", "long-text-of-more-than-thirty-two-bytes", "missing", "lastly", "firs!"]
        let found = try Absence.run(folder: home.path, texts: texts)
        #expect(Set(found.map(\.text)) == [0, 1, 2, 3])
        #expect(found.contains(Absence.Finding(text: 1, place: "in/side/file, byte \(block - 3)")))
    }
}

extension OpenedWorld {
    fileprivate func keep(_ memories: [Memory], _ keepings: [Keeping]? = nil, at time: Timestamp? = nil) async throws -> WriteOutcome {
        try await store.write(world.request(.remember(memories, keepings ?? memories.map { _ in Keeping() }), at: time))
    }

    fileprivate func memory(_ id: Identifier) async throws -> Memory? { try await store.memories([id], of: world.organization.id).first }
    fileprivate func counts() async throws -> StoreCounts.Count { try await store.counts(of: world.organization.id)[.memory] }
}
