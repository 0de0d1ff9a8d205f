internal import Client
internal import Records

enum SearchCommand {
    static let verb = Verb(
        name: "search", summary: "The nearest memories, messages, conversations or terms", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("kind", "KIND", "among what: \(Kind.searchable.map(\.name).joined(separator: ", "))", or: Kind.memory.name, choices: Kind.searchable.map(\.name)),
            Option("agent", "UUID|SLUG", "only of this agent"), Option("session", "UUID", "only memories of this session"),
            Option("conversation", "UUID", "only messages of this conversation"),
            Selection.modeOption,
            Option("exact", nil, "compare every row, whatever the index could skip"), 
            Option("recall", "SHARE", "of the true answers that are wanted on average, where the index may leave rows out; 0.95 without it"),
            Option("probes", "N", "visit so many lists of the index instead"), Option("ids-only", nil, "identifiers and scores only"),
        ] + Selection.options + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let query = try Selection.query(arguments)
        let name = try arguments.required("kind")
        guard let kind = Kind.searchable.first(where: { $0.name == name }) else {
            throw UsageError("--kind is \(Kind.searchable.map(\.name).joined(separator: ", ")), not \"\(name)\"")
        }
        var parts: [Filter] = []
        if let filter = try Selection.filter(arguments, kind) { parts.append(filter) }
        for (option, field) in [("session", RecordField.session), ("conversation", .conversation)] {
            guard let text = arguments[option] else { continue }
            guard Schema.of(kind)[field] != nil else { throw UsageError("a \(kind.name) has no \(option)") }
            parts.append(.equals(.plain(field), .identifier(try Selection.identifier(text, option))))
        }
        let k = try Selection.k(arguments)
        let space = try RecordText.space(arguments)
        let mode = try Selection.mode(arguments)
        let recall = try Selection.recall(arguments)
        let probes = arguments["probes"] == nil ? nil : try arguments.integer("probes", in: 1...Limits.probesMax)
        guard [arguments.has("exact"), recall != nil, probes != nil].filter({ $0 }).count <= 1 else { throw UsageError("--exact, --recall and --probes exclude each other") }
        let given = parts
        try await Connection.run(arguments) { client in
            let filter = try await Selection.adding(arguments, ["user", "agent"], kind, to: given, client)
            let request = SearchRequest(
                kind, query: query, mode: mode, space: space, k: k, filter: filter, exact: arguments.has("exact"), recall: recall, probes: probes,
                withContent: !arguments.has("ids-only"))
            Selection.show(try await client.search(request), kind, arguments)
        }
    }
}
