import Foundation
import Records
@testable import Storage
import Testing

/// What another program writes with plain SQL.
@Suite struct PlainSQLTests {
    private typealias House = RecordContractTests.House

    /// A store with a house, and a connection of the tables' owner.
    private struct Place {
        let home: PostgresHome
        let store: PostgresStore
        var house: House
        let sql: PostgresConnection
        var organization: Identifier { house.world.organization.id }

        init(_ maker: PostgresMaker, seed: UInt64) async throws {
            home = try maker.makeDatabase()
            store = try home.openPostgres()
            house = try await House(in: store, seed: seed)
            sql = try home.connect()
        }

        func counts() async throws -> StoreCounts { try await store.counts(of: organization) }

        /// Those that came since, when they can be read.
        func changes(after number: Int64, count: Int) async throws -> [ChangeRecord] {
            for _ in 0..<3_000 {
                let all: [ChangeRecord] = try await store.changes().filter { $0.number > number }
                if all.count >= count { return all }
                try await Task.sleep(for: .milliseconds(20))
            }
            return []
        }

        /// Of those too that cannot be read yet.
        func last() throws -> Int64 { try sql.ask("SELECT max(number) FROM pinyon.changes").integer(0, 0) ?? 0 }
    }

    @Test("a row is completed, told, counted and waits for its vector", arguments: PostgresMaker.all)
    func insertAndUpdate(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 901)
        defer { place.store.close() }
        let (organization, agent) = (place.organization, place.house.world.agent.id)
        // Vectors of a model's are made by the server.
        try place.sql.script("UPDATE pinyon.embedding_spaces SET provider = 'local'")
        let before = try await place.counts()
        let last = try place.last()
        try place.sql.script("INSERT INTO pinyon.agent_memories (organization_id, id, agent_id, content) VALUES ('\(organization)', '\(organization)', '\(agent)', 'plain')")
        let told = try await place.changes(after: last, count: 1)
        #expect(told.map(\.record) == [organization] && told[0].kind == .memory && told[0].operation == .put && told[0].version == 1)
        var counts = try await place.counts()
        #expect(counts[.memory].rows == before[.memory].rows + 1 && counts[.memory].withVectors == before[.memory].withVectors && counts.waits.count == before.waits.count + 1)

        let vector = place.house.world.vector()
        let text = "[\(vector.map { "\($0)" }.joined(separator: ","))]"
        try place.sql.script("UPDATE pinyon.agent_memories SET \(maker.beside)embedding = '\(text)' WHERE id = '\(organization)'")
        var memory = try #require(try await place.store.memories([organization], of: organization).first)
        #expect(memory.version == 2 && memory.embedding == Embedding(space: place.house.world.space.id, vector: vector))
        counts = try await place.counts()
        #expect(counts[.memory].withVectors == before[.memory].withVectors + 1 && counts.waits.count == before.waits.count)

        try place.sql.script("UPDATE pinyon.agent_memories SET content = 'another' WHERE id = '\(organization)'")
        memory = try #require(try await place.store.memories([organization], of: organization).first)
        #expect(memory.version == 3 && memory.embedding == nil)
        counts = try await place.counts()
        #expect(counts[.memory].withVectors == before[.memory].withVectors && counts.waits.count == before.waits.count + 1)

