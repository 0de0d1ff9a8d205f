internal import Client
internal import Records

enum RecallCommand {
    static let verb = Verb(
        name: "recall", summary: "The memories of one agent that matter to a question", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "UUID|SLUG", "whose memories"), Option("session", "UUID", "those of this session too, besides those kept for good"),
        ] + Selection.options + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let slug = try arguments.required("agent")
        let query = try Selection.query(arguments)
        let filter = try Selection.filter(arguments)
        let session = try arguments["session"].map { text throws(UsageError) in try Selection.identifier(text, "session") }
        let k = try Selection.k(arguments)
        let space = try RecordText.space(arguments)
        try await Connection.run(arguments) { client in
            let agent = try await Selection.agent(slug, client)
            let all = try await Selection.adding(arguments, ["user"], .memory, to: filter.map { [$0] } ?? [], client)
            Selection.show(try await client.recall(agent: agent, session: session, query: query, space: space, k: k, filter: all), .memory, arguments)
        }
    }
}
