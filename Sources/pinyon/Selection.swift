internal import Client
internal import Records

/// What to look for and among what: the options that recall and search share.
enum Selection {
    static let options: [Option] = [
        Option("vector", "JSON|@FILE", "the vector to compare with: a JSON list, or @FILE that holds one (@- reads standard input)"),
        RecordText.spaceOption,
        Option("k", "N", "how many at most", or: "10"),
        Option("type", "TYPE", "only of this type: conversation, fact, preference or task", repeats: true, choices: MemoryType.allCases.map(\.name)),
        Option("tag", "TAG", "only those that bear this tag; given again, all of them", repeats: true),
        Option("user", "UUID|EMAIL", "only of this user"),
        Option("since", "TIME", "only those created at this ISO 8601 time or later"),
        Option("filter", "JSON", "any filter, as {\"importance\": {\"gte\": 0.5}}"),
    ]

    static let modeOption = Option(
        "mode", "MODE", "by what a text is searched: vector, lexical (its words) or hybrid (both); hybrid if not given", choices: SearchMode.allCases.map(\.name))

    static func mode(_ arguments: Arguments) throws -> SearchMode? {
        guard let name = arguments["mode"] else { return nil }
        guard let mode = SearchMode(name: name) else { throw UsageError("--mode is \(SearchMode.allCases.map(\.name).joined(separator: ", ")), not \"\(name)\"") }
        return mode
    }

    private static let vectorBytesMax = 1_048_576

    static func query(_ arguments: Arguments) throws -> SearchRequest.Query {
        if let vector = try vector(arguments) {
            guard arguments.words.isEmpty else { throw UsageError("give a text or --vector, not both") }
            return .vector(vector)
        }
        guard let text = arguments.words.first else { throw UsageError("give a text, or a vector with --vector") }
        return .text(text)
    }

    static func vector(_ arguments: Arguments) throws -> [Float]? {
        guard let text = arguments["vector"] else { return nil }
        let bytes = text.hasPrefix("@") ? try System.read(file: String(text.dropFirst()), bytesMax: vectorBytesMax) : Array(text.utf8)
        do { return try MemoryLine.vector(try JSON(parsing: bytes)) } catch { throw UsageError("--vector: \(error)") }
    }

    static func filter(_ arguments: Arguments, _ kind: Kind = .memory) throws -> Filter? {
        var parts: [Filter] = []
        let types = arguments.all("type")
        for (option, field) in [("type", RecordField.type), ("tag", .tags)] where arguments[option] != nil && Schema.of(kind)[field] == nil {
            throw UsageError("a \(kind.name) has no \(option)")
        }
        do {
            for name in types { _ = try MemoryLine.type(name) }
            if let json = arguments["filter"] { parts.append(try Filter(try JSON(parsing: json), on: kind)) }
        } catch {
            throw UsageError("\(error)")
        }
        if !types.isEmpty { parts.append(.anyOf(.type, types.map { .text($0) })) }
        let tags = arguments.all("tag")
        if !tags.isEmpty { parts.append(.allOf(.tags, tags.map { .text($0) })) }
        if let time = try time(arguments, "since") { parts.append(.range(.createdAt, .init(lower: .time(time)))) }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .and(parts)
    }

    /// The same, and what has to be asked for by name.
    static func adding(_ arguments: Arguments, _ names: [String], _ kind: Kind, to given: [Filter], _ client: MemoryClient) async throws -> Filter? {
        var parts = given
        for (option, field, reference) in [("user", RecordField.user, Kind.user), ("agent", .agent, .agent)] where names.contains(option) {
            guard let text = arguments[option] else { continue }
            guard Schema.of(kind)[field] != nil else { throw UsageError("a \(kind.name) has no \(option)") }
            parts.append(.equals(.plain(field), .identifier(try await RecordText.identifier(text, reference, "--\(option)", client))))
        }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .and(parts)
    }

    /// All its words.
    static func identifiers(_ arguments: Arguments) throws(UsageError) -> [Identifier] {
        guard !arguments.words.isEmpty else { throw UsageError("give at least one identifier") }
        var ids: [Identifier] = []
        for text in arguments.words {
            guard let id = Identifier(text) else { throw UsageError("\"\(text)\" is no UUID") }
            ids.append(id)
        }
        return ids
    }

    static func time(_ arguments: Arguments, _ name: String) throws(UsageError) -> Timestamp? {
        guard let text = arguments[name] else { return nil }
        guard let time = Timestamp(text) else { throw UsageError("--\(name): \"\(text)\" is no ISO 8601 time") }
        return time
    }

    static func k(_ arguments: Arguments) throws -> Int { try arguments.integer("k", in: 1...Limits.kMax) }

    static func recall(_ arguments: Arguments) throws -> Double? {
        guard let text = arguments["recall"] else { return nil }
        guard let share = Double(text), share > 0, share <= 1 else { throw UsageError("--recall is a share above 0 and at most 1, not \"\(text)\"") }
        return share
    }

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
                + (known.isEmpty ? "there are none yet: pinyon agent add makes one" : "there are \(known.joined(separator: ", "))\(known.count == namesShown ? ", …" : "")"))
    }

    private static let namesShown = 20

    static func show(_ answer: SearchAnswer, _ kind: Kind, _ arguments: Arguments) {
        if arguments.has("json") { return print(Printing.json(answer, kind)) }
        if answer.entries.isEmpty { print(answer.report.rowsMatching > 0 && arguments["tokens"] != nil ? "  nothing fits into so many tokens" : "  nothing matches") }
        for line in Printing.lines(answer) { print(line) }
        if let explanation = answer.explanation { for line in Printing.lines(explanation) { print(line) } }
        print(Printing.report(answer.report))
    }
}
