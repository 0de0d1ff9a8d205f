internal import Client
internal import Records

/// Fields of records on a command line, and records on a screen.
enum RecordText {
    private static let names: [RecordField: String] = [
        .tags: "tag", .participants: "participant", .examples: "example", .relatedTerms: "related", .scopes: "scope", .kinds: "kind", .networks: "network",
        .isPublic: "public",
    ]

    static func optionName(_ field: RecordField) -> String { names[field] ?? field.name.split(separator: "_").joined(separator: "-") }

    /// For a new one it says what holds if nothing is given.
    static func option(_ rule: FieldRule, isNew: Bool = true) -> Option {
        let name = optionName(rule.field)
        let title = title(rule, isNew: isNew)
        switch rule.type {
        case .flag: return Option(name, "YES|NO", title, choices: ["yes", "no"])
        case .integer, .number: return Option(name, "N", title + bounds(rule))
        case .text: return Option(name, "TEXT", title)
        case .choice(let all):
            // Deleted is what a conversation becomes by being deleted.
            let known = all.filter { rule.field != .status || $0 != "deleted" }
            return Option(name, name.uppercased(), "\(title): \(known.joined(separator: ", "))", choices: known)
        case .identifier:
            let value = reference(rule) == .user ? "UUID|EMAIL" : reference(rule) == .agent ? "UUID|SLUG" : "UUID"
            return Option(name, value, title)
        case .time: return Option(name, "TIME", "\(title), ISO 8601")
        case .texts: return Option(name, "TEXT", explanations[rule.field] ?? "one of its \(title)", repeats: true)
        case .object: return Option(name, "JSON", "\(title): a JSON object")
        case .list: return Option(name, "JSON", "\(title): a JSON list")
        case .bytes, .vector: return Option(name, "JSON", title)
        }
    }

    /// What a field's name alone does not say.
    private static let explanations: [RecordField: String] = [
        .user: "whose it is", .agent: "the agent that it is with", .agentName: "what the agent calls itself", .agentType: "what sort of agent it is",
        .mode: "how many agents take part, and how", .participants: "names of who takes part", .folder: "where its user keeps it",
        .context: "what it is about, or where it holds", .qualityThreshold: "the score that an answer must reach", .workflow: "the platform's workflow",
        .iterationsMax: "how often an answer may be improved", .iterations: "how often it was improved", .model: "the model that wrote it",
        .tokensUsed: "what it took", .latency: "how long it took, in ms", .attachments: "what came with it", .frequency: "how often it was used",
        .lastUsedAt: "when it was used last", .lastSeenAt: "when it was seen last", .examples: "a sentence that uses it", .relatedTerms: "a term beside it",
        .isPublic: "whether others of the organization see it", .memoryEnabled: "whether it keeps memories", .memoryType: "what it keeps",
        .permissions: "what the platform allows", .preferences: "what the person prefers", .settings: "what the platform sets", .tools: "what it may call",
        .plan: "what is paid for", .usersMax: "how many users there may be", .agentsMax: "how many agents there may be", .role: "who it is or speaks",
        .confidence: "how sure it is", .occurrences: "how often it was seen", .session: "of this conversation only",
    ]

    /// Whom it names, also where the store does not look.
    private static func reference(_ rule: FieldRule) -> Kind? {
        rule.reference ?? (rule.field == .user ? .user : rule.field == .agent ? .agent : nil)
    }

    private static func title(_ rule: FieldRule, isNew: Bool) -> String {
        let words = explanations[rule.field] ?? rule.field.name.split(separator: "_").joined(separator: " ")
        guard isNew, let fallback = rule.fallback, rule.type != .flag else { return words }
        return "\(words); \(fallback.json.shown) if not given"
    }

    private static func bounds(_ rule: FieldRule) -> String {
        switch rule.type {
        case .integer(let range) where range.upperBound < Int64.max: ", \(range.lowerBound) to \(range.upperBound)"
        case .number(let range) where range.upperBound < 1e15: ", \(JSON.number(range.lowerBound).shown) to \(JSON.number(range.upperBound).shown)"
        default: ""
        }
    }

    /// The values of the options that stand for fields.
    static func values(_ rules: [FieldRule], _ arguments: Arguments, _ client: MemoryClient) async throws -> [RecordField: Value] {
        var values: [RecordField: Value] = [:]
        for rule in rules {
            let name = optionName(rule.field)
            let texts = arguments.all(name)
            guard let first = texts.first else { continue }
            if case .texts = rule.type {
                values[rule.field] = .texts(texts)
            } else {
                values[rule.field] = try await value(first, rule, "--\(name)", client)
            }
        }
        return values
    }

