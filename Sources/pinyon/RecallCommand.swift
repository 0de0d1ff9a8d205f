internal import Client
internal import Records

enum RecallCommand {
    static let verb = Verb(
        name: "recall", summary: "The memories of one agent that matter to a question", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "UUID|SLUG", "whose memories"), Option("session", "UUID", "those of this session too, besides those kept for good"),
            Option("every-session", nil, "those of every session too"), Option("tokens", "N", "the best that fit into about so many tokens together"),
            Option("relevance", "W", "what being near to the question counts, by vector and words; 0.7 if not given"),
            Option("importance", "W", "what importance counts, as far as it has not faded; 0.2 if not given"),
            Option("recency", "W", "what it counts how much of a memory is left; 0.1 if not given"), Option("explain", nil, "say for each memory why it came"),
            Option("as-of", "TIME", "what was so at this time, as far as it was known then"), Option("known-at", "TIME", "with --as-of: as far as it was known at this time instead"),
            Option("untouched", nil, "do not count what comes as accessed"), Option("exact", nil, "compare every row, whatever the index could skip"), Selection.modeOption,
        ] + Selection.options + Connection.options,
        notes: """
            A memory's score is relevance + importance + recency, each with its weight. What was not used fades: half of a conversation is left after 7 days, of a \
            task after 14, of a fact after 90 and of a preference after 180, and up to three times as long of what is used often: each memory that comes counts as accessed, once in a quarter of an hour. A text and a vector can be given \
            together.
            """,
        run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let slug = try arguments.required("agent")
        let (text, vector) = (arguments.words.first, try Selection.vector(arguments))
        guard text != nil || vector != nil else { throw UsageError("give a text, or a vector with --vector, or both") }
        let session = try arguments["session"].map { text throws(UsageError) in try Selection.identifier(text, "session") }
        let given = RecallRequest(
            agent: Identifier(high: 0, low: 0), session: session, everySession: arguments.has("every-session"), text: text, vector: vector, space: try RecordText.space(arguments),
            mode: try Selection.mode(arguments), k: try Selection.k(arguments),
            tokensMax: arguments["tokens"] == nil ? nil : try arguments.integer("tokens", in: 1...10_000_000), filter: try Selection.filter(arguments), exact: arguments.has("exact"),
            weights: try weights(arguments), explains: arguments.has("explain"), touches: !arguments.has("untouched"), asOf: try Selection.time(arguments, "as-of"), knownAt: try Selection.time(arguments, "known-at"))
        try await Connection.run(arguments) { client in
            var request = given
            request.agent = try await Selection.agent(slug, client)
            request.filter = try await Selection.adding(arguments, ["user"], .memory, to: given.filter.map { [$0] } ?? [], client)
            Selection.show(try await client.recall(request), .memory, arguments)
        }
    }

    private static func weights(_ arguments: Arguments) throws -> RecallWeights? {
        guard ["relevance", "importance", "recency"].contains(where: { arguments[$0] != nil }) else { return nil }
        let standard = RecallWeights.standard
        do {
            return try RecallWeights(
                relevance: try weight("relevance", arguments) ?? standard.relevance, importance: try weight("importance", arguments) ?? standard.importance,
                recency: try weight("recency", arguments) ?? standard.recency)
        } catch let error as FieldError {
            throw UsageError(error.description)
        }
    }

    private static func weight(_ name: String, _ arguments: Arguments) throws -> Double? {
        guard let text = arguments[name] else { return nil }
        guard let weight = Double(text) else { throw UsageError("--\(name) is a number, not \"\(text)\"") }
        return weight
    }
}
