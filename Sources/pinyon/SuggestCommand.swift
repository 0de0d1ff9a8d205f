internal import Client
internal import Records

enum SuggestCommand {
    static let verb = Verb(
        name: "suggest", summary: "The terms that what was typed may become", words: "TYPED…", wordsMax: Int.max,
        options: [
            Option("user", "UUID|EMAIL", "whose dictionary; a key of one user needs none"), Option("context", "CONTEXT", "terms of it first: technical, business, personal, casual, or your own"),
            Option("limit", "N", "how many at most", or: "10"), Option("definitions", nil, "with what each means"),
            Option("meaning", nil, "then those that are near in meaning, as soon as the text has its vector"),
        ] + Connection.options,
        notes: """
            Exact terms come first, then those that begin with what was typed, then those that do but for typos (none up to four letters, one from five, two from nine; a wrong \
            first letter counts twice), then similar ones. Where the whole text begins no term, its last words are looked for. Own terms stand before what others of the \
            organization made public, those of the context and those used more and lately before others. In place of a deprecated term the preferred one is offered.
            """,
        run: run)

    @Sendable private static func run(_ arguments: Arguments) async throws {
        guard !arguments.words.isEmpty else { throw UsageError("say what was typed: pinyon suggest kern") }
        var request = SuggestRequest(arguments.words.joined(separator: " "), context: arguments["context"], limit: try arguments.integer("limit", in: 1...Limits.suggestionsMax))
        request.withDefinitions = arguments.has("definitions")
        let given = request
        try await Connection.run(arguments) { client in
            var request = given
            request.user = try await RecordText.user(arguments, client)
            var count = 0
            func show(_ suggestions: [Suggestion]) {
                for suggestion in suggestions { print(arguments.has("json") ? "\(suggestion.json)" : line(suggestion)) }
                count += suggestions.count
            }
            if arguments.has("meaning") {
                for try await part in client.suggestionParts(request) { show(part) }
            } else {
                show(try await client.suggestions(request))
            }
            if count == 0, !arguments.has("json") { print("  nothing matches") }
        }
    }

    private static func line(_ suggestion: Suggestion) -> String {
        var parts = [reason(suggestion.reason)]
        if let other = suggestion.insteadOf { parts.append("instead of \(other)") }
        if suggestion.isDeprecated { parts.append(suggestion.preferred.map { "deprecated: say \($0)" } ?? "deprecated") }
        if suggestion.isRejected { parts.append("rejected before") }
        if let context = suggestion.context { parts.append(context) }
        if !suggestion.isOwn { parts.append("public") }
        return suggestion.term.shown + "  (\(parts.joined(separator: ", ").shown))" + (suggestion.definition.map { "  \($0.shown)" } ?? "")
    }

    private static func reason(_ reason: Suggestion.Reason) -> String {
        switch reason {
        case .exact: "exact"
        case .prefix: "prefix"
        case .typos(let count): count == 1 ? "1 typo" : "\(count) typos"
        case .similar(let share): "similar \(share.text(digits: 2))"
        case .meaning(let cosine): "meaning \(cosine.text(digits: 2))"
        }
    }
}