    /// What the options of an update say.
    static func patch(_ kind: Kind, _ id: Identifier, _ rules: [FieldRule], _ arguments: Arguments, _ client: MemoryClient) async throws -> RecordPatch {
        var patch = RecordPatch(kind, id: id)
        patch.values = try await values(rules, arguments, client)
        for name in arguments.all("clear") {
            guard let rule = rules.first(where: { optionName($0.field) == name }) else { throw UsageError("--clear: there is no field \(name)") }
            patch.cleared.insert(rule.field)
        }
        if let vector = try vector(arguments) { patch.vector = .set(vector) } else if arguments.has("no-vector") { patch.vector = .clear }
        patch.space = try space(arguments)
        if arguments["if-version"] != nil { patch.ifVersion = Int64(try arguments.integer("if-version", in: 1...Int.max)) }
        do throws(FieldError) { try patch.check() } catch { throw UsageError(error.description) }
        return patch
    }

    static func value(_ text: String, _ rule: FieldRule, _ option: String, _ client: MemoryClient) async throws -> Value {
        let value: Value? =
            switch rule.type {
            case .flag: ["yes": .flag(true), "true": .flag(true), "no": .flag(false), "false": .flag(false)][text]
            case .integer: Int64(text).map { .integer($0) }
            case .number: Double(text).map { .number($0) }
            case .text, .choice: .text(text)
            case .identifier: .identifier(try await identifier(text, reference(rule), option, client))
            case .time: Timestamp(text).map { .time($0) }
            case .texts: .texts([text])
            case .object, .list: try json(text, option)
            case .bytes, .vector: nil
            }
        guard let value else { throw UsageError("\(option) must be \(rule.type.description), not \"\(text)\"") }
        do throws(FieldError) { try rule.type.check(value, option) } catch { throw UsageError(error.description) }
        return value
    }

    private static func json(_ text: String, _ option: String) throws(UsageError) -> Value {
        do { return .json(try JSON(parsing: text)) } catch { throw UsageError("\(option): \(error)") }
    }

    /// Whom --user names; nil where nobody is named.
    static func user(_ arguments: Arguments, _ client: MemoryClient) async throws -> Identifier? {
        guard let text = arguments["user"] else { return nil }
        return try await identifier(text, .user, "--user", client)
    }

    /// A UUID, or what people call a user or an agent.
    static func identifier(_ text: String, _ kind: Kind?, _ option: String, _ client: MemoryClient) async throws -> Identifier {
        if let id = Identifier(text) { return id }
        switch kind {
        case .user:
            if let user = try await client.browse(RecordListing(.user, [.email: .text(text)], limit: 1)).records.first { return user.id }
            throw Failure("there is no user \"\(text)\"; pinyon user list shows them")
        case .agent: return try await Selection.agent(text, client)
        case .memory, .organization, .key, .conversation, .message, .term, .pattern, .job, .audit, nil:
            throw UsageError("\(option) must be a UUID, not \"\(text)\"")
        }
    }

    static func vector(_ arguments: Arguments) throws -> [Float]? {
        guard let vector = try Selection.vector(arguments) else { return nil }
        do throws(FieldError) { try Checks.vector(vector, "--vector") } catch { throw UsageError(error.description) }
        return vector
    }

    static let vectorOption = Option("vector", "JSON|@FILE", "its vector: a JSON list, or @FILE that holds one; the server makes it if not given")
    static let spaceOption = Option("space", "UUID", "the space that the vector is of; needed where the server makes the vectors (pinyon status shows it)")

    static func space(_ arguments: Arguments) throws -> Identifier? {
        guard let text = arguments["space"] else { return nil }
        guard arguments["vector"] != nil else { throw UsageError("--space is that of a vector; give one with --vector") }
        return try Selection.identifier(text, "space")
    }

    // MARK: On a screen

    /// Identifier, and what says most about it.
    static func line(_ record: Record) -> String {
        let head = "\(record.id)  \(record.deletedAt == nil ? "" : "(deleted) ")"
        return head + summary(record).line(of: Printing.width - head.count)
    }

    /// What says most about it.
    static func summary(_ record: Record) -> String {
        let fields = RecordVerbs.groups.first { $0.kind == record.kind }?.shown ?? []
        return fields.compactMap { record[$0]?.json.shown }.joined(separator: "  ")
    }

    static func page(_ record: Record) -> String {
        guard case .object(let members) = record.json() else { return "" }
        let width = members.map(\.name.count).max() ?? 0
        return members.filter { $0.name != "kind" }.map { member in
            let text = member.value.vector.map { $0.isEmpty ? "[]" : "\($0.count) dimensions" } ?? member.value.shown
            let lines = text.shown.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { Help.wrapped(String($0), at: width + 2) }
            return "\(member.name.padded(to: width))  " + lines.joined(separator: "\n" + String(repeating: " ", count: width + 2))
        }.joined(separator: "\n")
    }
}
