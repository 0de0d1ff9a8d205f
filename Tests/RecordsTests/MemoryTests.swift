import Records
import Testing

@Suite("Memories")
struct MemoryTests {
    private let space = Identifier(high: 9, low: 9)
    private let old = Memory(
        id: Identifier(high: 0, low: 1), organization: Identifier(high: 0, low: 2), agent: Identifier(high: 0, low: 3), user: Identifier(high: 0, low: 4),
        type: .fact, content: "old", importance: 0.4, tags: ["a"], metadata: ["k": 1], createdAt: Timestamp(microseconds: 10),
        updatedAt: Timestamp(microseconds: 20), expiresAt: Timestamp(microseconds: 90), version: 3,
        embedding: Embedding(space: Identifier(high: 9, low: 9), vector: [1, 2]))

    @Test("being recalled counts once in a quarter of an hour, and makes no other version")
    func access() {
        let start = Timestamp(microseconds: 1_000_000_000)
        let first = old.accessed(at: start)
        var expected = old
        (expected.accessCount, expected.lastAccessedAt) = (1, start)
        #expect(first == expected && first.accessed(at: start.adding(seconds: 899)) == first)
        let later = first.accessed(at: start.adding(seconds: 900))
        #expect(later.accessCount == 2 && later.lastAccessedAt == start.adding(seconds: 900) && later.version == old.version)
        // A clock that was set back takes nothing away.
        #expect(later.accessed(at: start) == later)
    }

    @Test("an empty patch changes version and time of update, nothing else")
    func emptyPatch() {
        var expected = old
        expected.version = 4
        expected.updatedAt = Timestamp(microseconds: 30)
        #expect(MemoryPatch(id: old.id).applied(to: old, at: Timestamp(microseconds: 30), space: space) == expected)
    }

    @Test("a clock that went back does not take the time of update back")
    func clock() {
        #expect(MemoryPatch(id: old.id).applied(to: old, at: Timestamp(microseconds: 5), space: space).updatedAt == Timestamp(microseconds: 20))
    }

    @Test("set, clear and keep do what they say")
    func changes() {
        let patch = MemoryPatch(
            id: old.id, user: .clear, session: .set(Identifier(high: 0, low: 7)), type: .task, importance: 1, tags: [], metadata: .emptyObject,
            expiresAt: .clear)
        let new = patch.applied(to: old, at: Timestamp(microseconds: 30), space: space)
        #expect(new.user == nil && new.session == Identifier(high: 0, low: 7) && new.expiresAt == nil)
        #expect(new.type == .task && new.importance == 1 && new.tags.isEmpty && new.metadata == .emptyObject)
        #expect(new.content == "old" && new.createdAt == old.createdAt && new.embedding == old.embedding)
        #expect(Change<Int>.keep.applied(to: 1) == 1 && Change.set(2).applied(to: 1) == 2 && Change<Int>.clear.applied(to: 1) == nil)
    }

    @Test("a vector never answers for a text that is gone")
    func vectors() {
        func patched(_ patch: MemoryPatch) -> Embedding? { patch.applied(to: old, at: Timestamp(microseconds: 30), space: space).embedding }
        #expect(patched(MemoryPatch(id: old.id, content: "new")) == nil)
        #expect(patched(MemoryPatch(id: old.id, content: "old")) == old.embedding)
        #expect(patched(MemoryPatch(id: old.id, content: "new", vector: .set([3, 4]))) == Embedding(space: space, vector: [3, 4]))
        #expect(patched(MemoryPatch(id: old.id, vector: .clear)) == nil)
    }

    @Test("a memory expires at its time, not before")
    func expiry() {
        #expect(!old.isExpired(at: Timestamp(microseconds: 89)))
        #expect(old.isExpired(at: Timestamp(microseconds: 90)))
        var forever = old
        forever.expiresAt = nil
        #expect(!forever.isExpired(at: Timestamp(microseconds: .max)))
    }

    @Test("drafts beyond a limit are refused, each with the field's name")
    func draftChecks() {
        let agent = Identifier(high: 0, low: 1)
        let late = Timestamp(microseconds: .max)
        let cases: [(MemoryDraft, String)] = [
            (MemoryDraft(agent: agent, content: ""), "content"),
            (MemoryDraft(agent: agent, content: "a\u{0}b"), "content"),
            (MemoryDraft(agent: agent, content: String(repeating: "a", count: Limits.contentBytesMax + 1)), "content"),
            (MemoryDraft(agent: agent, content: "a", importance: 1.01), "importance"),
            (MemoryDraft(agent: agent, content: "a", importance: -0.01), "importance"),
            (MemoryDraft(agent: agent, content: "a", importance: .nan), "importance"),
            (MemoryDraft(agent: agent, content: "a", tags: ["x", "x"]), "tags"),
            (MemoryDraft(agent: agent, content: "a", tags: [""]), "tags"),
            (MemoryDraft(agent: agent, content: "a", tags: [String(repeating: "t", count: Limits.tagBytesMax + 1)]), "tags"),
            (MemoryDraft(agent: agent, content: "a", tags: (0...Limits.tagsMax).map(String.init)), "tags"),
            (MemoryDraft(agent: agent, content: "a", metadata: []), "metadata"),
            (MemoryDraft(agent: agent, content: "a", metadata: ["k": "\u{0}"]), "metadata"),
            (MemoryDraft(agent: agent, content: "a", metadata: ["k": .text(String(repeating: "m", count: Limits.metadataBytesMax))]), "metadata"),
            (MemoryDraft(agent: agent, content: "a", createdAt: late), "created_at"),
            (MemoryDraft(agent: agent, content: "a", expiresAt: late), "expires_at"),
            (MemoryDraft(agent: agent, content: "a", vector: []), "vector"),
            (MemoryDraft(agent: agent, content: "a", vector: [0, 0]), "vector"),
            (MemoryDraft(agent: agent, content: "a", vector: [0, .nan]), "vector"),
            (MemoryDraft(agent: agent, content: "a", vector: [Float](repeating: 1, count: Limits.dimensionMax + 1)), "vector"),
        ]
        for (draft, field) in cases {
            let error = #expect(throws: FieldError.self) { try draft.check() }
            #expect(error?.field == field)
        }
        let largest = MemoryDraft(
            agent: agent, content: String(repeating: "a", count: Limits.contentBytesMax), importance: 1,
            tags: (0..<Limits.tagsMax).map(String.init), vector: [Float](repeating: .greatestFiniteMagnitude, count: Limits.dimensionMax))
        #expect(throws: Never.self) { try largest.check() }
    }

    @Test("a patch is checked like a draft")
    func patchChecks() {
        let id = old.id
        let bad = [
            MemoryPatch(id: id, content: ""), MemoryPatch(id: id, importance: 2), MemoryPatch(id: id, tags: ["a", "a"]), MemoryPatch(id: id, metadata: 1),
            MemoryPatch(id: id, expiresAt: .set(Timestamp(microseconds: .min))), MemoryPatch(id: id, vector: .set([0])),
        ]
        for patch in bad { #expect(throws: FieldError.self) { try patch.check() } }
        #expect(throws: Never.self) { try MemoryPatch(id: id, expiresAt: .clear, vector: .clear).check() }
    }
}
