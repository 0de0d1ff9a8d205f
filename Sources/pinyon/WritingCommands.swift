internal import Client
internal import Records
internal import Wire

enum RememberCommand {
    static let verb = Verb(
        name: "remember", summary: "Keep a memory, or a file of them", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("agent", "SLUG", "whose memory it is; made if there is none"), Option("type", "TYPE", "conversation, fact, preference or task; fact if not given"),
            Option("importance", "0…1", "0.5 if not given"), Option("tag", "TAG", "a tag", repeats: true),
            Option("metadata", "JSON", "a JSON object"), Option("user", "UUID", "the user it is about"),
            Option("session", "UUID", "only for this session; kept for good if not given"), Option("expires", "TIME", "gone from this ISO 8601 time on"),
            Option("vector", "JSON|@FILE", "its vector: a JSON list, or @FILE that holds one; without it no search finds it yet"),
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
        for (option, member) in [("type", "type"), ("user", "user"), ("session", "session"), ("expires", "expires_at")] {
            if let text = arguments[option] { members.append(.init(member, .text(text))) }
        }
        if let text = arguments["importance"] {
            guard let number = Double(text) else { throw UsageError("--importance is a number from 0 to 1, not \"\(text)\"") }
            members.append(.init("importance", .number(number)))
        }
        if !arguments.all("tag").isEmpty { members.append(.init("tags", .list(arguments.all("tag").map { .text($0) }))) }
        do {
            if let text = arguments["metadata"] { members.append(.init("metadata", try JSON(parsing: text))) }
            var line = try MemoryLine(.object(members))
            if arguments["vector"] != nil, case .vector(let vector) = try vectorOnly(arguments) { line.draft.vector = vector }
            try line.draft.check()
            try await remember([line], arguments)
        } catch let error as FieldError {
            throw UsageError(error.description)
        } catch let error as JSONError {
            throw UsageError("--metadata: \(error)")
        }
    }

    private static func vectorOnly(_ arguments: Arguments) throws -> SearchRequest.Query {
        try Selection.query(try Arguments(["--vector", arguments["vector"] ?? ""], options: Selection.options, wordsMax: 0))
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

    private static func remember(_ lines: [MemoryLine], _ arguments: Arguments) async throws {
        try await Connection.run(arguments) { client in
            let receipts = try await send(lines, client)
            let rows = receipts.flatMap(\.rows)
            if arguments.has("json") { return print(Printing.json(WriteReceipt(change: receipts.last?.change ?? 0, rows: rows))) }
            if rows.count == 1, let row = rows.first { print("remembered \(row.id)") } else { print("remembered \(rows.count) memories") }
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

enum ForgetCommand {
    static let verb = Verb(
        name: "delete", summary: "Remove memories for good", words: "UUID…", wordsMax: Limits.batchMax, options: Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        guard !arguments.words.isEmpty else { throw UsageError("give at least one identifier") }
        let ids = try arguments.words.map { text throws(UsageError) in
            guard let id = Identifier(text) else { throw UsageError("\"\(text)\" is no UUID") }
            return id
        }
        try await Connection.run(arguments) { client in
            let receipt = try await client.delete(ids)
            print(arguments.has("json") ? Printing.json(receipt).description : "deleted \(receipt.rows.count)")
        }
    }
}

enum DemoCommand {
    static let verb = Verb(
        name: "demo", summary: "Load the sample once and ask it three questions", words: "", wordsMax: 0,
        options: [Option("sample", "DIR", "where the sample is; datasets/sample if not given")] + Connection.options, run: run)

    private static let answersShown = 3
    private static let questionBytesMax = 1_048_576

    @Sendable static func run(_ arguments: Arguments) async throws {
        let folder = arguments["sample"] ?? "datasets/sample"
        var lines = try RememberCommand.lines(folder + "/memories.jsonl")
        for index in lines.indices { lines[index].draft.id = lines[index].stableIdentifier }
        let all = lines
        let questions = try questions(folder + "/questions.jsonl")
        try await Connection.run(arguments) { client in
            let loaded = try await load(all, client)
            if !arguments.has("json") { print(loaded > 0 ? "Remembered \(loaded) memories of the sample." : "The sample is there already.") }
            var answers: [JSON] = []
            for (text, vector) in questions {
                let answer = try await client.search(SearchRequest(query: .vector(vector), k: answersShown))
                if arguments.has("json") {
                    answers.append(["question": .text(text), "answer": Printing.json(answer)])
                } else {
                    print("\n\(text)")
                    for line in Printing.lines(answer) { print(line) }
                }
            }
            if arguments.has("json") { print(["loaded": .integer(Int64(loaded)), "answers": .list(answers)] as JSON) }
        }
    }

    /// Sends only what the server does not have.
    private static func load(_ lines: [MemoryLine], _ client: MemoryClient) async throws -> Int {
        var known: Set<Identifier> = []
        do {
            known = Set(try await client.memories(lines.compactMap(\.draft.id)).map(\.id))
        } catch {
            guard case .refused(let fault) = error, fault.code == .notFound else { throw error }
        }
        let missing = lines.filter { line in line.draft.id.map { !known.contains($0) } ?? true }
        if !missing.isEmpty { _ = try await RememberCommand.send(missing, client) }
        return missing.count
    }

    private static func questions(_ path: String) throws -> [(text: String, vector: [Float])] {
        var result: [(text: String, vector: [Float])] = []
        for line in try System.read(file: path, bytesMax: questionBytesMax).split(separator: UInt8(ascii: "\n")) {
            let json = try JSON(parsing: Array(line))
            guard let text = json["question"]?.text, let vector = json["vector"] else { throw Failure("\(path): a line lacks its question or vector") }
            result.append((text, try MemoryLine.vector(vector)))
        }
        return result
    }
}
