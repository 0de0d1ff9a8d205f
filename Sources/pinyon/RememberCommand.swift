internal import Client
internal import Records
internal import Wire

enum RememberCommand {
    static let verb = Verb(
        name: "remember", summary: "Keep a memory, or a file of them", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "SLUG", "whose memory it is; made if there is none"),
            Option("type", "TYPE", "conversation, fact, preference or task", or: MemoryType.fact.name, choices: MemoryType.allCases.map(\.name)),
            Option("importance", "0…1", "how much it matters", or: "0.5"), Option("tag", "TAG", "a tag", repeats: true),
            Option("metadata", "JSON", "a JSON object"), Option("user", "UUID|EMAIL", "the user it is about"),
            Option("session", "UUID", "only for this session; kept for good if not given"), Option("expires", "TIME", "gone from this ISO 8601 time on"),
            Option("pinned", nil, "it neither fades nor is forgotten"), Option("valid-from", "TIME", "so from this time on"), Option("valid-to", "TIME", "so until this time"),
            Option("source-message", "UUID", "the message that it was made of"),
            Option("supersedes", "UUID", "the memory whose place it takes, which is so no longer when this one begins to be"),
            Option("on-similar", "ACTION", "what to do about those that say nearly the same: supersede, merge or keep; they are told if not given", choices: SimilarAction.allCases.map(\.name)),
            Option("similarity", "0…1", "from which cosine on another says nearly the same; 0.95 if not given"),
            Option("vector", "JSON|@FILE", "its vector: a JSON list, or @FILE that holds one; the server makes it if not given"),
            RecordText.spaceOption,
            Option("file", "FILE", "many, one JSON object a line (- reads standard input)"),
        ] + Connection.options, run: run)

    private static let fileBytesMax = 1_024 * 1_024 * 1_024
    private static let batchRows = 100
    private static let batchBytesMax = 4 * 1_024 * 1_024

    @Sendable static func run(_ arguments: Arguments) async throws {
        if let path = arguments["file"] {
            guard arguments.words.isEmpty else { throw UsageError("give a text or --file, not both") }
            return try await remember(try lines(path, defaultAgent: arguments["agent"]), arguments)
        }
        guard let content = arguments.words.first else { throw UsageError("give the text to remember, or --file") }
        var members: [JSON.Member] = [.init("agent", .text(try arguments.required("agent"))), .init("content", .text(content))]
        for (option, member) in [
            ("type", "type"), ("session", "session"), ("expires", "expires_at"), ("valid-from", "valid_from"), ("valid-to", "valid_to"), ("source-message", "source_message"),
            ("supersedes", "supersedes"), ("on-similar", "on_similar"),
        ] {
            if let text = arguments[option] { members.append(.init(member, .text(text))) }
        }
        for name in ["importance", "similarity"] {
            guard let text = arguments[name] else { continue }
            guard let number = Double(text) else { throw UsageError("--\(name) is a number from 0 to 1, not \"\(text)\"") }
            members.append(.init(name, .number(number)))
        }
        if arguments.has("pinned") { members.append(.init("pinned", .bool(true))) }
        if !arguments.all("tag").isEmpty { members.append(.init("tags", .list(arguments.all("tag").map { .text($0) }))) }
        do {
            if let text = arguments["metadata"] { members.append(.init("metadata", try JSON(parsing: text))) }
            var line = try MemoryLine(.object(members))
            line.draft.vector = try RecordText.vector(arguments)
            line.draft.space = try RecordText.space(arguments)
            try line.draft.check()
            try await remember([line], arguments)
        } catch let error as FieldError {
            throw UsageError(error.description)
        } catch let error as JSONError {
            throw UsageError("--metadata: \(error)")
        }
    }

    /// Every line of the file, checked before anything is sent; a bad one is named by its number.
    static func lines(_ path: String, defaultAgent: String? = nil) throws -> [MemoryLine] {
        var result: [MemoryLine] = []
        let bytes = try System.read(file: path, bytesMax: fileBytesMax)
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
            do {
                let read = try MemoryLine(try JSON(parsing: Array(line)), defaultAgent: defaultAgent)
                try read.draft.check()
                result.append(read)
            } catch {
                throw Failure("\(path), line \(number + 1): \(error). Nothing was sent")
            }
        }
        guard !result.isEmpty else { throw Failure("\(path) holds no memories") }
        return result
    }

    private static func remember(_ given: [MemoryLine], _ arguments: Arguments) async throws {
        try await Connection.run(arguments) { client in
            var lines = given
            if let text = arguments["user"] {
                let user = try await RecordText.identifier(text, .user, "--user", client)
                for index in lines.indices where lines[index].draft.user == nil { lines[index].draft.user = user }
            }
            let receipts = try await send(lines, client)
            let whole = receipts.joined
            if arguments.has("json") { return print(Printing.json(whole)) }
            let fates = Dictionary(uniqueKeysWithValues: whole.notes.map { ($0.row, $0.fate) })
            if whole.rows.count == 1, let row = whole.rows.first {
                if fates[0] ?? .stored == .stored { print("remembered \(row.id)") }
            } else {
                let stored = whole.rows.indices.count { fates[$0] ?? .stored == .stored }
                print("remembered \(stored) \(stored == 1 ? "memory" : "memories")")
            }
            for note in whole.notes { for line in Printing.lines(note, whole.rows[note.row].id) { print(line) } }
            if whole.waiting > 0 { print(Printing.waiting(whole.waiting)) }
        }
    }

    /// Sends in batches, each all or nothing.
    static func send(_ lines: [MemoryLine], _ client: MemoryClient) async throws -> [WriteReceipt] {
        var agents: [String: Identifier] = [:]
        for slug in Set(lines.map(\.agent)).sorted() { agents[slug] = try await client.ensureAgent(slug).id }
        var receipts: [WriteReceipt] = []
        var batch: [MemoryDraft] = []
        var bytes = 0
        for line in lines {
            var draft = line.draft
            if let agent = agents[line.agent] { draft.agent = agent }
            batch.append(draft)
            bytes += draft.content.utf8.count + (draft.vector?.count ?? 0) * 4
            if batch.count >= batchRows || bytes >= batchBytesMax {
                receipts.append(try await client.remember(batch))
                batch = []
                bytes = 0
            }
        }
        if !batch.isEmpty { receipts.append(try await client.remember(batch)) }
        return receipts
    }
}

extension [WriteReceipt] {
    /// As if all had been one write.
    fileprivate var joined: WriteReceipt {
        var (rows, notes): ([WriteReceipt.Row], [RememberNote]) = ([], [])
        for receipt in self {
            notes += receipt.notes.map { RememberNote(row: rows.count + $0.row, fate: $0.fate, superseded: $0.superseded, similar: $0.similar) }
            rows += receipt.rows
        }
        return WriteReceipt(change: last?.change ?? 0, rows: rows, waiting: reduce(0) { $0 + $1.waiting }, notes: notes)
    }
}
