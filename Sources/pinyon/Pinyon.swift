internal import Glibc

/// One verb of the command: what it is for, what it takes, and what it does.
struct Verb: Sendable {
    let name: String
    let summary: String
    /// What stands after the verb, besides options.
    let words: String
    let wordsMax: Int
    let options: [Option]
    let run: @Sendable (Arguments) async throws -> Void
}

@main
struct Pinyon {
    static let version = "0.1.0"

    static let verbs: [Verb] = [
        ServeCommand.verb, StatusCommand.verb, RememberCommand.verb, RecallCommand.verb, SearchCommand.verb, GetCommand.verb, DeleteCommand.verb,
        ListCommand.verb, DemoCommand.verb, VerifyCommand.verb, SelfSignedCommand.verb,
    ]

    static func main() async {
        exit(await run(Array(CommandLine.arguments.dropFirst())))
    }

    /// 0 when done, 1 when it could not be done, 2 when the command was used wrongly.
    static func run(_ arguments: [String]) async -> Int32 {
        guard let name = arguments.first else {
            System.printError(Help.overview(verbs))
            return 2
        }
        if ["--help", "-h", "help"].contains(name) {
            guard arguments.count > 1, let verb = verbs.first(where: { $0.name == arguments[1] }) else {
                print(Help.overview(verbs))
                return 0
            }
            print(Help.page(verb))
            return 0
        }
        if ["--version", "version"].contains(name) {
            print("pinyon \(version)")
            return 0
        }
        guard let verb = verbs.first(where: { $0.name == name }) else {
            System.printError("pinyon: there is no verb \"\(name)\". Try: pinyon --help")
            return 2
        }
        if arguments.dropFirst().contains(where: { $0 == "--help" || $0 == "-h" }) {
            print(Help.page(verb))
            return 0
        }
        do {
            try await verb.run(Arguments(arguments.dropFirst(), options: verb.options, wordsMax: verb.wordsMax))
            return 0
        } catch let error as UsageError {
            System.printError("pinyon \(name): \(error.sentence)\nTry: pinyon \(name) --help")
            return 2
        } catch let error as Failure {
            System.printError("pinyon \(name): \(error.sentence)")
            return 1
        } catch {
            System.printError("pinyon \(name): \(error)")
            return 1
        }
    }
}

enum Help {
    static func overview(_ verbs: [Verb]) -> String {
        let width = verbs.map(\.name.count).max() ?? 0
        let lines = verbs.map { "  \($0.name.padded(to: width))  \($0.summary)" }
        return "pinyon \(Pinyon.version): a memory server for agents\n\nusage: pinyon VERB [OPTIONS]\n\n\(lines.joined(separator: "\n"))\n\n"
            + "pinyon VERB --help says more. Exit codes: 0 done, 1 not done, 2 used wrongly."
    }

    static func page(_ verb: Verb) -> String {
        let usage = ["usage: pinyon \(verb.name)", verb.words, verb.options.isEmpty ? "" : "[OPTIONS]"].filter { !$0.isEmpty }.joined(separator: " ")
        let names = verb.options.map { "--\($0.name)" + ($0.value.map { " \($0)" } ?? "") }
        let width = names.map(\.count).max() ?? 0
        let lines = zip(names, verb.options).map { name, option in
            let extra = (option.repeats ? " (may be given again)" : "") + (option.variable.map { " [\($0)]" } ?? "")
            return "  \(name.padded(to: width))  \(option.help)\(extra)"
        }
        return "\(verb.summary)\n\n\(usage)" + (lines.isEmpty ? "" : "\n\n" + lines.joined(separator: "\n"))
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// One line of at most `width` characters, cut with an ellipsis.
    func line(of width: Int) -> String {
        let single = split(whereSeparator: \.isNewline).joined(separator: " ")
        return single.count <= width ? single : single.prefix(max(0, width - 1)) + "…"
    }
}
