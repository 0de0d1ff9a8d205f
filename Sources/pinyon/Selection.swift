internal import Client
internal import Records

/// What to look for and among what: the options that recall and search share.
enum Selection {
    static let options: [Option] = [
        Option("vector", "JSON|@FILE", "the vector to compare with: a JSON list, or @FILE that holds one (@- reads standard input)"),
        Option("k", "N", "how many at most; 10 if not given"),
        Option("type", "TYPE", "only of this type: conversation, fact, preference or task", repeats: true),
        Option("tag", "TAG", "only those that bear this tag; given again, all of them", repeats: true),
        Option("user", "UUID", "only of this user"),
        Option("since", "TIME", "only those created at this ISO 8601 time or later"),
        Option("filter", "JSON", "any filter, as {\"importance\": {\"gte\": 0.5}}"),
    ]

    private static let vectorBytesMax = 1_048_576

    static func query(_ arguments: Arguments) throws -> SearchRequest.Query {
        if let text = arguments["vector"] {
            guard arguments.words.isEmpty else { throw UsageError("give a text or --vector, not both") }
            let bytes = text.hasPrefix("@") ? try System.read(file: String(text.dropFirst()), bytesMax: vectorBytesMax) : Array(text.utf8)
            do {
                return .vector(try MemoryLine.vector(try JSON(parsing: bytes)))
            } catch {
                throw UsageError("--vector: \(error)")
            }
        }
        guard let text = arguments.words.first else { throw UsageError("give a text, or a vector with --vector") }
        return .text(text)
    }

    static func filter(_ arguments: Arguments) throws -> Filter? {
        var parts: [Filter] = []
        let types = arguments.all("type")
        do {
            for name in types { _ = try MemoryLine.type(name) }
            if let json = arguments["filter"] { parts.append(try Filter(try JSON(parsing: json))) }
        } catch {
            throw UsageError("\(error)")
        }
        if !types.isEmpty { parts.append(.anyOf(.type, types.map { .text($0) })) }
        let tags = arguments.all("tag")
        if !tags.isEmpty { parts.append(.allOf(.tags, tags.map { .text($0) })) }
        if let text = arguments["user"] { parts.append(.equals(.user, .identifier(try identifier(text, "user")))) }
        if let text = arguments["since"] {
            guard let time = Timestamp(text) else { throw UsageError("--since: \"\(text)\" is no ISO 8601 time") }
            parts.append(.range(.createdAt, .init(lower: .time(time))))
        }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .and(parts)
    }

    static func k(_ arguments: Arguments) throws -> Int { try arguments.integer("k", 10, in: 1...Limits.kMax) }

    static func identifier(_ text: String, _ option: String) throws(UsageError) -> Identifier {
        guard let id = Identifier(text) else { throw .init("--\(option): \"\(text)\" is no UUID") }
        return id
    }

    /// The agent of that slug, or of that UUID.
    static func agent(_ text: String, _ client: MemoryClient) async throws -> Identifier {
        if let id = Identifier(text) { return id }
        if let agent = try await client.browse(RecordListing(.agent, [.slug: .text(text)], limit: 1)).records.first { return agent.id }
        let known = try await client.browse(RecordListing(.agent, order: .slug, isAscending: true, limit: namesShown)).records.compactMap { $0.text(.slug) }
        throw Failure(
            "there is no agent \"\(text)\"; "
                + (known.isEmpty ? "there are none yet: pinyon remember makes them" : "there are \(known.joined(separator: ", "))\(known.count == namesShown ? ", …" : "")"))
    }

    private static let namesShown = 20

    static func show(_ answer: SearchAnswer, _ arguments: Arguments) {
        if arguments.has("json") { return print(Printing.json(answer)) }
        if answer.entries.isEmpty { print("  nothing matches") }
        for line in Printing.lines(answer) { print(line) }
        print(Printing.report(answer.report))
    }
}
