internal import Client
internal import Records

enum ListCommand {
    static let verb = Verb(
        name: "list", summary: "Memories, newest first", words: "", wordsMax: 0,
        options: [
            Option("agent", "SLUG", "only of this agent"), Option("session", "UUID", "only of this session"), Option("type", "TYPE", "only of this type"),
            Option("limit", "N", "how many", or: "20"), Option("after", "UUID", "continue after this one"),
            Option("all", nil, "all of them, as a stream"), Option("history", nil, "those too that are so no longer, or not yet"),
            Option("deleted", "WITH|ONLY", "show forgotten ones too, or only them", choices: ["with", "only"]),
        ] + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        var listing = MemoryListing(limit: try arguments.integer("limit", in: 1...Limits.pageMax))
        if let text = arguments["session"] { listing.session = try Selection.identifier(text, "session") }
        listing.withHistory = arguments.has("history")
        listing.deleted = try RecordVerbs.deleted(arguments)
        if let text = arguments["after"] { listing.after = try Selection.identifier(text, "after") }
        if let name = arguments["type"] {
            do { listing.type = try MemoryLine.type(name) } catch { throw UsageError(error.description) }
        }
        let given = listing
        try await Connection.run(arguments) { client in
            var listing = given
            if let slug = arguments["agent"] { listing.agent = try await Selection.agent(slug, client) }
            if arguments.has("all") {
                for try await memories in client.stream(listing) {
                    for memory in memories { print(arguments.has("json") ? memory.json.description : Printing.line(memory)) }
                }
                return
            }
            let page = try await client.list(listing)
            if arguments.has("json") {
                return print(
                    [
                        "memories": .list(page.memories.map { $0.json }), "next": page.next.map { .text($0.description) } ?? .null,
                    ] as JSON)
            }
            for memory in page.memories { print(Printing.line(memory)) }
            if page.memories.isEmpty { print("  nothing there") }
            if let next = page.next { print("  more: pinyon list --after \(next)") }
        }
    }
}
