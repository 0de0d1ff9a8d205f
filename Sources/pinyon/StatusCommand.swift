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
                if section.name == "operations" {
                    for line in operations(members) { print(line) }
                    continue
                }
                let width = members.map(\.name.count).max() ?? 0
                for member in members where member.value != .null { print("  \(member.name.padded(to: width))  \(member.value.shown.line(of: System.isTerminal ? Printing.width - width - 4 : .max))") }
            }
        }
    }

    /// A line for each operation, under a line that names the columns.
    private static func operations(_ members: [JSON.Member]) -> [String] {
        let columns = [("count", "count"), ("failures", "failures"), ("p50 µs", "p50_us"), ("p99 µs", "p99_us"), ("p99.9 µs", "p999_us"), ("max µs", "max_us")]
        let name = max(12, members.map(\.name.count).max() ?? 0)
        func line(_ first: String, _ cells: [String]) -> String {
            "  " + first.padded(to: name) + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
        }
        return [line("", columns.map(\.0))] + members.map { member in line(member.name, columns.map { member.value[$0.1]?.shown ?? "" }) }
    }
}
