import class Foundation.FileManager
import struct Foundation.URL
import struct Foundation.UUID
import Records
import Secrets
import Storage
import Synchronization
import Testing

@testable import Engine

/// An engine over a store of its own in a temporary folder, with two organizations and a clock that the test turns.
final class House: Sendable {
    let engine: MemoryEngine
    let store: any Store
    /// Nil for one over a store that others made.
    let folder: URL?
    let first: Principal
    let second: Principal
    let firstKey: KeyText
    private let keepsFolder: Bool

    convenience init(folder: URL? = nil, keepsFolder: Bool = false, embedder: FakeEmbedder? = nil) throws {
        let folder = folder ?? House.temporaryFolder()
        let store = try SQLiteStore.open(try DataDirectory.open(folder.path, at: HouseClock().now))
        try self.init(over: store, folder: folder, keepsFolder: keepsFolder, embedder: embedder)
    }

    init(over store: any Store, folder: URL? = nil, keepsFolder: Bool = false, embedder: FakeEmbedder? = nil) throws {
        self.store = store
        self.folder = folder
        self.keepsFolder = keepsFolder
        let box = HouseClock()
        let now = box.now
        let firstKey = KeyText.random()
        if try store.reads.tenancy().organizations.isEmpty {
            try MemoryEngine.makeOrganization(in: store, name: "First", slug: "first", admin: firstKey, at: now)
            try MemoryEngine.makeOrganization(in: store, name: "Second", slug: "second", admin: .random(), at: now)
        }
        self.firstKey = firstKey
        let clock = Clock(now: { Timestamp(microseconds: box.microseconds.withLock { $0 }) }, ticks: { UInt64(box.microseconds.withLock { $0 }) * 1_000 })
        self.clockBox = box
        engine = try MemoryEngine(
            store: store, clock: clock, log: .silent, limits: EngineLimits(searchWorkers: 2),
            facts: EngineFacts(version: "test", store: [:], residentBytes: { 1 }), embedder: embedder)
        let organizations = try store.reads.tenancy().organizations.sorted { $0.slug < $1.slug }
        first = Principal(organization: organizations[0].id, key: organizations[0].id, scopes: Set(Scope.allCases))
        second = Principal(organization: organizations[1].id, key: organizations[1].id, scopes: Set(Scope.allCases))
    }

    private let clockBox: HouseClock

    static func temporaryFolder() -> URL { FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-engine-\(UUID().uuidString)") }

    func pass(seconds: Int64) { clockBox.microseconds.withLock { $0 += seconds * 1_000_000 } }

    var clock: Clock { engine.clock }

    deinit {
        store.close()
        if !keepsFolder, let folder { try? FileManager.default.removeItem(at: folder) }
    }

    func perform(_ operation: Operation, as principal: Principal? = nil, context: OperationContext? = nil) async -> Result<Outcome, EngineError> {
        await withCheckedContinuation { continuation in
            engine.perform(operation, for: principal ?? first, context: context ?? OperationContext(clock: clock)) { continuation.resume(returning: $0) }
        }
    }

    func agent(_ slug: String = "a", as principal: Principal? = nil) async throws -> Identifier {
        guard case .agent(let agent) = try await perform(.ensureAgent(slug: slug, name: slug), as: principal).get() else { throw Unexpected() }
        return agent.id
    }

    func remember(_ drafts: [MemoryDraft], as principal: Principal? = nil, key: Identifier? = nil, fingerprint: [UInt8] = []) async throws -> WriteReceipt {
        let context = OperationContext(clock: clock, idempotencyKey: key, fingerprint: fingerprint)
        guard case .written(let receipt) = try await perform(.remember(drafts), as: principal, context: context).get() else { throw Unexpected() }
        return receipt
    }

    func search(_ request: SearchRequest, as principal: Principal? = nil) async throws -> SearchAnswer {
        guard case .found(let answer) = try await perform(.search(request), as: principal).get() else { throw Unexpected() }
        return answer
    }

    func recall(_ request: RecallRequest, as principal: Principal? = nil) async throws -> SearchAnswer {
        guard case .found(let answer) = try await perform(.recall(request), as: principal).get() else { throw Unexpected() }
        return answer
    }

    struct Unexpected: Error {}
}

final class HouseClock: Sendable {
    let microseconds = Mutex<Int64>(1_800_000_000_000_000)

