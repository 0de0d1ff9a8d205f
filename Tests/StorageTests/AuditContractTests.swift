import Records
import Secrets
import Testing

@testable import Storage

@Suite("What was recalled is kept, without what it said, over every store")
struct AuditContractTests {
    private typealias House = OpenedWorld

    @Test("an entry tells who asked and which memories came, and of each whether it still says what it said", arguments: storeMakers)
    func texts(maker: any StoreMaker) async throws {
        var house = try await House(maker, seed: 601)
        defer { house.store.close() }
        let (tea, key, gone) = (try await house.keep("She likes tea"), try await house.keep("The key is in the vault"), try await house.keep("He is ill"))
        let session = house.world.id()
        let known = startTime.adding(seconds: 9)
        let trace = house.trace([tea, key, gone], session: session, past: Moment(startTime, known: known), leftOut: 4)
        try await house.write([trace])
        // What was written before, by a transaction of which nobody heard, is not written twice.
        try await house.write([trace])
        let entry = try #require(try await house.entry(trace.id))
        #expect(entry.createdAt == startTime && entry.text(.event) == "memory.recalled" && entry.text(.action) == "read" && entry.text(.status) == "success")
        #expect(entry.text(.resourceType) == "agent" && entry.identifier(.resource) == house.world.agent.id && entry.identifier(.session) == session)
        #expect(entry.identifier(.key) == house.world.key.id && entry.identifier(.user) == nil)
        let metadata = try #require(entry.json(.metadata))
        #expect(metadata["mode"]?.text == "hybrid" && metadata["left_out"]?.integer == 4)
        #expect(metadata["as_of"]?.text == startTime.description && metadata["known_at"]?.text == known.description)
        let memories = try #require(metadata["memories"]?.list)
        #expect(memories.map { $0["id"]?.text } == [tea, key, gone].map(\.id.description))
        #expect(memories.map { $0["score"]?.number.map { Float($0) } } == [1, 1 / 2, 1 / 3 as Float])
        #expect(memories.allSatisfy { $0["version"]?.integer == 1 })
        #expect(try await house.texts(trace.id) == ["same", "same", "same"])

        _ = try await house.store.write(house.world.request(.update(MemoryPatch(id: tea.id, content: "She likes coffee"), space: nil)))
        _ = try await house.store.write(house.world.request(.delete([gone.id])))
        #expect(try await house.texts(trace.id) == ["changed", "same", "gone"])
        _ = try await house.store.write(house.world.request(.update(MemoryPatch(id: tea.id, content: "She likes tea"), space: nil)))
        #expect(try await house.texts(trace.id) == ["same", "same", "gone"])
    }

    @Test("digests of one text are the same, of another memory's are not; with a memory goes its key, and a guess can no longer be tried", arguments: storeMakers)
    func digests(maker: any StoreMaker) async throws {
        var house = try await House(maker, seed: 602)
        defer { house.store.close() }
        let one = try await house.keep("Nobody must know")
        var twin = house.world.memory("Nobody must know")
        twin.user = house.world.id()
        _ = try await house.store.write(house.world.request(.remember([twin])))
        let (first, second) = (house.trace([one, twin]), house.trace([twin, one], at: startTime.adding(seconds: 60)))
        try await house.write([first])
        let keys = try house.keys([one, twin])
        #expect(keys.count == 2 && keys[one.id] != keys[twin.id])
        try await house.write([second])
        #expect(try house.keys([one, twin]) == keys, "a key stays")
        let (here, there) = (try await house.digests(first.id), try await house.digests(second.id))
        #expect(here == Array(there.reversed()) && here[0] != here[1] && here.allSatisfy { $0?.utf8.count == 2 * AuditKey.digestBytes + 9 })
        #expect(here[0] == keys[one.id]?.digest(of: Digest.sha256("Nobody must know".utf8)))
        #expect(here[0] != keys[one.id]?.digest(of: Digest.sha256("Nobody must know!".utf8)))

        _ = try await house.store.write(house.world.request(.erase(Erasure(.memory, [one.id]), limit: 100)))
        #expect(try house.keys([one, twin]) == [twin.id: try #require(keys[twin.id])])
        #expect(try await house.texts(first.id) == ["gone", "same"])
        // One that is gone before its recall is written has no digest, and gets no key.
        let late = house.trace([one], at: startTime.adding(seconds: 120))
        try await house.write([late])
        #expect(try await house.digests(late.id) == [nil])
        #expect(try house.keys([one]).isEmpty)
    }

