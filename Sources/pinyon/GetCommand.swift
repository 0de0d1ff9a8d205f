internal import Client
internal import Records

enum GetCommand {
    static let verb = Verb(
        name: "get", summary: "Memories by their identifiers", words: "UUID…", wordsMax: Limits.batchMax,
        options: [Option("with-vectors", nil, "their vectors too")] + Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let ids = try Selection.identifiers(arguments)
        try await Connection.run(arguments) { client in
            let memories = try await client.memories(ids, withVectors: arguments.has("with-vectors"))
            if arguments.has("json") { return print(JSON.object([.init("memories", .list(memories.map { $0.json }))])) }
            show(memories)
        }
    }

    static func show(_ memories: [Memory]) {
        for memory in memories {
            guard case .object(let members) = memory.json else { continue }
            for member in members where member.name != "vector" { print("\(member.name.padded(to: 16))  \(member.value.shown)") }
            if let count = memory.embedding?.vector.count { print("\("vector".padded(to: 16))  \(count) dimensions") }
            print("")
        }
    }
}
