import Records
import Testing

@testable import Storage

@Suite struct MigrationTests {
    @Test("the schema goes up and down step by step, again and again, and what is left is as if nothing had been")
    func upAndDown() throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory.open(home.path, at: startTime)
        defer { directory.close() }
        var expected = 0
        for target in [1, 2, 3, 4, 5, 6, 7, 8, 7, 6, 5, 4, 3, 8, 0, 8, 8, 1, 5, 8, 0, 2] {
            #expect(try SQLiteStore.migrate(directory, to: target) == expected)
            expected = target
            let connection = try SQLiteConnection(path: home.databasePath, .readOnly)
            #expect(try SQLiteSchema.version(of: connection) == target)
            #expect(try SQLiteSchema.difference(connection, version: target) == nil)
        }
    }

    @Test("rows outlive the way down and up again, with counters and a change for each")
    func withData() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 31)
        let store = try home.open()
        let kept = try await world.fill(store)
        let counts = try await store.counts(of: world.organization.id)
        store.close()
        let directory = try DataDirectory.open(home.path, at: startTime)
        #expect(try SQLiteStore.migrate(directory, to: 3) == 9)
        #expect(try SQLiteStore.migrate(directory, to: 9) == 3)
        directory.close()
        let again = try home.open()
        #expect(try await again.memories(kept.map(\.id), of: world.organization.id) == kept.map(\.asBefore))
        #expect(try await again.counts(of: world.organization.id) == counts)
        let changes = try await again.changes()
        #expect(changes.map(\.number) == Array(1...Int64(kept.count + 3)))
        #expect(Set(changes.filter { $0.kind == .memory }.map(\.record)) == Set(kept.map(\.id)))
        #expect(try await again.write(world.request(.remember([world.memory()]))).receipt.change == Int64(kept.count + 4))
        again.close()
        #expect(try Verification.run(path: home.path).isSound)
    }

    @Test("spaces keep what an older schema knows of them, jobs stay but those of a type that it does not know, and all checksums are right")
    func spacesAndJobs() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 32)
        let store = try home.open()
        _ = try await world.fill(store)
        let own = EmbeddingModel(
            provider: "local", name: "m", revision: "r", dimension: 4, pooling: "mean", queryPrefix: "query: ", passagePrefix: "passage: ", isNormalized: true)
        var other = World(seed: 33, slug: "other")
        _ = try await store.write(other.request(.createOrganization(other.organization, other.key)))
        let space = EmbeddingSpace(id: other.id(), organization: other.organization.id, model: own, precision: "bf16", createdAt: startTime)
        _ = try await store.write(other.request(.ensureSpace(space)))
        #expect(try Set(store.reads.tenancy().spaces) == [world.space, space])
        var jobs: [Record] = []
        for type in JobType.allCases {
            let job = Record(.job, id: world.id(), organization: world.organization.id, createdAt: startTime, values: [.type: .text(type.rawValue)])
            _ = try await store.write(world.request(.create([job])))
            jobs.append(job)
        }
        store.close()
        let directory = try DataDirectory.open(home.path, at: startTime)
        #expect(try SQLiteStore.migrate(directory, to: 5) == 9)
        let report = try Verification.run(path: home.path)
        #expect(report.isSound, "\(report)")
        #expect(try SQLiteStore.migrate(directory, to: 9) == 5)
        directory.close()
        let again = try home.open()
        defer { again.close() }
        let known = EmbeddingModel(provider: "local", name: "m", revision: "r", dimension: 4)
        #expect(
            try Set(again.reads.tenancy().spaces)
                == [world.space, EmbeddingSpace(id: space.id, organization: space.organization, model: known, createdAt: startTime)])
        let listed = try await again.records(RecordListing(.job), of: world.organization.id).records
        #expect(Set(listed.map(\.id)) == Set(jobs.filter { $0.jobType != .embedding && $0.jobType != .forgetting }.map(\.id)))
    }

    @Test("terms lose what an older schema does not know, come back with what terms have that say nothing, and one that is damaged stays so")
    func terms() async throws {
        let home = try TemporaryDirectory()
        let store = try home.open()
        var house = try await RecordContractTests.House(in: store, seed: 34)
        let (user, agent, conversation) = (house.users[0].id, house.world.agent.id, house.conversations[0].id)
        let terms = (0..<3).map { _ in house.world.filled(.term, user: user, agent: agent, conversation: conversation) }
        _ = try await store.write(house.world.request(.create(terms)))
        store.close()
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        let directory = try DataDirectory.open(home.path, at: startTime)
        #expect(try SQLiteStore.migrate(directory, to: 8) == 9)
        #expect(try connection.texts("SELECT name FROM pragma_table_info('terminology_entries') WHERE name IN ('status', 'preferred_term', 'language', 'frecency_at')").isEmpty)
        try connection.execute("UPDATE terminology_entries SET definition = 'changed' WHERE rowid = (SELECT max(rowid) FROM terminology_entries)")
        #expect(try SQLiteStore.migrate(directory, to: 9) == 8)
        directory.close()
        let report = try Verification.run(path: home.path)
        #expect(!report.isSound && report.tables.first { $0.table == "terminology_entries" }.map { [$0.rows, $0.damaged] } == [3, 1], "\(report)")
        let again = try home.open()
        defer { again.close() }
        let found = try await again.records(.term, terms.dropLast().map(\.id), of: house.world.organization.id)
        let wanted = terms.dropLast().map { term in
            var term = term
            for field in [RecordField.preferred, .language, .frecencyAt] { term[field] = nil }
            term[.status] = .text("preferred")
            return term
        }
        #expect(found.map(\.values) == wanted.map(\.values))
    }

    @Test("a step that fails leaves the schema where it was")
    func failedStep() throws {
        let home = try TemporaryDirectory()
        let directory = try DataDirectory.open(home.path, at: startTime)
        _ = try SQLiteStore.migrate(directory, to: 3)
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        try connection.execute("CREATE TABLE counters (x)")
        #expect(throws: StorageError.self) { try SQLiteSchema.migrate(connection, to: 4) }
        #expect(try SQLiteSchema.version(of: connection) == 3)
        try connection.execute("DROP TABLE counters")
        #expect(try SQLiteSchema.difference(connection, version: 3) == nil)
        try SQLiteSchema.migrate(connection, to: 4)
    }

    @Test("the database of a newer pinyon is refused, and so is a version that does not exist")
    func newer() async throws {
        let home = try TemporaryDirectory()
        try home.open().close()
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        try connection.execute("PRAGMA user_version = 10")
        let error = await storageError { _ = try home.open() }
        #expect(error == .newerSchema(found: 10, known: 9))
        #expect(error?.description == "the database has schema version 10, and this program knows versions up to 9; use a newer pinyon")
        try connection.execute("PRAGMA user_version = 9")
        let directory = try DataDirectory.open(home.path, at: startTime)
        #expect(await storageError { _ = try SQLiteStore.migrate(directory, to: 10) } == .newerSchema(found: 10, known: 9))
    }

    @Test("another program's database is refused and not touched")
    func foreign() async throws {
        let home = try TemporaryDirectory()
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        try connection.execute("CREATE TABLE theirs (x)")
        let before = try home.bytes("pinyon.db")
        guard case .notPinyon = await storageError({ _ = try home.open() }) else {
            Issue.record("it was opened")
            return
        }
        #expect(try home.bytes("pinyon.db") == before)
    }

    @Test("a database with a table more, or an index less, is refused")
    func strangeSchema() async throws {
        for sql in ["CREATE TABLE more (x)", "DROP INDEX idx_agent_memories_type", "CREATE TRIGGER t AFTER INSERT ON agents BEGIN SELECT 1; END"] {
            let home = try TemporaryDirectory()
            try home.open().close()
            try SQLiteConnection(path: home.databasePath, .readWrite).execute(sql)
            guard case .corruptFile = await storageError({ _ = try home.open() }) else {
                Issue.record("it was opened after \(sql)")
                return
            }
            #expect(try !Verification.run(path: home.path).isSound)
        }
    }
}

extension Memory {
    /// As it comes back from a schema that knows nothing of how long memories are kept.
    fileprivate var asBefore: Memory {
        var memory = self
        memory.isPinned = false
        memory.validity = .always
        memory.supersededBy = nil
        memory.sourceMessage = nil
        return memory.dated
    }
}