    @Test("a memory that comes back under its old name has another key: it cannot be told what it said, and nothing that is recalled later changes that", arguments: storeMakers)
    func another(maker: any StoreMaker) async throws {
        var house = try await House(maker, seed: 604)
        defer { house.store.close() }
        let tea = try await house.keep("She likes tea")
        let first = house.trace([tea])
        try await house.write([first])
        _ = try await house.store.write(house.world.request(.delete([tea.id])))
        _ = try await house.store.write(house.world.request(.remember([tea])))
        #expect(try await house.texts(first.id) == ["unknown"])
        let second = house.trace([tea], at: startTime.adding(seconds: 60))
        try await house.write([second])
        #expect(try await house.texts(first.id) == ["unknown"])
        #expect(try await house.texts(second.id) == ["same"])
    }

    @Test("a damaged entry hides no other, a damaged key or memory none of the others in its entry, and the damage is found")
    func damage() async throws {
        var house = try await House(SQLiteMaker(), seed: 605)
        let (tea, key) = (try await house.keep("She likes tea"), try await house.keep("The key is in the vault"))
        let traces = (0..<3).map { house.trace([tea, key], at: startTime.adding(seconds: Int64($0))) }
        try await house.write(traces)
        let path = try #require(house.home as? TemporaryDirectory).databasePath
        let connection = try SQLiteConnection(path: path, .readWrite)
        let organization = house.world.organization.id
        try connection.execute("UPDATE audit_logs SET metadata = replace(metadata, 'hybrid', 'hybrxd') WHERE created_at = \(traces[1].at.microseconds)")
        #expect(try await house.store.records(RecordListing(.audit), of: organization).records.map(\.id) == [traces[2].id, traces[0].id])
        try connection.execute("UPDATE audit_keys SET audit_key = randomblob(16) WHERE memory_id = x'\(hexadecimal(tea.id.bytes))'")
        #expect(try await house.texts(traces[0].id) == ["unknown", "same"])
        try connection.execute("UPDATE agent_memories SET content = 'The key is lost' WHERE id = x'\(hexadecimal(key.id.bytes))'")
        #expect(try await house.texts(traces[0].id) == ["unknown", "unknown"])
        // A recall of what is damaged is written all the same, without that digest.
        try await house.write([house.trace([tea], at: startTime.adding(seconds: 9))])
        house.store.close()
        let report = try Verification.run(path: try #require(house.home as? TemporaryDirectory).path) { _ in }
        #expect(!report.isSound)
        for table in ["audit_logs", "audit_keys", "agent_memories"] { #expect(report.description.contains(table), "\(report)") }
    }

    @Test("entries are listed by agent, session and key, are nobody else's, and go when they are old", arguments: storeMakers)
    func lists(maker: any StoreMaker) async throws {
        var house = try await House(maker, seed: 603)
        defer { house.store.close() }
        let tea = try await house.keep("She likes tea")
        let session = house.world.id()
        let traces = (0..<6).map { house.trace([tea], at: startTime.adding(seconds: Int64($0) * 3_600), session: $0.isMultiple(of: 2) ? session : nil) }
        try await house.write(traces)
        let organization = house.world.organization.id
        func ids(_ listing: RecordListing, shownTo narrowing: Narrowing = .none) async throws -> [Identifier] {
            try await house.store.records(listing, of: organization, shownTo: narrowing).records.map(\.id)
        }
        let newest = Array(traces.map(\.id).reversed())
        #expect(try await ids(RecordListing(.audit)) == newest)
        #expect(try await ids(RecordListing(.audit, [.resource: .identifier(house.world.agent.id), .event: .text("memory.recalled")])) == newest)
        #expect(try await ids(RecordListing(.audit, [.resource: .identifier(tea.id)])).isEmpty)
        #expect(try await ids(RecordListing(.audit, [.session: .identifier(session)])) == [newest[1], newest[3], newest[5]])
        #expect(try await ids(RecordListing(.audit, [.key: .identifier(house.world.key.id)], limit: 2)) == Array(newest[..<2]))
        let cursor = RecordListing.Cursor(id: Identifier(firstAt: startTime.adding(seconds: 2 * 3_600)))
        #expect(try await ids(RecordListing(.audit, after: cursor)) == [newest[4], newest[5]])
        #expect(try await ids(RecordListing(.audit), shownTo: Narrowing(agent: house.world.agent.id)) == newest)
        #expect(try await ids(RecordListing(.audit), shownTo: Narrowing(agent: tea.id)).isEmpty)
        #expect(try await ids(RecordListing(.audit), shownTo: Narrowing(session: session)) == [newest[1], newest[3], newest[5]])
        #expect(try await ids(RecordListing(.audit), shownTo: Narrowing(user: tea.id)).isEmpty)
        #expect(try await house.store.records(.audit, newest, of: house.world.id()).isEmpty)

        func end(_ seconds: Int64, limit: Int) async throws -> Int {
            try await house.store.write(house.world.request(.endAudit(before: startTime.adding(seconds: seconds), limit: limit))).receipt.rows.count
        }
        #expect(try await end(3 * 3_600, limit: 2) == 2)
        #expect(try await ids(RecordListing(.audit)) == Array(newest[..<4]))
        #expect(try await end(3 * 3_600, limit: 2) == 1)
        #expect(try await end(3 * 3_600, limit: 2) == 0)
        #expect(try await ids(RecordListing(.audit)) == Array(newest[..<3]))
    }
}

extension OpenedWorld {
    fileprivate mutating func keep(_ content: String) async throws -> Memory {
        let memory = world.memory(content)
        _ = try await store.write(world.request(.remember([memory])))
        return memory
    }

    fileprivate mutating func trace(_ memories: [Memory], at time: Timestamp = startTime, session: Identifier? = nil, past: Moment? = nil, leftOut: Int = 0) -> RecallTrace {
        let found = memories.enumerated().map { place, memory in RecallTrace.Found(memory, score: 1 / Float(place + 1)) }
        return world.trace(found, at: time, session: session, past: past, leftOut: leftOut)
    }

    fileprivate func write(_ traces: [RecallTrace]) async throws { #expect(try await store.write(world.request(.trace(traces))).receipt == WriteReceipt(change: 0, rows: [])) }

    fileprivate func entry(_ id: Identifier) async throws -> Record? { try await store.records(.audit, [id], of: world.organization.id).first }

    /// What became of the texts of an entry's memories.
    fileprivate func texts(_ id: Identifier) async throws -> [String?] { try #require(try await entry(id)).json(.metadata)?["memories"]?.list?.map { $0["text"]?.text } ?? [] }

    fileprivate func digests(_ id: Identifier) async throws -> [String?] { try #require(try await entry(id)).json(.metadata)?["memories"]?.list?.map { $0["digest"]?.text } ?? [] }

    fileprivate func keys(_ memories: [Memory]) throws -> [Identifier: AuditKey] {
        try store.reads.inSnapshot(of: world.organization.id) { session throws(StorageError) in try session.auditKeys(of: memories.map(\.id), world.organization.id) }
    }
}
