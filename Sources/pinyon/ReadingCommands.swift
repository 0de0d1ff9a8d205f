internal import Client
internal import Records

enum StatusCommand {
    static let verb = Verb(
        name: "status", summary: "What the server is, holds, and how fast it answers", words: "", wordsMax: 0, options: Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        try await Connection.run(arguments) { client in
            let facts = try await client.status()
            if arguments.has("json") { return print(facts) }
            guard case .object(let sections) = facts else { return }
            for section in sections {
                guard case .object(let members) = section.value else {
                    if section.value != .null { print("\(section.name): \(section.value.shown)") }
                    continue
                }
                print("\(section.name):")
                let width = members.map(\.name.count).max() ?? 0
                for member in members where member.value != .null { print("  \(member.name.padded(to: width))  \(member.value.shown)") }
            }
        }
    }
}

extension JSON {
    /// For people: texts without quotes, objects as `name value` pairs.
    fileprivate var shown: String {
        switch self {
        case .text(let text): text
        case .object(let members): members.map { "\($0.name) \($0.value.shown)" }.joined(separator: "  ")
        case .null, .bool, .integer, .number, .list: description
        }
    }
}

enum RecallCommand {
    static let verb = Verb(
        name: "recall", summary: "The memories of one agent that matter to a question", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "SLUG", "whose memories"), Option("session", "UUID", "those of this session too, besides those kept for good"),
        ] + Selection.options + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let slug = try arguments.required("agent")
        let query = try Selection.query(arguments)
        let filter = try Selection.filter(arguments)
        let session = try arguments["session"].map { text throws(UsageError) in try Selection.identifier(text, "session") }
        let k = try Selection.k(arguments)
        try await Connection.run(arguments) { client in
            let agent = try await Selection.agent(slug, client)
            Selection.show(try await client.recall(agent: agent, session: session, query: query, k: k, filter: filter), arguments)
        }
    }
}

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

enum GetCommand {
    static let verb = Verb(
        name: "get", summary: "Memories by their identifiers", words: "UUID…", wordsMax: Limits.batchMax,
        options: [Option("with-vectors", nil, "their vectors too")] + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        guard !arguments.words.isEmpty else { throw UsageError("give at least one identifier") }
        let ids = try arguments.words.map { text throws(UsageError) in
            guard let id = Identifier(text) else { throw UsageError("\"\(text)\" is no UUID") }
            return id
        }
        try await Connection.run(arguments) { client in
            let memories = try await client.memories(ids, withVectors: arguments.has("with-vectors"))
            if arguments.has("json") { return print(JSON.object([.init("memories", .list(memories.map { Printing.json($0) }))])) }
            for memory in memories {
                guard case .object(let members) = Printing.json(memory) else { continue }
                for member in members where member.name != "vector" { print("\(member.name.padded(to: 16))  \(member.value.shown)") }
                if let count = memory.embedding?.vector.count { print("\("vector".padded(to: 16))  \(count) dimensions") }
                print("")
            }
        }
    }
}

enum ListCommand {
    static let verb = Verb(
        name: "list", summary: "Memories, newest first", words: "", wordsMax: 0,
        options: [
            Option("agent", "SLUG", "only of this agent"), Option("session", "UUID", "only of this session"), Option("type", "TYPE", "only of this type"),
            Option("limit", "N", "how many; 20 if not given"), Option("after", "UUID", "continue after this one"),
            Option("all", nil, "all of them, as a stream"),
        ] + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        var listing = MemoryListing(limit: try arguments.integer("limit", 20, in: 1...Limits.pageMax))
        if let text = arguments["session"] { listing.session = try Selection.identifier(text, "session") }
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
                    for memory in memories { print(arguments.has("json") ? Printing.json(memory).description : Printing.line(memory)) }
                }
                return
            }
            let page = try await client.list(listing)
            if arguments.has("json") {
                return print(
                    [
                        "memories": .list(page.memories.map { Printing.json($0) }), "next": page.next.map { .text($0.description) } ?? .null,
                    ] as JSON)
            }
            for memory in page.memories { print(Printing.line(memory)) }
            if page.memories.isEmpty { print("  nothing there") }
            if let next = page.next { print("  more: pinyon list --after \(next)") }
        }
    }
}
