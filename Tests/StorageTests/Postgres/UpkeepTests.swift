import Dispatch
import Foundation
import Records
@testable import Storage
import Synchronization
import Testing

/// What is made and dropped beside those who write.
@Suite struct UpkeepTests {
    private typealias House = RecordContractTests.House
    private typealias State = PostgresStore.VectorIndex.State

    private struct Place {
        let home: PostgresHome
        let store: PostgresStore
        var house: House
        let sql: PostgresConnection

        init(_ maker: PostgresMaker, seed: UInt64) async throws {
            home = try maker.makeDatabase()
            store = try home.openPostgres()
            house = try await House(in: store, seed: seed)
            sql = try home.connect()
        }

        /// Memories whose vectors are of that space.
        func fill(_ space: Identifier, dimension: Int, count: Int, beside: String) throws {
            try sql.script(
                """
                INSERT INTO pinyon.agent_memories (organization_id, agent_id, content, embedding_space_id, \(beside)embedding)
                SELECT '\(house.world.organization.id)', '\(house.world.agent.id)', 'x', '\(space)', array_fill((i % 7 + 1)::real, ARRAY[\(dimension)])::vector
                FROM generate_series(1, \(count)) AS i
                """)
        }

        func indexes() throws -> [PostgresStore.VectorIndex] {
            var all: [PostgresStore.VectorIndex] = []
            try PostgresStore.indexVectors(home.configuration) { all.append($0) }
            return all.filter { $0.rows > 2 }
        }

        /// The process that makes an index, or drops what is left of one, as soon as there is one.
        func maker() async throws -> Int64? {
            for _ in 0..<3_000 {
                let found = try sql.ask("SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query ~ '^(CREATE|DROP) INDEX'")
                if found.count > 0 { return found.integer(0, 0) }
                try await Task.sleep(for: .milliseconds(20))
            }
            return nil
        }
    }

