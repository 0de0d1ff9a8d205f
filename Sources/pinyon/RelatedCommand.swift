internal import Client
internal import Records

enum RelatedCommand {
    static let verb = Verb(
        name: "related", summary: "The terms that have to do with one", words: "TERM…|UUID", wordsMax: Int.max,
        options: [
            Option("user", "UUID|EMAIL", "whose dictionary; a key of one user needs none"), Option("context", "CONTEXT", "of terms that are written alike, that of it"),
            Option("limit", "N", "how many at most", or: "10"),
        ] + Connection.options,
        notes: """
            Those that the entry names as related, those that its definition mentions (rare words before common ones), and those that are near in meaning, each with its \
            reasons; what several of these say comes first.
            """,
        run: run)

    @Sendable private static func run(_ arguments: Arguments) async throws {
        guard !arguments.words.isEmpty else { throw UsageError("name a term: pinyon related kernel panic") }
        let (name, limit) = (arguments.words.joined(separator: " "), try arguments.integer("limit", in: 1...Limits.suggestionsMax))
        try await Connection.run(arguments) { client in
            let user = try await RecordText.user(arguments, client)
            let terms = try await client.related(RelatedRequest(try await RelatedCommand.entry(name, user, arguments["context"], client), user: user, limit: limit))
            for term in terms { print(arguments.has("json") ? "\(term.json)" : line(term)) }
            if terms.isEmpty, !arguments.has("json") { print("  nothing matches") }
        }
    }

    /// The entry of that name, own ones before public ones, and those of the context before others.
    static func entry(_ name: String, _ user: Identifier?, _ context: String?, _ client: MemoryClient) async throws -> Identifier {
        if let id = Identifier(name) { return id }
        let found = try await client.detection(DetectRequest(name, user: user, context: context))
        if let whole = found.occurrences.first, whole.range == 0..<name.utf8.count, !whole.isInflected { return found.terms[whole.term].id }
        let near = try await client.suggestions(SuggestRequest(name, user: user, limit: 1)).first
        throw Failure("there is no term \"\(name)\"" + (near.map { "; is \"\($0.term)\" meant?" } ?? ""))
    }

    private static func line(_ term: RelatedTerm) -> String {
        var parts: [String] = []
        if term.isNamed { parts.append("named") }
        if term.mentions > 0 { parts.append(term.mentions == 1 ? "in the definition" : "\(term.mentions) times in the definition") }
        if let similarity = term.similarity { parts.append("meaning \(similarity.text(digits: 2))") }
        if term.isDeprecated { parts.append("deprecated") }
        if let context = term.context { parts.append(context) }
        if !term.isOwn { parts.append("public") }
        return "\(term.term.shown)  (\(parts.joined(separator: ", ").shown))"
    }
}
