internal import Client
internal import Records

enum ImportCommand {
    static let verb = Verb(
        name: "import", summary: "Bring rows of every kind from a file of JSON Lines, or from a table of PostgreSQL's", words: "[FILE]", wordsMax: 1,
        options: [
            Option("new", nil, "begin anew, though this was imported already, or in part"),
            Option("errors", "N", "stop after so many bad lines or rows", or: "1000"),
            Option("from", "ADDRESS", "instead of a file a PostgreSQL database, postgres://USER@HOST/DATABASE"),
            Option("table", "NAME", "with --from: the table, as SCHEMA.TABLE"),
            Option("kind", "KIND", "with --from: what its rows become", or: "memory", choices: ExportCommand.kinds.map(\.name)),
            Option("map", "FIELD=COLUMN", "with --from: takes a column for a field that is called otherwise", repeats: true),
            Option("set", "FIELD=VALUE", "with --from: what a field is in every row, such as agent=helper", repeats: true),
            Option("rest", nil, "with --from: put columns that no field takes into metadata"),
            Option("where", "SQL", "with --from: only rows for which this holds"),
            Option("by", "COLUMNS", "with --from: read in the order of this unique column, or of several with commas between; the primary key if not given"),
        ] + Connection.options,
        notes: "Each line is a JSON object as export writes them: its kind (memory if it says none), and its fields. What is missing is as in a new row. Users "
            + "can be named by their email, agents by their slug; the agent of a memory is made if there is none. A bad line is told by its number and left "
            + "out. Ctrl-C, a crash and a lost connection lose nothing: the same command goes on where it was, and writes nothing twice. - reads standard input, "
            + "which, like a pipe, can be read only once. From a table columns become the fields of the same name, and the one column of pgvector's, or of "
            + "real[], the vector; nothing there is changed. What came since is brought by the same command, as far as it lies behind the last row in the order of --by."
    ) { arguments in
        guard arguments["from"] == nil ? arguments.words.count == 1 : arguments.words.isEmpty else {
            throw UsageError(arguments["from"] == nil ? "say which file, or with --from which table" : "either a file or --from")
        }
        if arguments["from"] != nil, arguments["table"] == nil { throw UsageError("say which table with --table") }
        let tableOptions = ["table", "map", "set", "rest", "where", "by"].filter { arguments[$0] != nil }
        if arguments["from"] == nil, let stray = tableOptions.first { throw UsageError("--\(stray) goes with --from") }
        let errorsMax = try arguments.integer("errors", in: 0...Int(Int32.max))
        try await Connection.run(arguments) { client in
            let progress = Progress(isQuiet: arguments.has("json") && !System.isErrorTerminal)
            defer { progress.end() }
            let source = try await source(arguments, client, progress)
            guard var run = try await ImportRun.begin(client, source, progress, isNew: arguments.has("new"), errorsMax: Int64(errorsMax)) else {
                if arguments.has("json") { print(["job": .null, "imported": 0, "failed": 0, "kinds": .emptyObject] as JSON) }
                return
            }
            try await run.run()
            progress.end()
            let counts = ExportCommand.kinds.compactMap { kind in run.counts[kind].map { (kind: kind, count: $0) } }
            if arguments.has("json") {
                let kinds = counts.map { JSON.Member($0.kind.plural, .integer($0.count)) }
                print(["job": .text(run.work.id.description), "imported": .integer(run.work.done), "failed": .integer(run.work.failed), "kinds": .object(kinds)] as JSON)
            } else {
                let now = counts.reduce(0) { $0 + $1.count }
                print("imported \(now) rows\(run.work.done > now ? " (\(run.work.done) with those before)" : "")" + (counts.isEmpty ? "" : ": \(counts.map { "\($0.count) \($0.count == 1 ? $0.kind.name : $0.kind.plural)" }.joined(separator: ", "))"))
            }
            if let table = source as? ImportTable, table.withoutVector > 0 {
                progress.say("\(table.withoutVector) rows have no vector there; no search finds them until they have one")
            }
            if run.work.failed > 0 { throw Failure("\(run.work.failed) \(source.unit)s were not imported") }
        }
    }

    private static func source(_ arguments: Arguments, _ client: MemoryClient, _ progress: Progress) async throws -> any ImportSource {
        if let path = arguments.words.first { return try ImportFile(path) }
        let space = try await client.status()["organization"]?["space"]?["dimension"]?.integer
        return try ImportTable(arguments, spaceDimension: space.map { Int($0) }) { progress.say($0) }
    }
}
