internal import Client
internal import Records

/// Access keys. The text of a key is printed once, when it is made.
enum KeyCommand {
    static let verbs = [create, list, rotate, revoke, update]

    private static let schema = Schema.of(.key)
    private static let optional = schema.rules.filter { [.creator, .caller].contains($0.setter) && $0.field != .name }

    private static let create = Verb(
        name: "key create", summary: "Make a key and print it once", words: "NAME", wordsMax: 1,
        options: optional.map(option) + [Option("to-file", "FILE", "write the key here, readable by its owner alone, instead of printing it")] + Connection.options,
        notes: "A role is a set of scopes; scopes can be added. Narrowed to a user, an agent, a session or kinds, the key sees and writes nothing beyond. "
            + "Scopes: \(Scope.allCases.map(\.rawValue).joined(separator: ", "))."
    ) { arguments in
        guard let name = arguments.words.first else { throw UsageError("give the key a name") }
        guard arguments["role"] != nil || arguments["scope"] != nil else { throw UsageError("give it a --role or a --scope") }
        try System.requireAbsent(arguments["to-file"])
        try await Connection.run(arguments) { client in
            var values = try await RecordText.values(optional, arguments, client)
            values[.name] = .text(name)
            try show(try await client.createKey(RecordDraft(.key, values)), arguments)
        }
    }

    private static func option(_ rule: FieldRule) -> Option {
        let option = RecordText.option(rule)
        switch rule.field {
        case .scopes: return Option(option.name, "SCOPE", "allow this", repeats: true, choices: Scope.allCases.map(\.rawValue))
        case .kinds: return Option(option.name, "KIND", "narrow it to this kind", repeats: true, choices: Kind.allCases.map(\.name))
        case .networks: return Option(option.name, "NETWORK", "only from there, as 10.0.0.0/8 or fd00::/8", repeats: true)
        case .user, .agent, .session: return Option(option.name, option.value, "narrow it to this \(rule.field.name)")
        default: return option
        }
    }

    private static func show(_ made: (key: Record, text: String), _ arguments: Arguments) throws {
        let path = arguments["to-file"]
        if let path { try System.write(Array("\(made.text)\n".utf8), file: path, mode: 0o600) }
        if arguments.has("json") {
            return print(["record": made.key.json(), "key": path == nil ? .text(made.text) : .null, "file": path.map { .text($0) } ?? .null] as JSON)
        }
        print("key \(made.key.id)")
        print(path.map { "written to \($0)" } ?? "\nIt is shown this once:\n\n  \(made.text)\n")
    }

    private static let list = Verb(
        name: "key list", summary: "All keys: prefix, use and end", words: "", wordsMax: 0,
        options: [Option("limit", "N", "how many", or: "100")] + Connection.options
    ) { arguments in
        try await Connection.run(arguments) { client in
            let page = try await client.browse(RecordListing(.key, limit: try arguments.integer("limit", in: 1...Limits.pageMax)))
            if arguments.has("json") { return print(["keys": .list(page.records.map { $0.json() })] as JSON) }
            for key in page.records { print(lines(key).joined(separator: "\n    ")) }
        }
    }

    private static func lines(_ key: Record) -> [String] {
        var facts: [String] = [key.text(.role) ?? "no role"] + key.texts(.scopes)
        for field in [RecordField.user, .agent, .session, .kinds, .networks] {
            if let value = key[field] { facts.append("\(RecordText.optionName(field)) \(value.json.shown)") }
        }
        let end = key.time(.revokedAt).map { "revoked \($0)" } ?? key.time(.expiresAt).map { "\($0 > System.wallClock ? "until" : "ended") \($0)" } ?? "without end"
        let use = key.time(.lastUsedAt).map { "used \(key.integer(.useCount) ?? 0) times, last \($0) from \(key.text(.lastUsedFrom) ?? "")" } ?? "never used"
        return ["\(key.id)  \(key.text(.prefix) ?? "")…  \((key.text(.name) ?? "").line(of: 24))", facts.joined(separator: ", ").line(of: 74), end, use]
    }

    private static let rotate = Verb(
        name: "key rotate", summary: "Make a key like that one, which goes on for a while", words: "UUID", wordsMax: 1,
        options: [
            Option("overlap", "SECONDS", "how long the old one goes on", or: "86400"),
            Option("to-file", "FILE", "write the key here, readable by its owner alone, instead of printing it"),
        ] + Connection.options
    ) { arguments in
        let id = try id(arguments)
        let seconds = try arguments.integer("overlap", in: 0...2_592_000)
        try System.requireAbsent(arguments["to-file"])
        try await Connection.run(arguments) { client in
            try show(try await client.rotateKey(id, overlapSeconds: Int64(seconds)), arguments)
            if !arguments.has("json") { print("key \(id) goes on for \(seconds) seconds; whoever uses it needs the new one by then") }
        }
    }

    private static let revoke = Verb(
        name: "key revoke", summary: "End a key, and its connections", words: "UUID", wordsMax: 1, options: Connection.options
    ) { arguments in
        let id = try id(arguments)
        try await Connection.run(arguments) { client in
            let receipt = try await client.revokeKey(id)
            print(arguments.has("json") ? Printing.json(receipt).description : "key \(id) is revoked")
        }
    }

    private static let update = Verb(
        name: "key update", summary: "Change its name, networks or end", words: "UUID", wordsMax: 1,
        options: schema.rules.filter { $0.setter == .caller }.map(option)
            + [Option("clear", "FIELD", "empty this field", repeats: true, choices: ["description", "network", "expires-at"])] + Connection.options
    ) { arguments in
        let id = try id(arguments)
        let rules = schema.rules.filter { $0.setter == .caller }
        try await Connection.run(arguments) { client in
            let patch = try await RecordText.patch(.key, id, rules, arguments, client)
            let receipt = try await client.change(patch)
            print(arguments.has("json") ? Printing.json(receipt).description : "key \(id) is changed")
        }
    }

    private static func id(_ arguments: Arguments) throws(UsageError) -> Identifier {
        guard let text = arguments.words.first else { throw .init("say which key: pinyon key list shows them") }
        guard let id = Identifier(text) else { throw .init("\"\(text)\" is no UUID") }
        return id
    }
}
