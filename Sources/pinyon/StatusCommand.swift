internal import Client
internal import Records

enum StatusCommand {
    static let verb = Verb(
        name: "status", summary: "What the server is, holds, and how fast it answers", words: "", wordsMax: 0, options: Connection.options, run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        try await Connection.run(arguments) { client in
            let facts = try await client.status()
            if arguments.has("json") { return print(facts) }
            guard case .object(let sections) = facts else { return }
            for section in sections {
                guard case .object(let members) = section.value else {
                    if section.value != .null { print("\(section.name): \(section.value.shown)") }
                    continue
                }
                print("\(section.name):")
                let width = members.map(\.name.count).max() ?? 0
                for member in members where member.value != .null { print("  \(member.name.padded(to: width))  \(member.value.shown)") }
            }
        }
    }
}