    var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) }
}

@Suite("The engine performs operations")
struct EngineTests {
    @Test("a key opens its organization, and no other key opens anything")
    func keys() throws {
        let house = try House()
        #expect(try house.engine.authenticate(house.firstKey.text, from: "127.0.0.1").organization == house.first.organization)
        #expect(throws: AccessError.unknownKey) { try house.engine.authenticate(KeyText.random().text, from: "127.0.0.1") }
        #expect(throws: AccessError.unknownKey) { try house.engine.authenticate("", from: "127.0.0.1") }
    }

    @Test("what was remembered is found by the next search, with its content and an exact report")
    func rememberAndSearch() async throws {
        let house = try House()
        let agent = try await house.agent()
        let receipt = try await house.remember([
            MemoryDraft(agent: agent, content: "near", importance: 0.9, tags: ["x"], vector: [1, 0.1]), MemoryDraft(agent: agent, content: "far", vector: [-1, 0.2]),
            MemoryDraft(agent: agent, content: "without a vector"),
        ])
        #expect(receipt.rows.count == 3)
        let answer = try await house.search(SearchRequest(query: .vector([1, 0]), k: 10))
        #expect(answer.entries.map { $0.memory?.content } == ["near", "far"])
        #expect(answer.report.isExact && answer.report.rowsTotal == 2)
        let filtered = try await house.search(SearchRequest(query: .vector([1, 0]), k: 10, filter: .equals(.tags, .text("x"))))
        #expect(filtered.entries.map { $0.memory?.content } == ["near"])
    }

    @Test("a vector of another dimension, a text without an embedder, k of 0 and an unknown agent are refused with their fields")
    func refusals() async throws {
        let house = try House()
        let agent = try await house.agent()
        _ = try await house.remember([MemoryDraft(agent: agent, content: "c", vector: [1, 0])])
        let wrong = FieldError("memories[0].vector", .wrongDimension(found: 3, expected: 2))
        #expect(await house.perform(.remember([MemoryDraft(agent: agent, content: "c", vector: [1, 0, 0])])) == .failure(.field(wrong)))
        #expect(await house.perform(.search(SearchRequest(query: .vector([1])))) == .failure(.field(FieldError("vector", .wrongDimension(found: 1, expected: 2)))))
        #expect(await house.perform(.search(SearchRequest(query: .text("hello"), mode: .hybrid))) == .failure(.noEmbedder))
        #expect(await house.perform(.search(SearchRequest(query: .vector([1, 0]), k: 0))) == .failure(.field(FieldError("k", .outOfRange("from 1 to 10000")))))
        #expect(await house.perform(.search(SearchRequest(query: .vector([.nan, 0])))) == .failure(.field(FieldError("vector", .notFinite(position: 0)))))
        #expect(await house.perform(.search(SearchRequest(query: .vector([0, 0])))) == .failure(.field(FieldError("vector", .zeroVector))))
        guard case .failure(.field(let error)) = await house.perform(.remember([MemoryDraft(agent: Identifier(high: 9, low: 9), content: "c")])) else {
            Issue.record("an agent that is not there was accepted")
            return
        }
        #expect(error.field == "agent")
        guard case .failure(.field(let empty)) = await house.perform(.remember([MemoryDraft(agent: agent, content: "")])) else {
            Issue.record("an empty content was accepted")
            return
        }
        #expect(empty.field == "memories[0].content")
    }

