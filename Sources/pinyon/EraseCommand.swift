internal import Client
internal import Records

/// All that is kept of somebody or something goes for good.
enum EraseCommand {
    static let verb = Verb(
        name: "erase", summary: "Delete for good all that is kept of somebody", words: "", wordsMax: 0,
        options: [
            Option("user", "UUID|EMAIL", "memories, conversations with their messages, terms, patterns and keys of this user, and the user"),
            Option("agent", "UUID|SLUG", "memories, conversations with their messages and keys of this agent, and the agent"),
            Option("conversation", "UUID", "this conversation, its messages, and the memories of it or made of them"), Option("session", "UUID", "the memories of this session"),
            Option("memory", "UUID", "this memory", repeats: true), Option("yes", nil, "do not only say what it means"),
        ] + Connection.options,
        notes: """
            What is erased comes back in no way: rows go, and with them vectors, codes, words, what was embedded lately, the answers that are kept for requests which are repeated, and, on \
            SQLite, what was left in free pages and in the write-ahead log. `pinyon verify --absent FILE` looks for it. Beyond reach are backups, and PostgreSQL's own log, its replicas and \
            the dead rows that it has not vacuumed yet.
            """,
        run: run)

    private static let subjects: [(name: String, subject: Erasure.Subject, kind: Kind?)] = [
        ("user", .user, .user), ("agent", .agent, .agent), ("conversation", .conversation, nil), ("session", .session, nil), ("memory", .memory, nil),
    ]

    @Sendable static func run(_ arguments: Arguments) async throws {
        let given = subjects.filter { arguments[$0.name] != nil }
        guard given.count == 1, let asked = given.first else { throw UsageError("say of what: one of \(subjects.map { "--\($0.name)" }.joined(separator: ", "))") }
        guard arguments.has("yes") else { throw UsageError("it cannot be undone: add --yes") }
        try await Connection.run(arguments) { client in
            var ids: [Identifier] = []
            for text in arguments.all(asked.name) { ids.append(try await RecordText.identifier(text, asked.kind, "--\(asked.name)", client)) }
            let counts = try await client.erase(Erasure(asked.subject, ids))
            if arguments.has("json") { return print(counts) }
            guard case .object(let members) = counts else { return }
            let kinds = members.filter { $0.name != "scrubbed" }
            if counts["scrubbed"] == false { print("somebody still reads what was before, and so it still lies in the store's log; the server overwrites it within a minute after that") }
            guard !kinds.isEmpty else { return print("nothing was kept") }
            print("erased: " + kinds.map { member in "\(member.value) \(member.value == 1 ? Kind.allCases.first { $0.plural == member.name }?.name ?? member.name : member.name)" }.joined(separator: ", "))
        }
    }
}
