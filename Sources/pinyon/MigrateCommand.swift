internal import Records
internal import Storage

enum MigrateCommand {
    static let verb = Verb(
        name: "migrate", summary: "Show or change the schema of a store", words: "", wordsMax: 0,
        options: [
            ServeCommand.dataOption,
            Option("to", "VERSION", "migrate to this version, up or down; without it, only look"), Option("json", nil, "print one JSON object, for programs"),
        ],
        notes: "A server migrates its store up by itself when it starts. Going down loses what the older schema has no place for: keep a copy."
    ) { arguments in
        let folder = try arguments.required("data")
        do {
            if arguments["to"] != nil {
                let version = try arguments.integer("to", in: 0...SQLiteStore.schemaVersionMax)
                _ = try SQLiteStore.schemaVersion(in: folder)
                let directory = try DataDirectory.open(folder, at: System.wallClock)
                defer { directory.close() }
                _ = try SQLiteStore.migrate(directory, to: version)
            }
            let version = try SQLiteStore.schemaVersion(in: folder)
            let steps = SQLiteStore.schemaSteps.enumerated().map { (version: $0 + 1, name: $1) }
            if arguments.has("json") {
                return print(
                    [
                        "version": .integer(Int64(version)),
                        "migrations": .list(steps.map { ["version": .integer(Int64($0.version)), "name": .text($0.name), "applied": .bool($0.version <= version)] }),
                    ] as JSON)
            }
            for migration in steps { print("  \(migration.version)  \(migration.name.padded(to: 32))  \(migration.version <= version ? "applied" : "not applied")") }
            print("the store in \(folder) is of version \(version)\(version == SQLiteStore.schemaVersionMax ? ", the newest" : "")")
        } catch let error as StorageError {
            throw Failure(error.description)
        }
    }
}
