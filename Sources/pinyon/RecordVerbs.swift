internal import Client
internal import Records
internal import Wire

/// A kind of record as the command offers it.
struct RecordGroup: Sendable {
    let name: String
    let summary: String
    let kind: Kind
    /// The verb that makes one; nil where that is done elsewhere.
    let add: String?
    /// The fields that stand as words after it, in their order.
    let words: [RecordField]
    /// What a line of a list shows.
    let shown: [RecordField]

    var schema: Schema { Schema.of(kind) }
}

/// The verbs that every kind has: made from its schema, so that a new field is an option at once.
enum RecordVerbs {
    static let groups: [RecordGroup] = [
        RecordGroup(name: "conversation", summary: "Conversations", kind: .conversation, add: "start", words: [.user], shown: [.messageCount, .title]),
        RecordGroup(name: "message", summary: "Messages", kind: .message, add: "append", words: [.conversation, .content], shown: [.role, .content]),
        RecordGroup(name: "term", summary: "Terminology", kind: .term, add: "add", words: [.term, .definition], shown: [.term, .definition]),
        RecordGroup(name: "pattern", summary: "Learning patterns", kind: .pattern, add: "add", words: [.type, .data], shown: [.type, .confidence, .occurrences]),
        RecordGroup(name: "user", summary: "Users", kind: .user, add: "add", words: [.email], shown: [.email, .role, .name]),
        RecordGroup(name: "agent", summary: "Agents", kind: .agent, add: "add", words: [.slug], shown: [.slug, .status, .name]),
        RecordGroup(name: "organization", summary: "The organization, and making others", kind: .organization, add: nil, words: [], shown: [.slug, .name]),
    ]

    static var verbs: [Verb] { groups.flatMap(verbs) }

    private static func verbs(_ group: RecordGroup) -> [Verb] {
        guard group.kind != .organization else { return [get(group), update(group)] }
        var verbs: [Verb] = []
        if let name = group.add { verbs.append(add(group, name)) }
        verbs += [get(group), list(group), update(group), many(group, "delete", removal(group)) { try await $0.remove($1, $2) }]
        if group.schema.deletesSoftly { verbs.append(many(group, "restore", "Show again what was deleted") { try await $0.restore($1, $2) }) }
        if group.kind == .conversation {
            verbs.append(many(group, "end", "Let nothing more be said in them") { client, _, ids in try await client.end(ids) })
            verbs.append(open(group))
        }
        if [.term, .pattern].contains(group.kind) {
            verbs.append(many(group, "use", group.kind == .term ? "Count a use" : "Count another sighting") { try await $0.use($1, $2) })
        }
        return verbs
    }

    private static func removal(_ group: RecordGroup) -> String {
        group.schema.deletesSoftly ? "Hide them; they can be restored" : "Delete them for good"
    }

    // MARK: Making and changing

