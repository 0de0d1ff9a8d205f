import Foundation
import Records
import Secrets
import Synchronization
import Testing

@testable import Engine
@testable import Storage

/// A store whose answers to writes can be held back, when all is on disk.
final class HeldStore: Store {
    private struct State {
        var isHolding = false
        var held: [@Sendable () -> Void] = []
    }

    private let store: any Store
    private let state = Mutex(State())

    init(_ store: any Store) { self.store = store }

    var heldCount: Int { state.withLock { $0.held.count } }

    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            defer { state = State() }
            return state.held
        }
        for answer in held { answer() }
    }

    func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        store.write(request) { [self] result in
            let isHeld = state.withLock { state in
                if state.isHolding { state.held.append { completion(result) } }
                return state.isHolding
            }
            if !isHeld { completion(result) }
        }
    }

    var reads: StoreReads { store.reads }
    var facts: JSON { store.facts }
    var notes: [String] { store.notes }
    var isShared: Bool { store.isShared }
    func scrub() throws(StorageError) -> Bool { try store.scrub() }
    func tend() throws(StorageError) { try store.tend() }
    func close() { store.close() }
}

/// Two engines over one schema of a database that PINYON_TEST_POSTGRES names, which goes with the last reference.
final class SharedHouse: Sendable {
    let configuration: PostgresConfiguration
    let held: HeldStore
    let one: House
    let other: House

    static let addresses = (ProcessInfo.processInfo.environment["PINYON_TEST_POSTGRES"] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)

    init(_ address: String) throws {
        var configuration = PostgresConfiguration(try PostgresAddress(address))
        configuration.schema = "test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        configuration.readersMax = 2
        self.configuration = configuration
        held = HeldStore(try PostgresStore.open(configuration))
        one = try House(over: held)
        other = try House(over: PostgresStore.open(configuration))
    }

    deinit {
        one.store.close()
        other.store.close()
        _ = try? PostgresStore.migrate(configuration, to: 0)
    }

    /// Waits until something holds of what both have read; a transaction that is open elsewhere on the server holds the changes back.
    func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<3_000 {
            try one.engine.catchUp()
            try other.engine.catchUp()
            if try await holds() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }
}

