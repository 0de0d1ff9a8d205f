internal import Client
internal import Records
internal import Wire

enum DeleteCommand {
    static let verb = Verb(
        name: "delete", summary: "Remove memories for good", words: "UUID…", wordsMax: Limits.batchMax, options: Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let ids = try Selection.identifiers(arguments)
        try await Connection.run(arguments) { client in
            let receipt = try await client.delete(ids)
            print(arguments.has("json") ? Printing.json(receipt).description : "deleted \(receipt.rows.count)")
        }
    }
}