    private static func add(_ group: RecordGroup, _ name: String) -> Verb {
        let rules = group.schema.rules.filter { [.creator, .caller].contains($0.setter) }
        let options = rules.filter { !group.words.contains($0.field) }.map { RecordText.option($0) }
        let own = [Option("id", "UUID", "its identifier; made by the server if not given"), Option("created-at", "TIME", "when it was made, ISO 8601")]
        let wordRules = group.words.compactMap { group.schema[$0] }
        let needed = synopses(group.schema.rules.filter { $0.isRequired && $0.fallback == nil && $0.setter == .creator && !group.words.contains($0.field) })
        let words = (wordRules.map { RecordText.option($0).wordName } + needed).joined(separator: " ")
        return Verb(
            name: "\(group.name) \(name)", summary: group.kind == .agent ? "Make an agent" : "Make a \(group.kind.name)", words: words, wordsMax: group.words.count,
            options: options + (group.schema.hasVector ? [RecordText.vectorOption, RecordText.spaceOption] : []) + own + Connection.options
        ) { arguments in
            guard arguments.words.count == group.words.count else { throw UsageError("it needs \(words)") }
            try await Connection.run(arguments) { client in
                var draft = RecordDraft(group.kind, try await RecordText.values(rules, arguments, client))
                for (rule, text) in zip(wordRules, arguments.words) {
                    draft.values[rule.field] = try await RecordText.value(text, rule, RecordText.option(rule).wordName, client)
                }
                if group.kind == .message, draft.values[.role] == nil { draft.values[.role] = .text("user") }
                if group.kind == .user, draft.values[.name] == nil { draft.values[.name] = draft.values[.email] }
                if group.kind == .agent, draft.values[.name] == nil { draft.values[.name] = draft.values[.slug] }
                draft.vector = try RecordText.vector(arguments)
                draft.space = try RecordText.space(arguments)
                if let text = arguments["id"] { draft.id = try Selection.identifier(text, "id") }
                if let text = arguments["created-at"] {
                    guard let time = Timestamp(text) else { throw UsageError("--created-at: \"\(text)\" is no ISO 8601 time") }
                    draft.createdAt = time
                }
                let receipt = try await made(draft, client)
                if arguments.has("json") { return print(Printing.json(receipt)) }
                for row in receipt.rows { print("\(group.kind.name) \(row.id)") }
                if receipt.waiting > 0 { print(Printing.waiting(receipt.waiting)) }
            }
        }
    }

    private static func made(_ draft: RecordDraft, _ client: MemoryClient) async throws -> WriteReceipt {
        do throws(ClientError) { return try await client.create([draft]) } catch {
            guard case .refused(let fault) = error else { throw error }
            throw Failure("\(fault.sentence.withoutPlace) (\(fault.code))")
        }
    }

    /// As a usage shows those that must be there: what the command or the server fills in by itself is not among them.
    private static func synopses(_ needed: [FieldRule]) -> [String] {
        needed.filter { ![.role, .lastUsedAt, .lastSeenAt].contains($0.field) }.map { RecordText.option($0).synopsis }
    }

    private static func update(_ group: RecordGroup) -> Verb {
        let rules = group.schema.rules.filter { $0.setter == .caller }
        let clearable = rules.filter { !$0.isRequired }.map { RecordText.optionName($0.field) }
        var options = rules.map { RecordText.option($0, isNew: false) }
        if !clearable.isEmpty { options.append(Option("clear", "FIELD", "empty this field: \(clearable.joined(separator: ", "))", repeats: true, choices: clearable)) }
        if group.schema.hasVector { options += [RecordText.vectorOption, RecordText.spaceOption, Option("no-vector", nil, "take its vector away")] }
        options.append(Option("if-version", "N", "only if it is of this version"))
        let isOne = group.kind == .organization
        return Verb(
            name: "\(group.name) update", summary: isOne ? "Change its name, plan and settings" : group.kind == .agent ? "Change an agent" : "Change a \(group.kind.name)", words: isOne ? "" : "UUID", wordsMax: isOne ? 0 : 1,
            options: options + Connection.options
        ) { arguments in
            try await Connection.run(arguments) { client in
                let id = isOne ? try await own(client) : try await one(arguments, group, client)
                let patch = try await RecordText.patch(group.kind, id, rules, arguments, client)
                let receipt = try await client.change(patch)
                if arguments.has("json") { return print(Printing.json(receipt)) }
                for row in receipt.rows { print("\(group.kind.name) \(row.id) is of version \(row.version)") }
                if receipt.waiting > 0 { print(Printing.waiting(receipt.waiting)) }
            }
        }
    }