        try place.sql.script("DELETE FROM pinyon.agent_memories WHERE id = '\(organization)'")
        #expect(try await place.changes(after: last, count: 4).last.map { $0.operation == .remove && $0.version == 3 } == true)
        counts = try await place.counts()
        #expect(counts == before)
    }

    @Test("when a memory is forgotten, and by what the same text is found, is put right by the next sweep; one that SQL hides is hidden, and one that it ends has ended", arguments: PostgresMaker.all)
    func keeping(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 903)
        defer { place.store.close() }
        let (organization, agent) = (place.organization, place.house.world.agent.id)
        let ids = (0..<3).map { _ in place.house.world.id() }
        let now = place.house.world.time.adding(seconds: 60)
        let rows = ids.enumerated().map { "('\(organization)', '\($1)', '\(agent)', 'Plain \($0)', '\(now)', '\(now)')" }.joined(separator: ", ")
        try place.sql.script("INSERT INTO pinyon.agent_memories (organization_id, id, agent_id, content, created_at, updated_at) VALUES \(rows)")
        #expect(try await place.store.memories(ids, of: organization).allSatisfy { $0.forgetAt == Timestamp(microseconds: 0) })
        let sweep = WriteRequest(organization: organization, at: now, action: .forget(Sweep(limit: 10, hiddenBefore: startTime)))
        #expect(try await place.store.write(sweep).receipt.rows.count == 3)
        #expect(try await place.store.write(sweep).receipt.rows.isEmpty)
        #expect(try await place.store.memories(ids, of: organization).allSatisfy { $0 == $0.dated && $0.deletedAt == nil })
        let again = Memory(id: place.house.world.id(), organization: organization, agent: agent, type: .fact, content: "PLAIN 1", createdAt: now, updatedAt: now)
        let kept = try await place.store.write(WriteRequest(organization: organization, at: now, action: .remember([again], [Keeping()])))
        #expect(kept.receipt.rows.map(\.id) == [ids[1]])
        let last = try place.last()
        try place.sql.script("UPDATE pinyon.agent_memories SET deleted_at = now() WHERE id = '\(ids[0])'; UPDATE pinyon.agent_memories SET valid_to = now() WHERE id = '\(ids[2])'")
        #expect(try await place.changes(after: last, count: 2).map(\.operation) == [.remove, .put])
        #expect(try await place.counts()[.memory].deleted == 1)
        #expect(try await place.store.memories([ids[0]], of: organization).isEmpty)
        let ended = try #require(try await place.store.memories([ids[2]], of: organization).first)
        #expect(ended.validity.to != nil && ended.validity.closedAt == ended.validity.to)
        #expect(throws: (any Error).self) { try place.sql.script("UPDATE pinyon.agent_memories SET valid_from = '3000-01-01', valid_to = '2000-01-01' WHERE id = '\(ids[1])'") }
    }

    @Test("with a memory that SQL deletes goes what the digests of its text are made by, and with all of them all", arguments: PostgresMaker.all)
    func auditKeys(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 904)
        defer { place.store.close() }
        let organization = place.organization
        let memories = (0..<3).map { place.house.world.memory("memory \($0)") }
        _ = try await place.store.write(place.house.world.request(.remember(memories)))
        let trace = place.house.world.trace(memories.map { RecallTrace.Found($0, score: 1) })
        _ = try await place.store.write(place.house.world.request(.trace([trace])))
        func keys() throws -> Set<Identifier> {
            try place.store.reads.inSnapshot(of: organization) { session throws(StorageError) in Set(try session.auditKeys(of: memories.map(\.id), organization).keys) }
        }
        #expect(try keys() == Set(memories.map(\.id)))
        try place.sql.script("DELETE FROM pinyon.agent_memories WHERE id = '\(memories[0].id)'")
        #expect(try keys() == Set(memories[1...].map(\.id)))
        try place.sql.script("TRUNCATE pinyon.agent_memories")
        #expect(try keys().isEmpty)
        #expect(try await place.store.records(.audit, [trace.id], of: organization).count == 1)
    }

    @Test("a conversation follows its messages, and they follow it", arguments: PostgresMaker.all)
    func conversations(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 902)
        defer { place.store.close() }
        let (organization, conversation) = (place.organization, place.house.conversations[0])
        let ours = [place.house.message("one"), place.house.message("two")]
        _ = try await place.store.write(place.house.world.request(.create(ours)))
        let known = try await place.house.conversation(in: place.store)
        // The same two again, by SQL.
        try place.sql.script(
            """
            INSERT INTO pinyon.messages (organization_id, conversation_id, user_id, role, content, \(maker.beside)embedding)
            SELECT organization_id, conversation_id, user_id, role, content, \(maker.beside)embedding FROM pinyon.messages WHERE conversation_id = '\(conversation.id)'
            """)
        var found = try await place.house.conversation(in: place.store)
        #expect(found.integer(.messageCount) == 4 && found.integer(.vectorCount) == (known.integer(.vectorCount) ?? 0) + 2 && found.version == known.version)
        let (sum, twice) = (try #require(known.embedding?.vector), try #require(found.embedding?.vector))
        #expect(zip(sum, twice).allSatisfy { abs(2 * $0 - $1) < 1e-5 })
        try place.sql.script("UPDATE pinyon.messages SET deleted_at = now() WHERE conversation_id = '\(conversation.id)' AND id NOT IN ('\(ours[0].id)', '\(ours[1].id)')")
        found = try await place.house.conversation(in: place.store)
        #expect(found.integer(.messageCount) == 2 && found.integer(.vectorCount) == known.integer(.vectorCount))
        #expect(zip(sum, try #require(found.embedding?.vector)).allSatisfy { abs($0 - $1) < 1e-5 })

        let third = place.house.message("three")
        _ = try await place.store.write(place.house.world.request(.create([third])))
        let before = try await place.counts()
        try place.sql.script("DELETE FROM pinyon.messages WHERE id = '\(third.id)'")
        let counts = try await place.counts()
        #expect(counts[.message].rows == before[.message].rows - 1 && counts[.message].withVectors == before[.message].withVectors - 1)
        found = try await place.house.conversation(in: place.store)
        #expect(found.integer(.messageCount) == 2 && found.integer(.vectorCount) == known.integer(.vectorCount))
        #expect(zip(sum, try #require(found.embedding?.vector)).allSatisfy { abs($0 - $1) < 1e-5 })

        let last = try place.last()
        try place.sql.script("UPDATE pinyon.conversations SET deleted_at = now() WHERE id = '\(conversation.id)'")
        var told = try await place.changes(after: last, count: 3)
        #expect(told.allSatisfy { $0.operation == .remove } && Set(told.map(\.record)) == Set(ours.map(\.id) + [conversation.id]))
        #expect(try await place.store.records(.conversation, [conversation.id], of: organization).isEmpty)
        try place.sql.script("UPDATE pinyon.conversations SET status = 'active' WHERE id = '\(conversation.id)'")
        told = try await place.changes(after: last, count: 6)
        #expect(told.suffix(3).allSatisfy { $0.operation == .put } && Set(told.suffix(3).map(\.record)) == Set(ours.map(\.id) + [conversation.id]))
        #expect(try await place.store.records(.message, ours.map(\.id), of: organization).count == 2)
        try place.sql.script("UPDATE pinyon.conversations SET title = 'Another', \(maker.beside)title_embedding = (SELECT \(maker.beside)embedding FROM pinyon.messages WHERE id = '\(ours[0].id)') WHERE id = '\(conversation.id)'")
        found = try await place.house.conversation(in: place.store)
        #expect(found.vector(.titleVector) == ours[0].embedding?.vector && found.text(.title) == "Another")
    }

    @Test("the columns hold vectors of one space, and what is written to the wrong ones goes where it belongs", arguments: PostgresMaker.all)
    func spaces(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 911)
        defer { place.store.close() }
        var other = World(seed: 912, slug: "other")
        let model = EmbeddingModel(provider: "none", name: "wide", revision: "1", dimension: World.dimension + 3)
        let space = EmbeddingSpace(id: other.id(), organization: other.organization.id, model: model, createdAt: startTime)
        _ = try await place.store.write(other.request(.createOrganization(other.organization, other.key)))
        _ = try await place.store.write(other.request(.ensureAgent(other.agent)))
        _ = try await place.store.write(other.request(.ensureSpace(space)))
        var wide = other.memory(hasVector: false)
        wide.embedding = Embedding(space: space.id, vector: (0..<model.dimension).map { Float($0 + 1) })
        _ = try await place.store.write(other.request(.remember([wide])))
        let memory = place.house.world.memory()
        _ = try await place.store.write(place.house.world.request(.remember([memory])))
        #expect(try await place.store.memories([wide.id], of: other.organization.id) == [wide])
        // All of one dimension, whoever has them.
        let main = maker.isBeside ? World.dimension + 1 : World.dimension
        let query = "[\((0..<main).map { "\($0)" }.joined(separator: ","))]"
        let found = try place.sql.ask("SELECT id FROM pinyon.agent_memories WHERE embedding IS NOT NULL ORDER BY embedding <=> '\(query)' LIMIT 5").identifiers()
        #expect(found == (maker.isBeside ? [] : [memory.id]))
        #expect(try place.sql.ask("SELECT vector_dims(other_embedding)::bigint FROM pinyon.agent_memories WHERE id = '\(wide.id)'").integer(0, 0) == Int64(model.dimension))
        let vector = place.house.world.vector()
        let text = "[\(vector.map { "\($0)" }.joined(separator: ","))]"
        try place.sql.script("UPDATE pinyon.agent_memories SET other_embedding = '\(text)' WHERE id = '\(memory.id)'")
        #expect(try await place.store.memories([memory.id], of: place.organization).first?.embedding?.vector == vector)
        #expect(try place.sql.ask("SELECT count(*) FROM pinyon.agent_memories WHERE id = '\(memory.id)' AND \(maker.beside)embedding IS NOT NULL").integer(0, 0) == 1)
        try place.sql.script("UPDATE pinyon.agent_memories SET content = 'another'")
        #expect(try await place.store.memories([memory.id, wide.id], of: other.organization.id).allSatisfy { $0.embedding == nil })
    }

    @Test("a vector that cannot be compared is refused, with the row", arguments: PostgresMaker.all)
    func badVectors(maker: PostgresMaker) async throws {
        let place = try await Place(maker, seed: 903)
        defer { place.store.close() }
        let (organization, agent) = (place.organization, place.house.world.agent.id)
        let dimension = place.house.world.space.dimension
        for (vector, word) in [("[1]", "dimensions"), ("[\([String](repeating: "0", count: dimension).joined(separator: ","))]", "direction"), ("[NaN]", "NaN")] {
            let error = await storageError {
                try place.sql.script("INSERT INTO pinyon.agent_memories (organization_id, agent_id, content, \(maker.beside)embedding) VALUES ('\(organization)', '\(agent)', 'x', '\(vector)')")
            }
            #expect("\(String(describing: error))".contains(word))
        }
    }

    @Test("a transaction that stays open holds up nobody who writes other rows, and what both count adds up", arguments: PostgresMaker.all)
    func openTransaction(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 910)
        defer { place.store.close() }
        let before = try await place.counts()[.memory].rows
        try place.sql.script("BEGIN; INSERT INTO pinyon.agent_memories (organization_id, agent_id, content) VALUES ('\(place.organization)', '\(place.house.world.agent.id)', 'x')")
        for _ in 0..<3 { _ = try await place.store.write(place.house.world.request(.remember([place.house.world.memory()]))) }
        #expect(try await place.counts()[.memory].rows == before + 3)
        try place.store.tend()
        try place.sql.script("COMMIT")
        #expect(try await place.counts()[.memory].rows == before + 4)
        try place.store.tend()
        #expect(try await place.counts()[.memory].rows == before + 4)
        #expect(try place.sql.ask("SELECT count(*) FROM pinyon.counted").integer(0, 0) == 0)
        // What was not added up yet is, before its table goes.
        _ = try await place.store.write(place.house.world.request(.remember([place.house.world.memory()])))
        #expect(try PostgresStore.migrate(place.home.configuration, to: 4) == PostgresStore.schemaVersionMax)
        #expect(try place.sql.ask("SELECT rows FROM pinyon.counters WHERE kind = 1").integer(0, 0) == before + 5)
    }

    @Test("two that write messages at once lose none of the conversation's vector", arguments: PostgresMaker.all)
    func concurrentMessages(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 908)
        defer { place.store.close() }
        let (organization, conversation) = (place.organization, place.house.conversations[0].id)
        func insertion(_ vector: [Float]) -> String {
            let text = "[\(vector.map { "\($0)" }.joined(separator: ","))]"
            return "INSERT INTO pinyon.messages (organization_id, conversation_id, user_id, role, content, \(maker.beside)embedding) VALUES ('\(organization)', '\(conversation)', '\(place.house.users[0].id)', 'user', 'x', '\(text)')"
        }
        let vectors = [place.house.world.vector(), place.house.world.vector()]
        let insertions = vectors.map(insertion)
        try place.sql.script("BEGIN; \(insertions[0])")
        // It waits for the first, on no thread that the first could need.
        let home = place.home
        async let second: Void = withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try home.connect().script(insertions[1]) }) }
        }
        try await Task.sleep(for: .milliseconds(300))
        try place.sql.script("COMMIT")
        try await second
        let found = try await place.house.conversation(in: place.store)
        let wanted = zip(VectorSum.unit(vectors[0]), VectorSum.unit(vectors[1])).map { $0 + $1 }
        #expect(found.integer(.messageCount) == 2 && found.integer(.vectorCount) == 2)
        #expect(zip(wanted, try #require(found.embedding?.vector)).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("a row keeps its identity, and what follows from other rows is nobody's to set", arguments: PostgresMaker.all)
    func identity(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 909)
        defer { place.store.close() }
        let memory = place.house.world.memory()
        _ = try await place.store.write(place.house.world.request(.remember([memory])))
        for change in ["id = '\(place.house.world.id())'", "organization_id = '\(place.house.world.id())'"] {
            #expect(await storageError { try place.sql.script("UPDATE pinyon.agent_memories SET \(change)") } != nil)
        }
        try place.sql.script("UPDATE pinyon.agent_memories SET version = 1; UPDATE pinyon.agent_memories SET version = 1; UPDATE pinyon.conversations SET message_count = 99")
        #expect(try await place.store.memories([memory.id], of: place.organization).first?.version == 3)
        #expect(try await place.house.conversation(in: place.store).integer(.messageCount) == 0)
        // A tenant tells of changes, and takes none back.
        try place.sql.script("SET pinyon.organization = '\(place.organization)'; SET ROLE pinyon_service")
        for forged in [
            "INSERT INTO pinyon.changes (transaction, organization_id, kind, record_id, version, operation) VALUES ('9999999', '\(place.organization)', 1, '\(memory.id)', 1, 1)",
            "INSERT INTO pinyon.changes (organization_id, kind, record_id, version, operation) VALUES ('\(place.organization)', 1, '\(memory.id)', 1, 3)",
            "INSERT INTO pinyon.changes (organization_id, kind, record_id, version, operation) VALUES ('\(place.organization)', 99, '\(memory.id)', 1, 1)",
            "DELETE FROM pinyon.changes", "UPDATE pinyon.changes SET version = 7", "DELETE FROM pinyon.embedding_spaces",
        ] { #expect(await storageError { try place.sql.script(forged) } != nil, "\(forged)") }
        try place.sql.script("UPDATE pinyon.agent_memories SET importance_score = 0.1")
    }

    @Test("what was truncated is told for all, and an organization that SQL made is counted", arguments: PostgresMaker.all)
    func truncation(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 904)
        defer { place.store.close() }
        _ = try await place.store.write(place.house.world.request(.remember([place.house.world.memory()])))
        let last = try place.last()
        try place.sql.script("TRUNCATE pinyon.agent_memories")
        let told = try await place.changes(after: last, count: 1)
        #expect(told.map(\.operation) == [.clear] && told[0].kind == .memory && told[0].organization == .none)
        #expect(try await place.counts()[.memory] == StoreCounts.Count())
        let made = place.house.world.id()
        try place.sql.script("INSERT INTO pinyon.organizations (id, name, slug) VALUES ('\(made)', 'Plain', 'plain')")
        #expect(try await place.store.counts(of: made)[.memory] == StoreCounts.Count())
    }

    @Test("messages lie in their months, and a month goes at once, with all that it leaves behind", arguments: PostgresMaker.all)
    func months(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 913)
        defer { place.store.close() }
        let (organization, conversation) = (place.organization, place.house.conversations[0])
        let this = try #require(try place.sql.ask("SELECT pinyon.first_id(now())").identifier(0, 0))
        // Of the present month by their identifiers, of long ago, and of no time.
        var ours = (0..<3).map { place.house.message("\($0)") }
        for number in 0..<2 {
            let (id, old) = (Identifier(high: this.high | UInt64(number), low: 1), ours[number])
            ours[number] = Record(.message, id: id, organization: organization, createdAt: old.createdAt, row: old.values, embedding: old.embedding)
        }
        _ = try await place.store.write(place.house.world.request(.create(ours)))
        let other = Identifier(high: .max, low: .max)
        try place.sql.script(
            """
            INSERT INTO pinyon.messages (organization_id, id, conversation_id, user_id, role, content)
            VALUES ('\(organization)', '\(other)', '\(conversation.id)', '\(place.house.users[0].id)', 'user', 'x')
            """)
        func partitions() throws -> [String: Int64] {
            let found = try place.sql.ask("SELECT tableoid::regclass::text, count(*) FROM pinyon.messages GROUP BY 1")
            return Dictionary(uniqueKeysWithValues: (0..<found.count).map { (found.text($0, 0), found.integer($0, 1) ?? 0) })
        }
        let month = try place.sql.ask("SELECT pinyon.partition_of(pinyon.this_month())").text(0, 0)
        #expect(try partitions() == ["pinyon.\(month)": 2, "pinyon.messages_earlier": 1, "pinyon.messages_other": 1])
        let before = try await place.counts()
        #expect(try place.sql.ask("SELECT pinyon.drop_month()").isNull(0, 0))

        // Time goes by.
        try place.sql.script("CREATE OR REPLACE FUNCTION pinyon.this_month() RETURNS date LANGUAGE sql AS $$ SELECT (date_trunc('month', now()) + interval '5 months')::date $$")
        try place.store.tend()
        #expect(try place.sql.ask("SELECT count(*) FROM pinyon.message_months").integer(0, 0) == 8)
        let last = try place.last()
        #expect(try place.sql.ask("SELECT pinyon.drop_month()").integer(0, 0) == 2)
        let told = try await place.changes(after: last, count: 2)
        let clear = try #require(told.first { $0.operation == .clear })
        #expect(clear.kind == .message && ours.map { clear.mayHaveCleared($0.id) } == [true, true, false] && !clear.mayHaveCleared(other))
        #expect(told.contains { $0.kind == .conversation && $0.record == conversation.id })
        let counts = try await place.counts()
        #expect(counts[.message].rows == before[.message].rows - 2 && counts[.message].withVectors == before[.message].withVectors - 2)
        let found = try await place.house.conversation(in: place.store)
        #expect(found.integer(.messageCount) == 2)
        let wanted = VectorSum.unit(try #require(ours[2].embedding?.vector))
        #expect(zip(wanted, try #require(found.embedding?.vector)).allSatisfy { abs($0 - $1) < 1e-5 })

        // A month that must be empty stays when it is not any more.
        try place.sql.script(
            """
            INSERT INTO pinyon.messages (organization_id, id, conversation_id, user_id, role, content)
            SELECT '\(organization)', pinyon.first_id_of(min(month)), '\(conversation.id)', '\(place.house.users[0].id)', 'user', 'y' FROM pinyon.message_months
            """)
        #expect(try place.sql.ask("SELECT pinyon.drop_month(true)").isNull(0, 0))
        #expect(try place.sql.ask("SELECT count(*) FROM pinyon.messages WHERE content = 'y'").integer(0, 0) == 1)
        try place.sql.script("DELETE FROM pinyon.messages WHERE content = 'y'")

        // What is of that time goes somewhere still; months without a message go by themselves.
        _ = try await place.store.write(place.house.world.request(.create([ours[0]])))
        #expect(try partitions() == ["pinyon.messages_earlier": 2, "pinyon.messages_other": 1])
        try place.store.tend()
        #expect(try place.sql.ask("SELECT count(*) FROM pinyon.message_months").integer(0, 0) == 3)
        #expect(try PostgresStore.migrate(place.home.configuration, to: 7) == PostgresStore.schemaVersionMax)
        _ = try PostgresStore.migrate(place.home.configuration, to: PostgresStore.schemaVersionMax)
        #expect(try partitions() == ["pinyon.messages_earlier": 2, "pinyon.messages_other": 1])
        #expect(try place.sql.ask("SELECT min(month) > now(), count(*) FROM pinyon.message_months").integer(0, 1) == 3)
    }

    @Test("pgvector's indexes are made where there are rows, by their number and dimensions, and serve plain SQL", arguments: PostgresMaker.all)
    func vectorIndexes(maker: PostgresMaker) async throws {
        let place = try await Place(maker, seed: 914)
        defer { place.store.close() }
        func indexes() throws -> [PostgresStore.VectorIndex] {
            var all: [PostgresStore.VectorIndex] = []
            try PostgresStore.indexVectors(place.home.configuration) { all.append($0) }
            return all.filter { $0.rows > 2 }
        }
        func fill(_ kind: Kind, _ rows: ClosedRange<Int>) throws {
            let (table, others, values) =
                kind == .memory
                ? ("agent_memories", "agent_id, content", "'\(place.house.world.agent.id)'::uuid, 'x'")
                : ("messages", "conversation_id, user_id, role, content", "'\(place.house.conversations[0].id)'::uuid, '\(place.house.users[0].id)'::uuid, 'user', 'x'")
            try place.sql.script(
                """
                INSERT INTO pinyon.\(table) (organization_id, \(others), \(maker.beside)embedding)
                SELECT '\(place.organization)', \(values), array_fill((i % 7 + 1)::real, ARRAY[\(World.dimension)])::vector FROM generate_series(\(rows.lowerBound), \(rows.upperBound)) AS i
                """)
        }
        #expect(try indexes().isEmpty)
        try fill(.memory, 1...1_000)
        try fill(.message, 1...999)
        var found = try indexes()
        #expect(found.map(\.table) == ["agent_memories", try place.sql.ask("SELECT pinyon.partition_of(pinyon.this_month())").text(0, 0)])
        guard found.count == 2, case .made(let name, lists: 1) = found[0].state, case .tooFew = found[1].state else {
            Issue.record("\(found)")
            return
        }
        #expect(found[0].dimension == World.dimension && found[0].space == place.house.world.space.id)
        found = try indexes()
        guard case .kept(name, lists: 1) = found[0].state else {
            Issue.record("\(found)")
            return
        }
        try fill(.memory, 1...2_000)
        found = try indexes()
        guard case .made(name, lists: 3) = found[0].state else {
            Issue.record("\(found)")
            return
        }
        let query = "[\([String](repeating: "1", count: World.dimension).joined(separator: ","))]"
        let (column, condition) = maker.isBeside ? ("other_embedding::vector(\(World.dimension))", " WHERE embedding_space_id = '\(place.house.world.space.id)'") : ("embedding", "")
        try place.sql.script("ANALYZE pinyon.agent_memories; SET enable_seqscan = off")
        let plan = try place.sql.ask("EXPLAIN SELECT id FROM pinyon.agent_memories\(condition) ORDER BY \(column) <=> '\(query)' LIMIT 5")
        #expect((0..<plan.count).contains { plan.text($0, 0).contains(name) })
    }

    @Test("what is kept of numbers is compared with the rows", arguments: PostgresMaker.all)
    func check(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 915)
        defer { place.store.close() }
        _ = try await place.store.write(place.house.world.request(.create([place.house.message("one")])))
        func findings() throws -> [String] {
            var found: [String] = []
            try StoreCheck.run(place.store) { found += $0.findings }
            return found
        }
        #expect(try findings().isEmpty)
        // Numbers that no double holds are kept as their digits.
        try place.sql.script("INSERT INTO pinyon.agent_memories (organization_id, agent_id, content, metadata) VALUES ('\(place.organization)', '\(place.house.world.agent.id)', 'x', '{\"n\": 1e400}')")
        #expect(try findings().isEmpty)
        let strange = "INSERT INTO pinyon.agent_memories (organization_id, agent_id, content, other_embedding, embedding_space_id) VALUES ('\(place.organization)', '\(place.house.world.agent.id)', 'x', '[1,2]', '\(place.house.world.space.id)')"
        try place.sql.script("BEGIN; SET LOCAL pinyon.writer = 'pinyon'; \(strange); COMMIT; DELETE FROM pinyon.agent_memories WHERE false")
        #expect(try findings().contains("memories: 1 with a vector that is not of their space, which no search finds"))
        try place.sql.script("SET pinyon.writer = 'pinyon'; DELETE FROM pinyon.agent_memories WHERE vector_dims(other_embedding) = 2; RESET pinyon.writer")
        let conversation = place.house.conversations[0].id
        try place.sql.script("UPDATE pinyon.counters SET rows = rows + 7 WHERE kind = \(Kind.message.rawValue); SET pinyon.writer = 'pinyon'; UPDATE pinyon.conversations SET message_count = 5 WHERE id = '\(conversation)'")
        #expect(try findings() == ["messages: kept as 8, 1 with vectors, 0 deleted, found 1, 1 with vectors, 0 deleted", "conversation \(conversation): kept 5 messages, found 1"])
    }

    @Test("views count each row once, and show no other organization's; a backup reads all", arguments: PostgresMaker.all)
    func views(maker: PostgresMaker) async throws {
        var place = try await Place(maker, seed: 905)
        defer { place.store.close() }
        let other = try await House(in: place.store, seed: 906, slug: "other")
        _ = try await place.store.write(place.house.world.request(.create([place.house.message("one"), place.house.message("two"), place.house.message("three", in: 1)])))
        try place.sql.script("UPDATE pinyon.messages SET tokens_used = 5, cost = 0.5, role = 'assistant', quality_score = 8; SET ROLE pinyon_service")
        try place.sql.script("SET pinyon.organization = '\(place.organization)'; SET search_path = pinyon")
        let usage = try place.sql.ask("SELECT organization_id, user_count, conversation_count, total_messages::bigint, total_tokens::bigint, total_cost FROM organization_usage")
        #expect(usage.count == 1 && usage.identifier(0, 0) == place.organization)
        #expect((1...4).map { usage.integer(0, $0) } == [2, 2, 3, 15] && usage.number(0, 5) == 1.5)
        let stats = try place.sql.ask("SELECT message_count, actual_message_count, avg_quality_score FROM conversation_stats ORDER BY message_count DESC")
        #expect(stats.count == 2 && stats.integer(0, 0) == 2 && stats.integer(0, 1) == 2 && stats.number(0, 2) == 8)
        try place.sql.script("RESET ROLE; SET ROLE pinyon_backup; RESET pinyon.organization")
        let all = try place.sql.ask("SELECT id FROM organizations ORDER BY id")
        #expect(Set(try all.identifiers()) == [place.organization, other.world.organization.id])
        #expect(await storageError { try place.sql.script("DELETE FROM messages") } != nil)
    }

    @Test("changes are forgotten after a day, and who has not read them, or reads after a restore, is told so", arguments: PostgresMaker.all)
    func forgotten(maker: PostgresMaker) async throws {
        let place = try await Place(maker, seed: 907)
        defer { place.store.close() }
        let last = try await place.store.changes().last?.position
        try place.sql.script("UPDATE pinyon.changes SET told_at = now() - interval '25 hours'")
        var left: Int64 = 1
        for _ in 0..<3_000 where left > 0 {
            try place.store.tend()
            left = try place.sql.ask("SELECT count(*) FROM pinyon.changes").integer(0, 0) ?? 0
            if left > 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(left == 0)
        #expect(await storageError { _ = try await place.store.changes(after: .start) } == .changesGone)
        #expect(try place.store.loaded().last == last)
        #expect(try await place.store.reads.page(of: place.organization, after: #require(last)).isEmpty)
        try place.sql.script("UPDATE pinyon.feed_state SET epoch = 'of before the restore'")
        #expect(await storageError { _ = try await place.store.reads.page(of: place.organization, after: #require(last)) } == .changesGone)
        try place.store.tend()
        // What was made anew is another, until all was read.
        #expect(await storageError { _ = try await place.store.reads.page(of: place.organization, after: #require(last)) } == .changesGone)
        let begun = try place.store.loaded().last
        #expect(try await place.store.reads.page(of: place.organization, after: begun).isEmpty)
    }
}

extension StoreReads {
    fileprivate func page(of organization: Identifier, after position: ChangePosition) async throws -> [ChangeRecord] {
        try await withCheckedThrowingContinuation { continuation in changes(after: position, limit: 10) { continuation.resume(with: $0.mapError { $0 as any Error }) } }
    }
}