    @Test("a first vector that was refused fixes no dimension; of two first writes at once the second keeps to the first")
    func firstVector() async throws {
        let house = try House()
        let agent = try await house.agent()
        guard case .failure(.field) = await house.perform(.remember([MemoryDraft(agent: Identifier(high: 9, low: 9), content: "c", vector: [1, 2, 3])])) else {
            Issue.record("an agent that is not there was accepted")
            return
        }
        #expect(await house.perform(.update(MemoryPatch(id: agent, vector: .set([1, 2, 3, 4])))) == .failure(.notFound(.memory, agent)))
        async let a = house.perform(.remember([MemoryDraft(agent: agent, content: "a", vector: [1, 0])]))
        async let b = house.perform(.remember([MemoryDraft(agent: agent, content: "b", vector: [0, 1])]))
        _ = try await (a.get(), b.get())
        #expect(try await house.search(SearchRequest(query: .vector([1, 0.1]))).entries.map { $0.memory?.content } == ["a", "b"])
        let wrong = FieldError("memories[0].vector", .wrongDimension(found: 3, expected: 2))
        #expect(await house.perform(.remember([MemoryDraft(agent: agent, content: "c", vector: [1, 0, 0])])) == .failure(.field(wrong)))
    }

    @Test("one organization finds, reads, changes and deletes nothing of another")
    func tenants() async throws {
        let house = try House()
        let mine = try await house.agent()
        let theirs = try await house.agent(as: house.second)
        let receipt = try await house.remember([MemoryDraft(agent: mine, content: "mine", vector: [1, 0])])
        _ = try await house.remember([MemoryDraft(agent: theirs, content: "theirs", vector: [1, 0, 0])], as: house.second)
        let id = receipt.rows[0].id
        #expect(await house.perform(.get([id], withVectors: true), as: house.second) == .failure(.notFound(.memory, id)))
        #expect(await house.perform(.update(MemoryPatch(id: id, content: "taken")), as: house.second) == .failure(.notFound(.memory, id)))
        #expect(await house.perform(.delete([id]), as: house.second) == .failure(.notFound(.memory, id)))
        let answer = try await house.search(SearchRequest(query: .vector([1, 0, 0])), as: house.second)
        #expect(answer.entries.map { $0.memory?.content } == ["theirs"])
        guard case .failure(.field(let error)) = await house.perform(.remember([MemoryDraft(agent: mine, content: "x")]), as: house.second) else {
            Issue.record("an agent of another organization was accepted")
            return
        }
        #expect(error.field == "agent")
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]))).entries.map(\.hit.id) == [id])
    }

    @Test("an update changes what is found; new content without a vector is found no more; a delete is final")
    func updateAndDelete() async throws {
        let house = try House()
        let agent = try await house.agent()
        let id = try await house.remember([MemoryDraft(agent: agent, content: "old", vector: [1, 0])]).rows[0].id
        _ = try await house.perform(.update(MemoryPatch(id: id, tags: ["new"]))).get()
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]), filter: .equals(.tags, .text("new")))).entries.count == 1)
        #expect(await house.perform(.update(MemoryPatch(id: id, ifVersion: 1, content: "x"))) == .failure(.versionMismatch(expected: 1, found: 2)))
        _ = try await house.perform(.update(MemoryPatch(id: id, content: "other"))).get()
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]))).entries.isEmpty)
        _ = try await house.perform(.update(MemoryPatch(id: id, vector: .set([0, 1])))).get()
        #expect(try await house.search(SearchRequest(query: .vector([0, 1]))).entries.first?.memory?.version == 4)
        _ = try await house.perform(.delete([id])).get()
        #expect(await house.perform(.get([id], withVectors: false)) == .failure(.notFound(.memory, id)))
        #expect(try await house.search(SearchRequest(query: .vector([0, 1]))).entries.isEmpty)
    }

    @Test("the same write under the same key happens once; another one under it is refused")
    func idempotency() async throws {
        let house = try House()
        let agent = try await house.agent()
        let key = Identifier(high: 5, low: 5)
        let first = try await house.remember([MemoryDraft(agent: agent, content: "once", vector: [1, 0])], key: key, fingerprint: [1])
        let again = try await house.remember([MemoryDraft(agent: agent, content: "once", vector: [1, 0])], key: key, fingerprint: [1])
        #expect(first == again)
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]))).entries.count == 1)
        await #expect(throws: EngineError.idempotencyMismatch) {
            _ = try await house.remember([MemoryDraft(agent: agent, content: "other")], key: key, fingerprint: [2])
        }
    }

    @Test("an expired memory is neither found nor read nor listed")
    func expiry() async throws {
        let house = try House()
        let agent = try await house.agent()
        let soon = house.clock.now().adding(seconds: 60)
        let id = try await house.remember([MemoryDraft(agent: agent, content: "short", expiresAt: soon, vector: [1, 0])]).rows[0].id
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]))).entries.count == 1)
        house.pass(seconds: 60)
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]))).entries.isEmpty)
        #expect(await house.perform(.get([id], withVectors: false)) == .failure(.notFound(.memory, id)))
        #expect(await house.perform(.list(MemoryListing())) == .success(.page(MemoryPage(memories: [], next: nil))))
    }

    @Test("a cancelled operation and one past its deadline end with their errors and write nothing")
    func interruptions() async throws {
        let house = try House()
        let agent = try await house.agent()
        let cancelled = OperationContext(clock: house.clock)
        cancelled.cancel()
        #expect(await house.perform(.remember([MemoryDraft(agent: agent, content: "x")]), context: cancelled) == .failure(.cancelled))
        let late = OperationContext(clock: house.clock, deadline: house.clock.ticks())
        house.pass(seconds: 1)
        #expect(await house.perform(.search(SearchRequest(query: .vector([1]))), context: late) == .failure(.deadlineExceeded))
        #expect(await house.perform(.list(MemoryListing())) == .success(.page(MemoryPage(memories: [], next: nil))))
    }

    @Test("a brief search that nothing else waits behind is over when the call returns, and one that compares every row may be handed over")
    func searchesAtOnce() async throws {
        let house = try House()
        let agent = try await house.agent()
        let id = try await house.remember([MemoryDraft(agent: agent, content: "x", vector: [1, 0])]).rows[0].id
        let request = SearchRequest(query: .vector([1, 0]), withContent: false)
        let answers = Mutex<[Identifier]>([])
        let context = OperationContext(clock: house.clock, mayRunHere: true)
        house.engine.perform(.search(request), for: house.first, context: context) { result in
            guard case .success(.found(let answer)) = result else { return }
            answers.withLock { $0 += answer.entries.map(\.hit.id) }
        }
        #expect(answers.withLock { $0 } == [id])
        var exact = request
        exact.exact = true
        #expect(try await house.perform(.search(exact), context: context).get() == house.perform(.search(exact)).get())
        // What may not run here is not run here, and gives the same.
        #expect(try await house.search(request).entries.map(\.hit.id) == [id])
    }

    @Test("a new engine over the same store answers as the old one did")
    func reopening() async throws {
        let folder = House.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var expected: [SearchAnswer.Entry] = []
        do {
            let house = try House(folder: folder, keepsFolder: true)
            let agent = try await house.agent()
            _ = try await house.remember((0..<50).map { MemoryDraft(agent: agent, content: "m\($0)", vector: [Float($0) + 1, 3]) })
            expected = try await house.search(SearchRequest(query: .vector([5, 3]), k: 20)).entries
            #expect(expected.count == 20)
            house.store.close()
        }
        let house = try House(folder: folder, keepsFolder: true)
        #expect(try await house.search(SearchRequest(query: .vector([5, 3]), k: 20)).entries == expected)
        house.store.close()
    }

    @Test("what was written past the indexes is found after they have read on from the change that they know")
    func catchingUp() async throws {
        let folder = House.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let house = try House(folder: folder, keepsFolder: true)
        let agent = try await house.agent()
        let user = try await house.user("maya")
        let old = try await house.remember([MemoryDraft(agent: agent, content: "old", vector: [1, 0])]).rows[0].id
        let talk = try await house.create(RecordDraft(.conversation, [.user: .identifier(user)]))
        let message = RecordDraft(.message, [.conversation: .identifier(talk), .role: .text("user"), .content: .text("x")], vector: [1, 0])
        let said = try await house.create(message)
        // Another engine over the same rows, whose indexes do not follow what this one writes.
        let other = try MemoryEngine(
            store: house.store, clock: house.clock, log: .silent, limits: EngineLimits(searchWorkers: 1),
            facts: EngineFacts(version: "test", store: [:], residentBytes: { 1 }))
        let new = try await house.remember([MemoryDraft(agent: agent, content: "new", vector: [1, 1])]).rows[0].id
        _ = try await house.perform(.delete([old])).get()
        _ = try await house.perform(.remove(.conversation, [talk])).get()
        func found(_ kind: Kind) async throws -> [Identifier] {
            let answer = await withCheckedContinuation { continuation in
                other.perform(
                    .search(SearchRequest(kind, query: .vector([1, 0]), withContent: false)), for: house.first, context: OperationContext(clock: house.clock)
                ) { continuation.resume(returning: $0) }
            }
            guard case .found(let answer) = try answer.get() else { throw House.Unexpected() }
            return answer.entries.map(\.hit.id)
        }
        #expect(try await found(.memory) == [old])
        #expect(try await found(.message) == [said])
        let count = try other.catchUp()
        #expect(count > 0)
        #expect(try await found(.memory) == [new])
        #expect(try await found(.message).isEmpty)
        _ = try await house.perform(.restore(.conversation, [talk])).get()
        try other.catchUp()
        #expect(try await found(.message) == [said])
        #expect(try other.catchUp() == 0)
        house.store.close()
    }

    @Test("status counts what is there")
    func status() async throws {
        let house = try House()
        let agent = try await house.agent()
        _ = try await house.remember([MemoryDraft(agent: agent, content: "a", vector: [1, 0]), MemoryDraft(agent: agent, content: "b")])
        guard case .status(let facts) = try await house.perform(.status).get() else {
            Issue.record("no status")
            return
        }
        let organization = try #require(facts["organization"])
        #expect(organization["memories"] == 2 && organization["memories_with_vector"] == 1 && organization["memories_forgotten"] == 0 && organization["agents"] == 1)
        #expect(facts["operations"]?["remember"]?["count"] == 1)
        #expect(facts["blas"]?["provider"]?.text?.isEmpty == false)
    }

    @Test("percentiles lie within a bucket of the truth")
    func histogram() {
        var histogram = Histogram()
        for nanoseconds in 1...100_000 { histogram.add(nanoseconds: UInt64(nanoseconds)) }
        for share in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let truth = 100_000 * share
            let found = Double(histogram.nanoseconds(atShare: share))
            #expect(found >= truth && found <= truth * 1.13 + 1, "\(share): \(found)")
        }
        #expect(histogram.nanoseconds(atShare: 1) == 100_000)
        #expect(Histogram().nanoseconds(atShare: 0.5) == 0)
    }
}