    private static func many(
        _ group: RecordGroup, _ name: String, _ summary: String,
        _ write: @escaping @Sendable (MemoryClient, Kind, [Identifier]) async throws -> WriteReceipt
    ) -> Verb {
        Verb(name: "\(group.name) \(name)", summary: summary, words: "UUID…", wordsMax: Limits.batchMax, options: Connection.options) { arguments in
            try await Connection.run(arguments) { client in
                let receipt = try await write(client, group.kind, try await all(arguments, group, client))
                if arguments.has("json") { return print(Printing.json(receipt)) }
                for row in receipt.rows { print("\(group.kind.name) \(row.id): \(name) done") }
            }
        }
    }

    // MARK: Looking

    private static func get(_ group: RecordGroup) -> Verb {
        let isOne = group.kind == .organization
        return Verb(
            name: "\(group.name) get", summary: isOne ? "Show it" : "Show them whole", words: isOne ? "" : "UUID…", wordsMax: isOne ? 0 : Limits.batchMax,
            options: (group.schema.hasVector ? [Option("with-vectors", nil, "their vectors too")] : []) + Connection.options
        ) { arguments in
            try await Connection.run(arguments) { client in
                let ids = isOne ? [try await own(client)] : try await all(arguments, group, client)
                let records = try await client.records(group.kind, ids, withVectors: arguments.has("with-vectors"))
                if arguments.has("json") { return print([group.kind.plural: .list(records.map { $0.json() })] as JSON) }
                print(records.map(RecordText.page).joined(separator: "\n\n"))
            }
        }
    }

    private static func open(_ group: RecordGroup) -> Verb {
        Verb(
            name: "\(group.name) open", summary: "Show it with its last messages", words: "UUID", wordsMax: 1,
            options: [Option("messages", "N", "how many", or: "50")] + Connection.options
        ) { arguments in
            try await Connection.run(arguments) { client in
                let id = try await one(arguments, group, client)
                let (conversation, messages) = try await client.conversation(id, messages: try arguments.integer("messages", in: 0...Limits.pageMax))
                if arguments.has("json") { return print(["conversation": conversation.json(), "messages": .list(messages.map { $0.json() })] as JSON) }
                print("\((conversation.text(.title) ?? "").line(of: Printing.width))\n\(conversation.integer(.messageCount).map { $0 == 1 ? "1 message" : "\($0) messages" } ?? ""), \(conversation.text(.status) ?? "")")
                for message in messages {
                    print("\n\(message.createdAt)  \(message.text(.role) ?? "")\(message.flag(.edited) == true ? " (edited)" : "")")
                    for line in (message.text(.content) ?? "").shown.split(separator: "\n", omittingEmptySubsequences: false) { print("  \(Help.wrapped(String(line), at: 2))") }
                }
            }
        }
    }

    private static func list(_ group: RecordGroup) -> Verb {
        let schema = group.schema
        let rules = schema.listedBy.compactMap { schema[$0] }
        let orders = schema.orderedBy.map { RecordText.optionName($0) }
        var options = rules.map { rule in
            let option = RecordText.option(rule)
            let name = rule.field.name.split(separator: "_").joined(separator: " ")
            return Option(option.name, option.value, option.repeats ? "only with this among its \(name)" : "only with this \(name)", repeats: option.repeats, choices: option.choices)
        }
        if !orders.isEmpty { options.append(Option("order", "FIELD", "by \(orders.joined(separator: " or ")); by age if not given", choices: orders)) }
        options.append(Option("ascending", nil, "smallest, or oldest, first"))
        if schema.deletesSoftly { options.append(Option("deleted", "WITH|ONLY", "show deleted ones too, or only them", choices: ["with", "only"])) }
        options += [Option("limit", "N", "how many", or: "20"), Option("after", "PLACE", "continue where a list ended"), Option("all", nil, "all of them")]
        return Verb(name: "\(group.name) list", summary: "List them", words: "", wordsMax: 0, options: options + Connection.options) { arguments in
            try await Connection.run(arguments) { client in
                var listing = RecordListing(group.kind, try await RecordText.values(rules, arguments, client), limit: try arguments.integer("limit", in: 1...Limits.pageMax))
                listing.isAscending = arguments.has("ascending")
                listing.deleted = try deleted(arguments)
                if let name = arguments["order"] {
                    guard let order = schema.orderedBy.first(where: { RecordText.optionName($0) == name }) else { throw UsageError("--order is \(orders.joined(separator: " or "))") }
                    listing.order = order
                }
                if let text = arguments["after"] { listing.after = try Place.cursor(text, listing) }
                try await show(listing, group, arguments, client)
            }
        }
    }