@Suite("Two engines on one database")
struct SharedStoreTests {
    @Test("there is a database to test on")
    func isThere() { #expect(!SharedHouse.addresses.isEmpty, "run scripts/test, or set PINYON_TEST_POSTGRES to the address of a PostgreSQL with pgvector") }

    @Test("what one writes the other finds, its space and its keys too, and nobody reads anew what he wrote himself", arguments: SharedHouse.addresses)
    func follow(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let kept = try await house.one.remember([MemoryDraft(agent: agent, content: "near", vector: [1, 0]), MemoryDraft(agent: agent, content: "far", vector: [0, 1])])
        let query = SearchRequest(query: .vector([1, 0]), k: 10)
        #expect(try await house.eventually { try await house.other.search(query).entries.map(\.hit.id) == kept.rows.map(\.id) })
        let new = try await house.other.remember([MemoryDraft(agent: agent, content: "nearest", vector: [1, 0.1])])
        _ = try await house.other.perform(.delete([kept.rows[1].id])).get()
        #expect(try await house.eventually { try await Set(house.one.search(query).entries.map(\.hit.id)) == [kept.rows[0].id, new.rows[0].id] })
        let key = KeyText.random()
        try MemoryEngine.makeAdminKey(key, of: house.one.first.organization, in: house.one.store, at: house.one.clock.now())
        #expect(try await house.eventually { (try? house.other.engine.authenticate(key.text, from: "127.0.0.1")) != nil })
        let id = try house.other.engine.authenticate(key.text, from: "127.0.0.1").key
        _ = try await house.one.perform(.revokeKey(id)).get()
        #expect(try await house.eventually { (try? house.other.engine.authenticate(key.text, from: "127.0.0.1")) == nil })
        #expect(try await house.eventually { house.one.engine.feed.state.withLock(\.own).count <= 1 })
    }

    @Test("words that another server or SQL wrote are found, and after a start too", arguments: SharedHouse.addresses)
    func words(address: String) async throws {
        let house = try SharedHouse(address)
        await house.one.wordsStand()
        await house.other.wordsStand()
        let request = SearchRequest(query: .text("invoices"), mode: .lexical)
        let agent = try await house.one.agent()
        let kept = try await house.one.remember([MemoryDraft(agent: agent, content: "an invoice"), MemoryDraft(agent: agent, content: "a train"), MemoryDraft(agent: agent, content: "Invoice 7", vector: [1, 0])])
        let both = Set([kept.rows[0].id, kept.rows[2].id])
        #expect(try await house.eventually { try await Set(house.other.search(request).entries.map(\.hit.id)) == both })
        let connection = try PostgresConnection(house.configuration.address, secondsMax: 60)
        try connection.script("UPDATE \(house.configuration.schema).agent_memories SET content = 'two invoices of a train' WHERE id = '\(kept.rows[1].id)'")
        for engine in [house.one, house.other] { #expect(try await house.eventually { try await engine.search(request).entries.count == 3 }) }
        _ = try await house.other.perform(.delete([kept.rows[0].id])).get()
        #expect(try await house.eventually { try await house.one.search(request).entries.count == 2 })
        let started = try House(over: PostgresStore.open(house.configuration))
        await started.wordsStand()
        let (known, again) = (try await house.other.search(request).entries, try await started.search(request).entries)
        #expect(again.map(\.hit.id) == known.map(\.hit.id) && again.map { $0.memory?.content } == known.map { $0.memory?.content })
        #expect(zip(again, known).allSatisfy { abs($0.hit.score - $1.hit.score) < 1e-6 })
    }

    @Test("what a user rejected at one server is suggested last at the other, and after a start, until SQL takes the pattern away", arguments: SharedHouse.addresses)
    func learned(address: String) async throws {
        let house = try SharedHouse(address)
        await house.one.wordsStand()
        await house.other.wordsStand()
        let user = try await house.one.user("maya")
        var ids: [Identifier] = []
        for term in ["kernel", "kernel panic"] {
            ids.append(try await house.one.create(RecordDraft(.term, [.user: .identifier(user), .term: .text(term), .definition: .text("d")])))
        }
        func suggested(_ at: House) async throws -> [Bool] {
            guard case .suggested(let found) = try await at.perform(.suggest(SuggestRequest("ker", user: user))).get() else { throw House.Unexpected() }
            return found.map(\.isRejected)
        }
        #expect(try await house.eventually { try await suggested(house.other) == [false, false] })
        _ = try await house.one.perform(.learn(LearnRequest([LearnEvent(ids[0], .rejected), LearnEvent(ids[0], .rejected)], user: user, typed: ["kubectl"]))).get()
        #expect(try await suggested(house.one) == [false, true])
        #expect(try await house.eventually { try await suggested(house.other) == [false, true] })
        let started = try House(over: PostgresStore.open(house.configuration))
        await started.wordsStand()
        #expect(try await suggested(started) == [false, true])
        let connection = try PostgresConnection(house.configuration.address, secondsMax: 60)
        try connection.script("DELETE FROM \(house.configuration.schema).learning_patterns")
        for engine in [house.one, house.other] { #expect(try await house.eventually { try await suggested(engine) == [false, false] }) }
    }

    @Test("what SQL wrote behind the triggers' back is found and mended by a verification", arguments: SharedHouse.addresses)
    func verification(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let kept = try await house.one.remember([MemoryDraft(agent: agent, content: "a", vector: [1, 0]), MemoryDraft(agent: agent, content: "b", vector: [0, 1])])
        #expect(try await house.eventually { try await house.other.search(SearchRequest(query: .vector([1, 0]), k: 10)).entries.count == 2 })
        let connection = try PostgresConnection(house.configuration.address, secondsMax: 60)
        try connection.script("SET pinyon.writer = 'pinyon'; UPDATE \(house.configuration.schema).agent_memories SET embedding = '[-1,0]', tags = '{x}' WHERE id = '\(kept.rows[0].id)'")
        for engine in [house.one, house.other] {
            guard case .verified(let facts) = try await engine.perform(.verify).get() else { throw House.Unexpected() }
            #expect(facts["kinds"]?["memories"] == ["stored": 2, "indexed": 2, "differing": 1, "mended": 1, "unusable": 0])
            let hits = try await engine.search(SearchRequest(query: .vector([1, 0]), k: 10)).entries.map(\.hit)
            #expect(hits.map(\.id) == [kept.rows[1].id, kept.rows[0].id])
        }
    }

    @Test("a write whose answer was overtaken by another's does not put back what was there before", arguments: SharedHouse.addresses)
    func overtaken(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let kept = try await house.one.remember([MemoryDraft(agent: agent, content: "row", vector: [1, 0]), MemoryDraft(agent: agent, content: "gone", vector: [1, 0])])
        let ids = kept.rows.map(\.id)
        func scores(_ engine: House) async throws -> [Identifier: Float] {
            let hits = try await engine.search(SearchRequest(query: .vector([0, 1]), k: 10)).entries.map(\.hit)
            return Dictionary(uniqueKeysWithValues: hits.map { ($0.id, $0.score) })
        }
        #expect(try await house.eventually { try await scores(house.other).count == 2 })
        house.held.hold()
        async let early = house.one.perform(.update(MemoryPatch(id: ids[0], vector: .set([1, 1]))))
        async let lost = house.one.perform(.update(MemoryPatch(id: ids[1], vector: .set([1, 1]))))
        #expect(try await house.eventually { house.held.heldCount == 2 })
        _ = try await house.other.perform(.update(MemoryPatch(id: ids[0], vector: .set([0, 1])))).get()
        _ = try await house.other.perform(.delete([ids[1]])).get()
        #expect(try await house.eventually { try await scores(house.one) == [ids[0]: 1] })
        house.held.release()
        _ = try await (early.get(), lost.get())
        #expect(try await scores(house.one) == [ids[0]: 1])
        #expect(try await house.eventually { try await scores(house.one) == scores(house.other) })
    }

    @Test("both change the same rows at once, and in the end both have what the database has", arguments: SharedHouse.addresses)
    func race(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let drafts = (0..<40).map { MemoryDraft(agent: agent, content: "row \($0)", vector: [1, Float($0)]) }
        let ids = try await house.one.remember(drafts).rows.map(\.id)
        #expect(try await house.eventually { try await house.other.search(SearchRequest(query: .vector([1, 0]), k: 100)).entries.count == ids.count })
        house.one.engine.followOthers()
        house.other.engine.followOthers()
        let readers = [house.one.engine, house.other.engine].map { engine in
            Task {
                while !Task.isCancelled {
                    _ = try? engine.catchUp()
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        await withTaskGroup(of: Void.self) { writers in
            for number in 0..<8 {
                let mine = number % 2 == 0 ? house.one : house.other
                writers.addTask {
                    for step in 0..<40 {
                        let id = ids[(step * 7 + number) % ids.count]
                        if step % 10 == 9 {
                            _ = await mine.perform(.delete([id]))
                        } else {
                            _ = await mine.perform(.update(MemoryPatch(id: id, vector: .set([Float(number + 1), Float(step)]))))
                        }
                    }
                }
            }
        }
        for reader in readers { reader.cancel() }
        let fresh = try House(over: PostgresStore.open(house.configuration))
        let query = SearchRequest(query: .vector([1, 1]), k: 100)
        let wanted = try await fresh.search(query).entries.map(\.hit)
        #expect(!wanted.isEmpty && wanted.count < ids.count)
        #expect(try await house.eventually { try await house.one.search(query).entries.map(\.hit) == wanted })
        #expect(try await house.eventually { try await house.other.search(query).entries.map(\.hit) == wanted })
    }

    @Test("what plain SQL writes, changes and takes away, both find so", arguments: SharedHouse.addresses)
    func plainSQL(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let first = try await house.one.remember([MemoryDraft(agent: agent, content: "ours", vector: [1, 0])]).rows[0].id
        let sql = try PostgresConnection(house.configuration.address, secondsMax: 60)
        let table = "\(house.configuration.schema).agent_memories"
        func found(_ vector: [Float]) async throws -> [[Identifier]] {
            var all: [[Identifier]] = []
            for engine in [house.one, house.other] { all.append(try await engine.search(SearchRequest(query: .vector(vector), k: 10)).entries.map(\.hit.id)) }
            return all
        }
        let made = Identifier(high: 7, low: 7)
        try sql.script(
            "INSERT INTO \(table) (organization_id, id, agent_id, content, embedding) VALUES ('\(house.one.first.organization)', '\(made)', '\(agent)', 'theirs', '[0.9,0.1]')")
        #expect(try await house.eventually { try await found([1, 0]) == [[first, made], [first, made]] })
        try sql.script("UPDATE \(table) SET embedding = '[0,1]' WHERE id = '\(first)'")
        #expect(try await house.eventually { try await found([1, 0]) == [[made, first], [made, first]] })
        try sql.script("UPDATE \(table) SET content = 'of another meaning' WHERE id = '\(made)'")
        #expect(try await house.eventually { try await found([1, 0]) == [[first], [first]] })
        let last = try await house.one.remember([MemoryDraft(agent: agent, content: "more", vector: [1, 1])]).rows[0].id
        try sql.script("DELETE FROM \(table) WHERE id = '\(first)'")
        #expect(try await house.eventually { try await found([1, 0]) == [[last], [last]] })
        try sql.script("TRUNCATE \(table)")
        #expect(try await house.eventually { try await found([1, 0]) == [[], []] })
    }

    @Test("when changes are gone all rows are read anew, those that went away too", arguments: SharedHouse.addresses)
    func rebuilt(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let kept = try await house.one.remember((0..<20).map { MemoryDraft(agent: agent, content: "\($0)", vector: [1, Float($0)]) }).rows.map(\.id)
        let query = SearchRequest(query: .vector([1, 0]), k: 100, withContent: false)
        #expect(try await house.eventually { try await house.other.search(query).entries.count == 20 })
        let sql = try PostgresConnection(house.configuration.address, secondsMax: 60)
        let schema = house.configuration.schema
        // As a restore does: other rows, and no change that tells of them.
        try sql.script(
            """
            SET pinyon.writer = 'pinyon'; DELETE FROM \(schema).agent_memories WHERE id = '\(kept[0])';
            UPDATE \(schema).agent_memories SET embedding = '[0,1]' WHERE id = '\(kept[1])'; UPDATE \(schema).feed_state SET epoch = 'of before the restore'
            """)
        for engine in [house.one, house.other] {
            engine.engine.followOthers()
            var hits: [Hit] = []
            for _ in 0..<3_000 where hits.count != 19 {
                hits = try await engine.search(query).entries.map(\.hit)
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(hits.count == 19 && hits.last?.id == kept[1] && hits.last?.score == 0)
        }
        let late = try await house.one.remember([MemoryDraft(agent: agent, content: "late", vector: [1, 0])]).rows[0].id
        #expect(try await house.eventually { try await house.other.search(query).entries.contains { $0.hit.id == late } })
    }

    @Test("rows that cannot be read hold up no other, and a damaged key opens nothing", arguments: SharedHouse.addresses)
    func damaged(address: String) async throws {
        let house = try SharedHouse(address)
        let agent = try await house.one.agent()
        let first = try await house.one.remember([MemoryDraft(agent: agent, content: "first", vector: [1, 0])]).rows[0].id
        let sql = try PostgresConnection(house.configuration.address, secondsMax: 60)
        let (schema, organization) = (house.configuration.schema, house.one.first.organization)
        let row = "INSERT INTO \(schema).agent_memories (organization_id, agent_id, content, embedding"
        try sql.script(
            """
            \(row), tags) VALUES ('\(organization)', '\(agent)', 'x', '[1,1]', ARRAY[null]);
            \(row), tags) VALUES ('\(organization)', '\(agent)', 'x', '[1,1]', '{{a,b},{c,d}}');
            \(row), metadata) VALUES ('\(organization)', '\(agent)', 'x', '[1,1]', '{"a":1e400}');
            \(row)) VALUES ('\(organization)', '\(agent)', repeat('x', 13000000), '[1,1]');
            INSERT INTO \(schema).api_keys (organization_id, name, key_prefix, key_hash, role, kinds)
                VALUES ('\(organization)', 'x', 'pny_x', decode(repeat('00', 32), 'hex'), 'admin', ARRAY[null])
            """)
        let last = Identifier(high: 9, low: 9)
        try sql.script("\(row), id) VALUES ('\(organization)', '\(agent)', 'last', '[1,2]', '\(last)')")
        let query = SearchRequest(query: .vector([1, 0]), k: 100, withContent: false)
        for engine in [house.one, house.other] {
            #expect(try await house.eventually { try await engine.search(query).entries.map(\.hit.id).suffix(1) == [last] })
            #expect(try await engine.search(query).entries.map(\.hit.id).first == first)
        }
        // One that starts now takes what can be read.
        let fresh = try House(over: PostgresStore.open(house.configuration))
        #expect(try await fresh.search(query).entries.contains { $0.hit.id == last })
        fresh.store.close()
    }
}
