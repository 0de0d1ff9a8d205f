import Foundation
import Records
@testable import Storage
import Testing

/// What PostgreSQL alone promises, beside what every store does.
@Suite struct PostgresTests {
    @Test("an address tells everything but its password", arguments: [
        "postgres://anna:secret%21@db.example:5433/house", "host=db.example port=5433 user=anna password=secret! dbname=house",
    ])
    func address(text: String) throws {
        let address = try PostgresAddress(text)
        #expect(address.description == "postgres://anna@db.example:5433/house")
        for told in ["\(address)", String(reflecting: address), "\(PostgresConfiguration(address))"] { #expect(!told.contains("secret")) }
        #expect(address.value(of: "password") == "secret!")
    }

    @Test("what is no address is refused without being quoted", arguments: [
        "postgres://anna:secret@[::1/x", "password=secret nonsense", "nonsense=secret", "postgres://anna:sec/ret@db.example/x", "postgres://anna:secret@more@db.example/x",
    ])
    func noAddress(text: String) async {
        let error = await storageError { _ = try PostgresAddress(text) }
        #expect(error != nil && !"\(String(describing: error))".contains("secret"))
    }

    @Test("a schema is named plainly", arguments: ["", "Pinyon", "pinyon; DROP TABLE x", "1st", "pg_own", String(repeating: "a", count: 60)])
    func schemaNames(name: String) async {
        #expect(await storageError { _ = try PostgresNames(schema: name) } != nil)
    }

    @Test("what cannot be reached is told with the way there, and not with the password")
    func unreachable() async throws {
        let configuration = PostgresConfiguration(try PostgresAddress("postgres://anna:secret@127.0.0.1:1/house"))
        let error = await storageError { _ = try PostgresStore.open(configuration) }
        guard case .unavailable(let detail)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains("postgres://anna@127.0.0.1:1/house cannot be reached") && !detail.contains("secret"))
    }

    @Test("the schema goes up and down and up again, and what is up to date is left alone", arguments: PostgresMaker.all)
    func migrations(maker: PostgresMaker) throws {
        let home = try maker.makeDatabase()
        let (connection, names) = (try home.connect(), try PostgresNames())
        #expect(try PostgresSchema.version(connection, names) == 0)
        for target in [PostgresMigrations.latest, 0, 2, 2, 1, PostgresMigrations.latest] {
            try PostgresSchema.migrate(connection, names, to: target)
            #expect(try PostgresSchema.version(connection, names) == target)
        }
        let tables = try connection.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'pinyon'")
        #expect(tables.integer(0, 0) == Int64(Table.allCases.count + 11))
    }

    @Test("a schema that is newer is refused", arguments: PostgresMaker.all)
    func newer(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        try home.openPostgres().close()
        try home.connect().script("INSERT INTO pinyon.schema_migrations (version, name) VALUES (\(PostgresMigrations.latest + 1), 'of tomorrow')")
        let error = await storageError { _ = try home.openPostgres() }
        #expect(error == .newerSchema(found: PostgresMigrations.latest + 1, known: PostgresMigrations.latest))
    }

    @Test("a schema without its migrations, half of a backup or another program's, is refused and left as it is", arguments: PostgresMaker.all)
    func half(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let connection = try home.connect()
        guard case .unavailable(let missing)? = await storageError({ try PostgresStore.requireLatest(home.configuration) }), missing.contains("migrate up") else {
            Issue.record("what is not there was taken")
            return
        }
        #expect(try connection.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'pinyon'").integer(0, 0) == 0)
        try home.openPostgres().close()
        try PostgresStore.requireLatest(home.configuration)
        try connection.script("DROP TABLE pinyon.schema_migrations")
        guard case .unavailable(let detail)? = await storageError({ _ = try home.openPostgres() }) else {
            Issue.record("half a schema was taken")
            return
        }
        #expect(detail.contains("'agent_memories'"))
        #expect(try connection.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'pinyon'").integer(0, 0) == Int64(Table.allCases.count + 10))
    }

