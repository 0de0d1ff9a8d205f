internal import Engine
internal import Records
internal import Secrets
internal import Storage

/// Organizations are made where the data is, by who may read it: no key of one organization can reach another.
enum OrganizationCommand {
    static let verbs = [create, rescue]

    private static let keyFile = Option("to-file", "FILE", "write its admin key here, readable by its owner alone, instead of printing it")

    private static let aloneNote = "A data directory is taken while a server runs on it; servers on a database learn of it within a second."

    private static let rescue = Verb(
        name: "organization rescue", summary: "Make another admin key for one, where the data is", words: "SLUG", wordsMax: 1,
        options: StoreChoice.options + [keyFile, Option("json", nil, "print one JSON object, for programs")],
        notes: "For an organization whose admin keys are lost or can be used from nowhere any more. \(aloneNote)"
    ) { arguments in
        guard let slug = arguments.words.first else { throw UsageError("give the slug of the organization") }
        try withStore(arguments) { store in
            let known = try store.reads.tenancy().organizations
            guard let organization = known.first(where: { $0.slug == slug }) else {
                throw Failure("there is no organization \(slug); there are \(known.map(\.slug).sorted().joined(separator: ", "))")
            }
            let key = try kept(arguments)
            try MemoryEngine.makeAdminKey(key, of: organization.id, in: store, at: System.wallClock)
            show(slug, key, arguments)
        }
    }

    private static let create = Verb(
        name: "organization create", summary: "Make another one, where the data is", words: "SLUG", wordsMax: 1,
        options: StoreChoice.options + [
            Option("name", "TEXT", "what it is called; its slug if not given"), keyFile,
            Option("json", nil, "print one JSON object, for programs"),
        ], notes: aloneNote
    ) { arguments in
        guard let slug = arguments.words.first else { throw UsageError("give it a slug") }
        let name = arguments["name"] ?? slug
        do throws(FieldError) {
            try Checks.slug(slug)
            try Checks.text(name, "name", bytesMax: Limits.nameBytesMax)
        } catch {
            throw UsageError(error.description)
        }
        try withStore(arguments) { store in
            guard try !store.reads.tenancy().organizations.contains(where: { $0.slug == slug }) else { throw Failure("the organization \(slug) is there already") }
            let key = try kept(arguments)
            try MemoryEngine.makeOrganization(in: store, name: name, slug: slug, admin: key, at: System.wallClock)
            show(slug, key, arguments)
        }
    }

    private static func withStore(_ arguments: Arguments, _ body: (any Store) throws -> Void) throws {
        try System.requireAbsent(arguments["to-file"])
        let choice = try StoreChoice(arguments)
        if case .folder(let folder) = choice, !System.exists(folder) { throw Failure("there is no data directory \(folder); name it with --data") }
        let store = try choice.open()
        defer { store.close() }
        do { try body(store) } catch let error as StorageError { throw Failure(error.description) }
    }

    /// A new key, on disk before the store knows it: a crash in between leaves a file that opens nothing, and no house without a key.
    private static func kept(_ arguments: Arguments) throws(Failure) -> KeyText {
        let key = KeyText.random()
        if let path = arguments["to-file"] { try System.write(Array("\(key.text)\n".utf8), file: path, mode: 0o600) }
        return key
    }

    private static func show(_ slug: String, _ key: KeyText, _ arguments: Arguments) {
        let path = arguments["to-file"]
        if arguments.has("json") {
            return print(["slug": .text(slug), "key": path == nil ? .text(key.text) : .null, "file": path.map { .text($0) } ?? .null] as JSON)
        }
        print("organization \(slug)")
        print(path.map { "its admin key is written to \($0)" } ?? "\nIts admin key is shown this once:\n\n  \(key.text)\n")
    }
}
