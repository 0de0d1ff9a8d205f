internal import Client
internal import Records

enum ImportCommand {
    static let verb = Verb(
        name: "import", summary: "Bring rows of every kind from a file of JSON Lines", words: "FILE", wordsMax: 1,
        options: [
            Option("new", nil, "begin anew, though this file was imported already, or in part"),
            Option("errors", "N", "stop after so many bad lines", or: "1000"),
        ] + Connection.options,
        notes: "Each line is a JSON object as export writes them: its kind (memory if it says none), and its fields. What is missing is as in a new row. Users "
            + "can be named by their email, agents by their slug; the agent of a memory is made if there is none. A bad line is told by its number and left "
            + "out. Ctrl-C, a crash and a lost connection lose nothing: the same command goes on where it was, and writes nothing twice. - reads standard input, "
            + "which, like a pipe, can be read only once."
    ) { arguments in
        guard let path = arguments.words.first else { throw UsageError("say which file") }
        let errorsMax = try arguments.integer("errors", in: 0...Int(Int32.max))
        try await Connection.run(arguments) { client in
            let progress = Progress(isQuiet: arguments.has("json") && !System.isErrorTerminal)
            defer { progress.end() }
            guard var run = try await ImportRun.begin(client, path, progress, isNew: arguments.has("new"), errorsMax: Int64(errorsMax)) else {
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
                print("imported \(run.work.done) rows" + (counts.isEmpty ? "" : ": \(counts.map { "\($0.count) \($0.count == 1 ? $0.kind.name : $0.kind.plural)" }.joined(separator: ", "))"))
            }
            if run.work.failed > 0 { throw Failure("\(run.work.failed) lines were not imported") }
        }
    }
}
