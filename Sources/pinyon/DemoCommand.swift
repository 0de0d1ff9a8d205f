internal import Client
internal import Records
internal import Wire

enum DemoCommand {
    static let verb = Verb(
        name: "demo", summary: "Load the sample once and ask it some questions", words: "", wordsMax: 0,
        options: [Option("sample", "DIR", "where the sample is", or: "datasets/sample")] + Connection.options, run: run)

    private static let questionBytesMax = 1_048_576
    private static let vectorSecondsMax = 60

    @Sendable static func run(_ arguments: Arguments) async throws {
        let folder = try arguments.required("sample")
        var lines = try RememberCommand.lines(folder + "/memories.jsonl")
        for index in lines.indices { lines[index].draft.id = lines[index].stableIdentifier }
        let all = lines
        let questions = try questions(folder + "/questions.jsonl")
        try await Connection.run(arguments) { client in
            let records = try await loadRecords(folder + "/records.jsonl", client)
            let memories = try await loadMemories(all, client)
            if !arguments.has("json") {
                print(records + memories > 0 ? "Loaded \(memories) memories and \(records) other rows of the sample." : "The sample is there already.")
            }
            try await waitForVectors(client)
            var answers: [JSON] = []
            for question in questions {
                guard case .text(let text) = question.query else { continue }
                let answer = try await client.search(question)
                if arguments.has("json") {
                    answers.append(["question": .text(text), "answer": Printing.json(answer, question.kind)])
                } else {
                    print("\n\(text) [\(question.kind.plural)]")
                    for line in Printing.lines(answer) { print(line) }
                }
            }
            if arguments.has("json") { print(["loaded": .integer(Int64(records + memories)), "answers": .list(answers)] as JSON) }
        }
    }

    /// Until the server has made the vectors of what was imported.
    private static func waitForVectors(_ client: MemoryClient) async throws {
        let end = ContinuousClock.now + .seconds(vectorSecondsMax)
        while let waiting = try await client.status()["organization"]?["waiting_for_vectors"]?.integer, waiting > 0 {
            guard ContinuousClock.now < end else {
                throw Failure("\(waiting) rows still wait for their vectors after \(vectorSecondsMax) s; pinyon job list says why, and so does the server's log")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Users, agents, conversations, messages, terms and patterns, by way of an import, which goes on where one was cut off.
    private static func loadRecords(_ path: String, _ client: MemoryClient) async throws -> Int {
        var conversations: [Identifier] = []
        let reader = try LineReader(path)
        while let line = try reader.next() {
            let json = try JSON(parsing: Array(line.bytes))
            if json["kind"]?.text == Kind.conversation.name, let id = json["id"]?.text.flatMap({ Identifier($0) }) { conversations.append(id) }
        }
        let isThere = try await !found(nothing: []) { try await client.records(.conversation, conversations) }.isEmpty
        let last = try await JobWork.newest(client, .importing, file: path.file)?.jobState
        let isWhole = last == nil || last == .succeeded
        if isThere, isWhole { return 0 }
        guard var run = try await ImportRun.begin(client, ImportFile(path), Progress(isQuiet: true), isNew: isWhole, errorsMax: Int64(Int32.max)) else { return 0 }
        try await run.run()
        return Int(run.work.done)
    }

    /// Sends only what the server does not have.
    private static func loadMemories(_ lines: [MemoryLine], _ client: MemoryClient) async throws -> Int {
        let known = Set(try await found(nothing: []) { try await client.memories(lines.compactMap(\.draft.id)) }.map(\.id))
        let missing = lines.filter { line in line.draft.id.map { !known.contains($0) } ?? true }
        if !missing.isEmpty { _ = try await RememberCommand.send(missing, client) }
        return missing.count
    }

    /// What is there; that none of it is there is an error elsewhere, and here what was asked.
    private static func found<Value>(nothing: Value, _ ask: () async throws -> Value) async throws -> Value {
        do { return try await ask() } catch let error as ClientError {
            guard case .refused(let fault) = error, fault.code == .notFound else { throw error }
            return nothing
        }
    }

    private static func questions(_ path: String) throws -> [SearchRequest] {
        try System.read(file: path, bytesMax: questionBytesMax).split(separator: UInt8(ascii: "\n")).map { line in
            let json = try JSON(parsing: Array(line))
            guard let text = json["question"]?.text, let kind = json["kind"]?.text.flatMap({ Kind(name: $0) }), let k = json["k"]?.integer
            else { throw Failure("\(path): a line lacks its question, kind or k") }
            return SearchRequest(kind, query: .text(text), k: Int(clamping: k))
        }
    }
}