@Suite("Answers are bounded in bytes")
struct AnswerSizeTests {
    @Test("a page ends before it is too large and goes on after it; what is asked for by identifier is refused")
    func pages() async throws {
        let house = try House()
        let agent = try await house.agent()
        let content = String(repeating: "m", count: Limits.contentBytesMax)
        let fitting = Limits.answerBytesMax / Limits.contentBytesMax
        var ids: [Identifier] = []
        for number in 0..<fitting + 10 {
            let own = "\(number) ".padding(toLength: 8, withPad: " ", startingAt: 0)
            ids += try await house.remember([MemoryDraft(agent: agent, content: own + content.dropFirst(8), vector: [1, 0])]).rows.map(\.id)
        }
        var listing = MemoryListing(limit: Limits.pageMax)
        var seen: [Identifier] = []
        repeat {
            guard case .page(let page) = try await house.perform(.list(listing)).get() else { return }
            #expect(!page.memories.isEmpty && page.memories.count < fitting)
            seen += page.memories.map(\.id)
            listing.after = page.next
        } while listing.after != nil
        #expect(seen == ids.sorted(by: >))
        #expect(await house.perform(.get(ids, withVectors: false)) == .failure(.replyTooLarge(bytesMax: Limits.answerBytesMax)))
        #expect(await house.perform(.search(SearchRequest(query: .vector([1, 0]), k: 100))) == .failure(.replyTooLarge(bytesMax: Limits.answerBytesMax)))
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]), k: 100, withContent: false)).entries.count == ids.count)
    }
}
