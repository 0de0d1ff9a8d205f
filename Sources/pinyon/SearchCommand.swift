internal import Client
internal import Records

enum SearchCommand {
    static let verb = Verb(
        name: "search", summary: "The nearest memories of the whole organization", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "SLUG", "only of this agent"), Option("session", "UUID", "only of this session"),
            Option("exact", nil, "compare every row, whatever the index could skip"), Option("ids-only", nil, "identifiers and scores only"),
        ] + Selection.options + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let query = try Selection.query(arguments)
        var parts: [Filter] = []
        if let filter = try Selection.filter(arguments) { parts.append(filter) }
        if let text = arguments["session"] { parts.append(.equals(.session, .identifier(try Selection.identifier(text, "session")))) }
        let k = try Selection.k(arguments)
        let given = parts
        try await Connection.run(arguments) { client in
            var parts = given
            if let slug = arguments["agent"] { parts.append(.equals(.agent, .identifier(try await Selection.agent(slug, client)))) }
            let filter: Filter? = parts.isEmpty ? nil : .and(parts)
            let request = SearchRequest(
                query: query, k: k, filter: filter, exact: arguments.has("exact"), withContent: !arguments.has("ids-only"))
            Selection.show(try await client.search(request), arguments)
        }
    }
}