    static func deleted(_ arguments: Arguments) throws(UsageError) -> RecordListing.Deleted {
        switch arguments["deleted"] {
        case nil: .without
        case "with": .with
        case "only": .only
        default: throw UsageError("--deleted is with or only")
        }
    }

    private static func show(_ given: RecordListing, _ group: RecordGroup, _ arguments: Arguments, _ client: MemoryClient) async throws {
        var listing = given
        var count = 0
        repeat {
            let page = try await client.browse(listing)
            count += page.records.count
            listing.after = page.next
            if arguments.has("json"), !arguments.has("all") {
                return print([group.kind.plural: .list(page.records.map { $0.json() }), "next": page.next.map { .text(Place.text($0)) } ?? .null] as JSON)
            }
            for record in page.records { print(arguments.has("json") ? record.json().description : RecordText.line(record)) }
        } while arguments.has("all") && listing.after != nil
        if arguments.has("json") { return }
        if count == 0 { print("  nothing there") }
        if let next = listing.after { print("  more: add --after '\(Place.text(next))'") }
    }

    // MARK: Which

    private static func own(_ client: MemoryClient) async throws -> Identifier {
        guard let id = try await client.status()["organization"]?["id"]?.text.flatMap({ Identifier($0) }) else { throw Failure("the server does not say whose key it is") }
        return id
    }

    private static func one(_ arguments: Arguments, _ group: RecordGroup, _ client: MemoryClient) async throws -> Identifier {
        guard let text = arguments.words.first else { throw UsageError("say which \(group.kind.name)") }
        return try await RecordText.identifier(text, group.kind, "the \(group.kind.name)", client)
    }

    private static func all(_ arguments: Arguments, _ group: RecordGroup, _ client: MemoryClient) async throws -> [Identifier] {
        guard !arguments.words.isEmpty else { throw UsageError("say which \(group.kind.plural)") }
        var ids: [Identifier] = []
        for text in arguments.words { ids.append(try await RecordText.identifier(text, group.kind, "a \(group.kind.name)", client)) }
        return ids
    }
}

/// Where a list goes on, as one word: the identifier, and the value by which it is ordered.
enum Place {
    static func text(_ cursor: RecordListing.Cursor) -> String { cursor.value.map { "\(cursor.id),\($0.json.shown)" } ?? cursor.id.description }

    static func cursor(_ text: String, _ listing: RecordListing) throws(UsageError) -> RecordListing.Cursor {
        let parts = text.split(separator: ",", maxSplits: 1).map(String.init)
        guard let first = parts.first, let id = Identifier(first) else { throw UsageError("--after: \"\(text)\" is no place of a list") }
        guard let order = listing.order, parts.count == 2 else { return RecordListing.Cursor(id: id) }
        let value: Value? =
            switch Schema.of(listing.kind).type(of: order) {
            case .time: Timestamp(parts[1]).map { .time($0) }
            case .integer: Int64(parts[1]).map { .integer($0) }
            case .number: Double(parts[1]).map { .number($0) }
            case .flag, .text, .choice, .identifier, .texts, .object, .list, .bytes, .vector, nil: .text(parts[1])
            }
        return RecordListing.Cursor(value: value, id: id)
    }
}

extension Option {
    /// As it is called where it stands as a word.
    fileprivate var wordName: String { (value.map { $0.contains("|") || $0 == "JSON" ? "\(name)" : name } ?? name).uppercased() }
}
