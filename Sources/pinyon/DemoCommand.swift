internal import Client
internal import Records
internal import Wire

enum DemoCommand {
    static let verb = Verb(
        name: "demo", summary: "Load the sample once and ask it three questions", words: "", wordsMax: 0,
        options: [Option("sample", "DIR", "where the sample is", or: "datasets/sample")] + Connection.options, run: run)

    private static let answersShown = 3
    private static let questionBytesMax = 1_048_576

    @Sendable static func run(_ arguments: Arguments) async throws {
        let folder = try arguments.required("sample")
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
