internal import Records
internal import Storage

enum MigrateCommand {
    static let verb = Verb(
        name: "migrate", summary: "Show or change the schema of a store", words: "[status|up|down|plan|months|pgvector-index]", wordsMax: 1,
        options: StoreChoice.options + [
            Option("to", "VERSION", "up or down to this one; the newest if not given, and with down the one before"),
            Option("drop-before", "MONTH", "with months: drop those before this one, as 2026-11, and the messages in them"),
            Option("json", nil, "print one JSON object, for programs"),
        ],
        notes: "status shows what is applied, plan the SQL that up (or, with an older --to, down) would run. A server migrates its store up by itself when it "
            + "starts. Going down loses what the older schema has no place for: keep a copy. On a database, months shows the months that messages are kept "
            + "apart by, and pgvector-index makes pgvector's ivfflat indexes for searches with SQL, of each table that is filled."
    ) { arguments in
        do {
            if arguments["drop-before"] != nil, arguments.words.first != "months" { throw UsageError("--drop-before goes with months") }
            if let word = arguments.words.first, ["months", "pgvector-index"].contains(word) { return try DatabaseUpkeep(arguments).run(word) }
            let schema = try StoreSchema(StoreChoice(arguments))
            let version = try schema.version()
            let target = try target(arguments, of: schema, at: version)
            switch arguments.words.first ?? (arguments["to"] == nil ? "status" : "up") {
            case "plan": return show(target.map { schema.way(from: version, to: $0) } ?? [], version, schema.note, arguments)
            case "status": break
            default: if let target { try schema.migrate(target) }
            }
            try show(schema, arguments)
        } catch let error as StorageError {
            throw Failure(error.description)
        }
    }

    /// Nil where nothing is to be changed.
    private static func target(_ arguments: Arguments, of schema: StoreSchema, at version: Int) throws -> Int? {
        let given = try arguments["to"].map { _ in try arguments.integer("to", in: 0...schema.newest) }
        switch arguments.words.first {
        case "status":
            guard given == nil else { throw UsageError("status changes nothing; --to goes with up, down and plan") }
            return nil
        case "up":
            guard given ?? schema.newest >= version else { throw UsageError("\(given ?? 0) is below version \(version); say down") }
            return given ?? schema.newest
        case "down":
            guard given ?? version <= version else { throw UsageError("\(given ?? 0) is above version \(version); say up") }
            return given ?? max(0, version - 1)
        case "plan": return given ?? schema.newest
        case nil: return given
        case let word?: throw UsageError("'\(word)' is none of status, up, down, plan, months and pgvector-index")
        }
    }

    private static func show(_ schema: StoreSchema, _ arguments: Arguments) throws {
        let version = try schema.version()
        if arguments.has("json") {
            return print(
                [
                    "version": .integer(Int64(version)),
                    "migrations": .list(
                        schema.steps.map { ["version": .integer(Int64($0.version)), "name": .text($0.name), "applied": .bool($0.version <= version)] }),
                ] as JSON)
        }
        for step in schema.steps { print("  \(step.version)  \(step.name.padded(to: 32))  \(step.version <= version ? "applied" : "not applied")") }
        print("the store in \(schema.name) is of version \(version)\(version == schema.newest ? ", the newest" : "")")
    }

    private static func show(_ way: [(version: Int, name: String, sql: String)], _ version: Int, _ note: String?, _ arguments: Arguments) {
        if arguments.has("json") {
            return print(
                [
                    "version": .integer(Int64(version)),
                    "plan": .list(way.map { ["to": .integer(Int64($0.version)), "name": .text($0.name), "sql": .text($0.sql)] }),
                ] as JSON)
        }
        guard !way.isEmpty else { return print("-- nothing to do: the store is of version \(version)") }
        if let note { print(note) }
        for step in way { print("-- to version \(step.version): \(step.name)\n\(step.sql)\n") }
    }
}

/// The schema of one store, whichever keeps it.
private struct StoreSchema {
    let name: String
    /// What the plan's SQL relies on.
    let note: String?
    let steps: [SchemaStep]
    let version: () throws -> Int
    let migrate: (Int) throws -> Void

    var newest: Int { steps.count }

    init(_ choice: StoreChoice) throws {
        name = choice.name
        switch choice {
        case .folder(let folder):
            note = nil
            steps = SQLiteStore.schemaSteps
            version = { try SQLiteStore.schemaVersion(in: folder) }
            migrate = { version in
                let directory = try DataDirectory.open(folder, at: System.wallClock)
                defer { directory.close() }
                _ = try SQLiteStore.migrate(directory, to: version)
            }
        case .database(let configuration):
            note = """
                -- Not a script to run as it stands: `pinyon migrate` makes the schema and schema_migrations, sets search_path to \(configuration.schema) and the
                -- schema of pgvector, and runs each step in a transaction of its own.
                """
            steps = try PostgresStore.schemaSteps(configuration)
            version = { try PostgresStore.schemaVersion(configuration) }
            migrate = { _ = try PostgresStore.migrate(configuration, to: $0) }
        }
    }

    func way(from version: Int, to target: Int) -> [(version: Int, name: String, sql: String)] {
        if target >= version { return steps[version..<target].map { ($0.version, $0.name, $0.up) } }
        return steps[target..<version].reversed().map { ($0.version - 1, "without \($0.name)", $0.down) }
    }
}