    @Test("a schema that other steps made is refused", arguments: PostgresMaker.all)
    func otherSteps(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        try home.openPostgres().close()
        try home.connect().script("UPDATE pinyon.schema_migrations SET name = 'otherwise' WHERE version = 2")
        let error = await storageError { _ = try home.openPostgres() }
        guard case .unavailable(let detail)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains("otherwise") && detail.contains("--store-schema"))
    }

    @Test("an owner who is no superuser makes all, tends all and leaves nothing", arguments: PostgresMaker.all)
    func plainOwner(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let (connection, name) = (try home.connect(), "plain_\(UInt32.random(in: 0 ..< .max))")
        let database = try connection.ask("SELECT current_database()").text(0, 0)
        try connection.script("CREATE ROLE \(name) LOGIN CREATEROLE; ALTER DATABASE \(database) OWNER TO \(name); CREATE EXTENSION vector")
        defer { try? connection.script("DROP OWNED BY \(name); ALTER DATABASE \(database) OWNER TO CURRENT_USER; DROP ROLE \(name)") }
        var configuration = home.configuration
        configuration.address = try PostgresAddress(try #require(maker.address).replacing("postgres@", with: "\(name)@")).with(database: database)
        configuration.schema = name
        let store = try PostgresStore.open(configuration)
        defer { store.close() }
        var house = try await RecordContractTests.House(in: store, seed: 281)
        func messages(_ count: Int) async throws {
            let ours = (0..<count).map { _ in house.message("x") }
            _ = try await store.write(house.world.request(.create(ours)))
        }
        try await messages(3)
        let owner = try PostgresConnection(configuration.address, secondsMax: 60)
        try owner.script("SET search_path = \(name), public; TRUNCATE messages")
        #expect(try await house.conversation(in: store).integer(.messageCount) == 0)
        #expect(try await store.counts(of: house.world.organization.id)[.message].rows == 0)
        try owner.script("CREATE OR REPLACE FUNCTION this_month() RETURNS date LANGUAGE sql AS $$ SELECT (date_trunc('month', now()) + interval '1 month')::date $$")
        let conversation = house.conversations[0].id
        try owner.script(
            """
            SET pinyon.organization = '\(house.world.organization.id)';
            INSERT INTO messages (organization_id, conversation_id, user_id, role, content) VALUES ('\(house.world.organization.id)', '\(conversation)', '\(house.users[0].id)', 'user', 'x')
            """)
        #expect(try await house.conversation(in: store).integer(.messageCount) == 1)
        var dropped: [Int64] = []
        try PostgresStore.dropMonths(configuration, before: "2999-01") { _, messages in dropped.append(messages) }
        #expect(dropped == [1])
        #expect(try await house.conversation(in: store).integer(.messageCount) == 0)
        try store.tend()
        #expect(try PostgresStore.months(configuration).map(\.name).filter { $0.hasPrefix("2") }.count == 3)
        try PostgresStore.indexVectors(configuration) { _ in }
        store.close()
        #expect(try PostgresStore.migrate(configuration, to: 0) == PostgresStore.schemaVersionMax)
        #expect(try owner.ask("SELECT count(*) FROM pg_namespace WHERE nspname = '\(name)'").integer(0, 0) == 0)
        #expect(try owner.ask("SELECT count(*) FROM pg_roles WHERE rolname LIKE '\(name)\\_%'").integer(0, 0) == 0)
    }

    @Test("a tenant lays no space that it has not", arguments: PostgresMaker.all)
    func foreignSpace(maker: PostgresMaker) async throws {
        var maker = maker
        maker.isBeside = false
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        let connection = try home.connect()
        try connection.script("SET ROLE pinyon_service")
        let error = await storageError { try connection.script("SELECT pinyon.lay_space('11111111-1111-1111-1111-111111111111', 5)") }
        #expect("\(String(describing: error))".contains("no organization of this transaction"))
        try await World(seed: 290).create(in: store)
        #expect(try connection.ask("SELECT dimension FROM pinyon.main_space").integer(0, 0) == Int64(World.dimension))
    }

    @Test("several that start at once make the schema once", arguments: PostgresMaker.all)
    func startingTogether(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let failures = await withTaskGroup(of: StorageError?.self) { group in
            for _ in 0..<4 { group.addTask { await storageError { try home.openPostgres().close() } } }
            return await group.reduce(into: []) { failures, failure in if let failure { failures.append(failure) } }
        }
        #expect(failures.isEmpty)
    }

    @Test("the service sees no row of any table without an organization, and none of another's with one", arguments: PostgresMaker.all)
    func policies(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        var (first, second) = (World(seed: 201), World(seed: 202, slug: "other"))
        for _ in 0..<2 {
            try await first.create(in: store)
            _ = try await store.write(first.request(.remember([first.memory(), first.memory("waits", hasVector: false)]), Idempotency(key: first.id(), digest: Array(repeating: 7, count: 32)), vectorsFollow: true))
            swap(&first, &second)
        }
        let connection = try home.connect()
        func visible(to organization: String?) throws -> [String: Int64] {
            try connection.script("BEGIN; SET LOCAL ROLE pinyon_service")
            if let organization { _ = try connection.ask("SELECT set_config('pinyon.organization', $1, true)") { $0.add(organization) } }
            var counts: [String: Int64] = [:]
            for table in Table.allCases {
                let organizations = try connection.ask("SELECT \(table == .organizations ? "id" : "organization_id") FROM pinyon.\(table.name)")
                let ids = try organizations.identifiers()
                #expect(ids.allSatisfy { $0.description == organization })
                counts[table.name] = Int64(ids.count)
            }
            try connection.rollBack()
            return counts
        }
        for nobody in [nil, "", second.id().description] { #expect(try visible(to: nobody).values.allSatisfy { $0 == 0 }) }
        let own = try visible(to: first.organization.id.description)
        for table in [Table.organizations, .apiKeys, .embeddingSpaces, .agents, .agentMemories, .changes, .counters, .embeddingWaits, .idempotencyKeys] {
            #expect(own[table.name, default: 0] > 0, "\(table)")
        }
    }

    @Test("the service cannot write a row of another organization", arguments: PostgresMaker.all)
    func policiesOfWrites(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        let (first, second) = (World(seed: 203), World(seed: 204, slug: "other"))
        try await first.create(in: store)
        try await second.create(in: store)
        let connection = try home.connect()
        try connection.script("BEGIN; SET LOCAL ROLE pinyon_service")
        _ = try connection.ask("SELECT set_config('pinyon.organization', $1, true)") { $0.add(first.organization.id.description) }
        let changed = try connection.ask("UPDATE pinyon.agents SET name = 'theirs' WHERE organization_id = $1") { $0.add(second.organization.id) }
        #expect(changed.written == 0)
        let error = await storageError {
            _ = try connection.ask("INSERT INTO pinyon.agents (organization_id, slug, name) VALUES ($1, 'mole', 'Mole')") { $0.add(second.organization.id) }
        }
        #expect("\(String(describing: error))".contains("row-level security"))
    }

    @Test("what is written with plain SQL has its defaults and is read as if it were ours", arguments: PostgresMaker.all)
    func plainSQL(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        let world = World(seed: 205)
        try await world.create(in: store)
        let made = try home.connect().ask(
            "INSERT INTO pinyon.agent_memories (organization_id, agent_id, content, tags, metadata) VALUES ($1, $2, 'by hand', '{a,b}', '{\"x\": 1}') RETURNING id"
        ) { $0.add(world.organization.id, world.agent.id) }
        let id = try #require(made.identifier(0, 0))
        let memory = try #require(try await store.memories([id], of: world.organization.id).first)
        #expect(memory.content == "by hand" && memory.tags == ["a", "b"] && memory.metadata == ["x": 1] && memory.type == .fact && memory.version == 1)
    }

    @Test("a change that is committed late is read when its time has come, and none is skipped", arguments: PostgresMaker.all)
    func lateCommit(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        var world = World(seed: 206)
        try await world.create(in: store)
        let before = try await store.changes()
        let late = try home.connect()
        let id = world.id()
        try late.script("BEGIN")
        _ = try late.ask("INSERT INTO pinyon.changes (organization_id, kind, record_id, version, operation) VALUES ($1, 1, $2, 1, 1)") { $0.add(world.organization.id, id) }
        let memory = world.memory()
        _ = try await store.writeAlone(world.request(.remember([memory])))
        // Its number is greater, but an older transaction is open.
        let position = try #require(before.last?.position)
        #expect(try await store.changesAtOnce(after: position).isEmpty)
        try late.script("COMMIT")
        var after: [ChangeRecord] = []
        for _ in 0..<6_000 where after.count < 2 {
            after = try await store.changesAtOnce(after: position)
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(after.map(\.record) == [id, memory.id])
    }

    @Test("what two make sure of at once is there once, and both are given it", arguments: PostgresMaker.all)
    func ensuringTogether(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let stores = [try home.openPostgres(), try home.openPostgres()]
        defer { for store in stores { store.close() } }
        // The first space of all changes the tables, for which they must be still.
        try await World(seed: 299, slug: "first").create(in: stores[0])
        for round in 0..<10 {
            let worlds = (0..<2).map { _ in World(seed: UInt64(300 + round), slug: "house\(round)") }
            _ = try await stores[0].write(worlds[0].request(.createOrganization(worlds[0].organization, worlds[0].key)))
            var other = worlds[1]
            let space = EmbeddingSpace(id: other.id(), organization: other.organization.id, model: other.space.model, createdAt: startTime)
            let agent = Agent(id: other.id(), organization: other.organization.id, slug: other.agent.slug, name: "Other", createdAt: startTime)
            async let first = [stores[0].writeAlone(worlds[0].request(.ensureSpace(worlds[0].space))), stores[0].writeAlone(worlds[0].request(.ensureAgent(worlds[0].agent)))]
            async let second = [stores[1].writeAlone(worlds[0].request(.ensureSpace(space))), stores[1].writeAlone(worlds[0].request(.ensureAgent(agent)))]
            let (one, two) = try await (first, second)
            #expect(one.map { $0.receipt.rows.map(\.id) } == two.map { $0.receipt.rows.map(\.id) })
        }
    }

    @Test("connections that the server ended are made again, and what was told is kept", arguments: PostgresMaker.all)
    func endedConnections(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let store = try home.openPostgres()
        defer { store.close() }
        var world = World(seed: 208)
        try await world.create(in: store)
        let connection = try home.connect()
        var memories: [Memory] = []
        for _ in 0..<5 {
            memories.append(world.memory())
            _ = try await store.write(world.request(.remember([memories[memories.count - 1]])))
            #expect(try await store.memories(memories.map(\.id), of: world.organization.id) == memories)
            let ended = try connection.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            #expect(ended.count > 0)
        }
        #expect(try await store.counts(of: world.organization.id)[.memory].rows == 5)
    }

    @Test("behind a pooler nothing stays prepared", arguments: PostgresMaker.all)
    func pooled(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        var configuration = home.configuration
        configuration.isPooled = true
        let store = try PostgresStore.open(configuration)
        defer { store.close() }
        var world = World(seed: 209)
        try await world.create(in: store)
        let memories = (0..<3).map { _ in world.memory() }
        _ = try await store.write(world.request(.remember(memories)))
        #expect(try await store.memories(memories.map(\.id), of: world.organization.id) == memories)
        for (keeps, expected) in [(true, 2), (false, 0)] as [(Bool, Int64)] {
            let connection = try PostgresConnection(home.configuration.address, secondsMax: 60, keepsStatements: keeps)
            _ = try connection.ask("SELECT 1")
            #expect(try connection.ask("SELECT count(*) FROM pg_prepared_statements").integer(0, 0) == expected)
        }
    }

    @Test("the same write from two at once under one key is carried out once", arguments: PostgresMaker.all)
    func twoWriters(maker: PostgresMaker) async throws {
        let home = try maker.makeDatabase()
        let stores = [try home.openPostgres(), try home.openPostgres()]
        defer { for store in stores { store.close() } }
        var world = World(seed: 207)
        try await world.create(in: stores[0])
        for round in 0..<20 {
            let (memory, key) = (world.memory("\(round)"), Idempotency(key: world.id(), digest: Array(repeating: UInt8(round), count: 32)))
            let request = world.request(.remember([memory]), key)
            let outcomes = await withTaskGroup(of: Result<WriteOutcome, any Error>.self) { group in
                for store in stores {
                    group.addTask {
                        while true {
                            do { return .success(try await store.writeAlone(request)) } catch StorageError.busy { continue } catch { return .failure(error) }
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let done = try outcomes.map { try $0.get() }
            #expect(done.filter { !$0.isReplay }.count == 1)
            #expect(Set(done.map(\.receipt)).count == 1)
        }
        #expect(try await stores[1].counts(of: world.organization.id)[.memory].rows == 20)
    }
}

extension Store {
    /// Without waiting for what was written.
    func writeAlone(_ request: WriteRequest) async throws -> WriteOutcome {
        try await withCheckedContinuation { continuation in write(request) { continuation.resume(returning: $0) } }.get()
    }

    func changesAtOnce(after position: ChangePosition) async throws -> [ChangeRecord] {
        try await withCheckedContinuation { continuation in reads.changes(after: position, limit: 1_000) { continuation.resume(returning: $0) } }.get()
    }
}