    @Test("an index is made while others write, and after it was broken off it is made again", arguments: PostgresMaker.all)
    func brokenOff(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 931)
        defer { place.store.close() }
        try place.fill(place.house.world.space.id, dimension: World.dimension, count: 1_000, beside: maker.beside)
        let writer = try place.home.connect()
        let insertion = "INSERT INTO pinyon.agent_memories (organization_id, agent_id, content) VALUES ('\(place.house.world.organization.id)', '\(place.house.world.agent.id)', 'open')"
        for isBrokenOff in [true, false] {
            // Whose transaction is open is waited for.
            try writer.script("BEGIN; \(insertion)")
            let (home, outcome) = (place.home, Outcome())
            DispatchQueue(label: "upkeep").async {
                var states: [State] = []
                do throws(StorageError) {
                    try PostgresStore.indexVectors(home.configuration) { if $0.rows > 2 { states.append($0.state) } }
                    outcome.set(.success(states))
                } catch {
                    outcome.set(.failure(error))
                }
            }
            let process = try #require(try await place.maker())
            // Others write meanwhile.
            let memory = place.house.world.memory()
            _ = try await place.store.write(place.house.world.request(.remember([memory])))
            if isBrokenOff {
                try place.sql.script("SELECT pg_terminate_backend(\(process))")
                #expect(await outcome.value.failed)
            }
            try writer.script("COMMIT")
            guard !isBrokenOff else { continue }
            let states = try await outcome.value.get()
            guard states.count == 1, case .made(_, lists: 1) = states[0] else {
                Issue.record("\(states)")
                return
            }
        }
        let left = try place.sql.ask(
            "SELECT count(*) FILTER (WHERE c.relname LIKE '%_new'), count(*) FILTER (WHERE NOT i.indisvalid), count(*) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relname LIKE 'idx%vectors%'")
        #expect(left.integer(0, 0) == 0 && left.integer(0, 1) == 0 && left.integer(0, 2) == 1)
    }

    @Test("of wide vectors an index holds half the precision, and of wider ones there is none", arguments: PostgresMaker.all)
    func wide(maker: PostgresMaker) async throws {
        let place = try await Place(maker, seed: 932)
        defer { place.store.close() }
        let (half, none) = (Identifier(high: 1, low: 1), Identifier(high: 1, low: 2))
        for (space, dimension) in [(half, 2_001), (none, 4_001)] {
            try place.sql.script(
                """
                CREATE TEMPORARY TABLE space AS SELECT * FROM pinyon.embedding_spaces LIMIT 1;
                UPDATE space SET id = '\(space)', dimension = \(dimension), is_main = false, model = 'wide-\(dimension)';
                INSERT INTO pinyon.embedding_spaces SELECT * FROM space;
                DROP TABLE space
                """)
            try place.fill(space, dimension: dimension, count: 1_000, beside: "other_")
        }
        let found = try place.indexes()
        let (wide, wider) = (try #require(found.first { $0.space == half }), try #require(found.first { $0.space == none }))
        #expect(found.count == 2 && wide.dimension == 2_001 && wider.dimension == 4_001)
        guard case .made(let name, lists: 1) = wide.state, case .tooWide = wider.state else {
            Issue.record("\(found)")
            return
        }
        let query = "array_fill(1::real, ARRAY[2001])::halfvec(2001)"
        try place.sql.script("ANALYZE pinyon.agent_memories; SET enable_seqscan = off; SET enable_sort = off")
        let plan = try place.sql.ask(
            "EXPLAIN SELECT id FROM pinyon.agent_memories WHERE embedding_space_id = '\(half)' ORDER BY (other_embedding::halfvec(2001)) <=> \(query) LIMIT 5")
        #expect((0..<plan.count).contains { plan.text($0, 0).contains(name) })
        guard case .kept(name, lists: 1)? = try place.indexes().first(where: { $0.space == half })?.state else {
            Issue.record("made again")
            return
        }
    }

    @Test("two that make the next months at once make each of them once", arguments: PostgresMaker.all)
    func months(maker: PostgresMaker) async throws {
        let place = try await Place(maker, seed: 933)
        defer { place.store.close() }
        try place.sql.script("CREATE OR REPLACE FUNCTION pinyon.this_month() RETURNS date LANGUAGE sql AS $$ SELECT (date_trunc('month', now()) + interval '5 months')::date $$")
        let home = place.home
        let names = try PostgresNames(schema: home.configuration.schema)
        let outcomes = (0..<4).map { _ in Outcome() }
        for outcome in outcomes {
            DispatchQueue(label: "upkeep").async {
                do throws(StorageError) {
                    try PostgresUpkeep.run(try PostgresConnection(home.configuration), names)
                    outcome.set(.success([]))
                } catch {
                    outcome.set(.failure(error))
                }
            }
        }
        for outcome in outcomes { _ = try await outcome.value.get() }
        // Whoever found another at it left it to him, also what was past and empty.
        try PostgresUpkeep.run(place.sql, names)
        let months = try place.sql.ask("SELECT count(*), count(DISTINCT month), max(month) = pinyon.this_month() + interval '2 months', min(month) >= date_trunc('month', now()) FROM pinyon.message_months")
        #expect(months.integer(0, 0) == months.integer(0, 1) && months.flag(0, 2) == true && months.flag(0, 3) == true)
        let partitions = try place.sql.ask("SELECT count(*) FROM pg_inherits WHERE inhparent = 'pinyon.messages'::regclass")
        #expect(partitions.integer(0, 0) == (months.integer(0, 0) ?? 0) + 3)
    }

    /// What another thread ended with.
    private final class Outcome: Sendable {
        private let result = Mutex<Result<[State], StorageError>?>(nil)

        func set(_ value: Result<[State], StorageError>) { result.withLock { $0 = value } }

        var value: Result<[State], StorageError> {
            get async {
                while true {
                    if let value = result.withLock({ $0 }) { return value }
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
        }
    }
}

extension Result {
    fileprivate var failed: Bool { if case .failure = self { true } else { false } }
}
