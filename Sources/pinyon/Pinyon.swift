internal import Glibc

@main
struct Pinyon {
    static let version = "0.1.0"

    static let groups: [Group] =
        RecordVerbs.groups.map { Group(name: $0.name, summary: $0.summary) } + [
            Group(name: "key", summary: "Access keys"), Group(name: "job", summary: "What takes long"),
            Group(name: "session", summary: "Sessions of agents"),
            Group(name: "model", summary: "Models that make vectors of texts"), Group(name: "eval", summary: "What searches are worth"),
        ]

    static let verbs: [Verb] =
        [
            ServeCommand.verb, StatusCommand.verb, RememberCommand.verb, RecallCommand.verb, SearchCommand.verb, SuggestCommand.verb, DetectCommand.verb, RelatedCommand.verb] + LearnCommands.verbs + [
            GetCommand.verb, DeleteCommand.verb,
            ListCommand.verb,
        ] + KeepingCommands.verbs + [EraseCommand.verb, TraceCommand.verb] + RecordVerbs.verbs + TermFileCommands.verbs + OrganizationCommand.verbs + KeyCommand.verbs + JobCommand.verbs + ModelCommand.verbs + [
            ImportCommand.verb, ExportCommand.verb, EmbedCommand.verb, BenchCommand.verb, EvalCommand.verb, EvalSuggestCommand.verb, EvalRelatedCommand.verb, DemoCommand.verb, VerifyCommand.verb, CopyCommand.verb, MigrateCommand.verb,
            SelfSignedCommand.verb, CompletionCommand.verb,
            ManualCommand.verb,
        ]

    /// All that environment and file can set, of whichever verb.
    static var settings: [Option] { verbs.flatMap(\.options).filter { $0.isSetting && $0.name != "config" } }

    static func main() async {
        System.end(await run(Array(CommandLine.arguments.dropFirst())))
    }

    /// 0 when done, 1 when it could not be done, 2 when the command was used wrongly.
    static func run(_ arguments: [String]) async -> Int32 {
        guard System.argumentsAreText else {
            System.printError("pinyon: an argument is no UTF-8 text")
            return 2
        }
        if let first = arguments.first, ["--version", "version"].contains(first) {
            print("pinyon \(version)")
            return 0
        }
        switch Wish(arguments) {
        case .overview where arguments.isEmpty:
            System.printError(Help.overview)
            return 2
        case .overview: print(Help.overview)
        case .help(let verb): print(Help.page(verb))
        case .group(let name):
            guard arguments.count > 1 else {
                System.printError(Help.group(name))
                return 2
            }
            print(Help.group(name))
        case .unknown(let name):
            System.printError("pinyon: there is no verb \"\(name)\"\(suggestion(for: name)) Try: pinyon \(name.hasGroup ?? "")--help")
            return 2
        case .verb(let verb, let rest): return await run(verb, rest)
        }
        return 0
    }

    private static func run(_ verb: Verb, _ rest: ArraySlice<String>) async -> Int32 {
        do {
            try await verb.run(Arguments(rest, options: verb.options, wordsMax: verb.wordsMax))
            return 0
        } catch let error as UsageError {
            System.printError("pinyon \(verb.name): \(error.sentence.shown)\nTry: pinyon \(verb.name) --help")
            return 2
        } catch let error as Failure {
            System.printError("pinyon \(verb.name): \(error.sentence.shown)")
            return 1
        } catch {
            System.printError("pinyon \(verb.name): \("\(error)".shown)")
            return 1
        }
    }

    private static func suggestion(for name: String) -> String {
        let words = name.split(separator: " ").map(String.init)
        guard let last = words.last else { return "" }
        let group = words.count == 2 ? words[0] : nil
        let known = verbs.filter { $0.group == group }.map(\.word) + (group == nil ? groups.map(\.name) : [])
        return Arguments.suggestion(for: last, among: known).map { "; is \"\(group.map { "\($0) " } ?? "")\($0)\" meant?" } ?? "."
    }
}

extension String {
    /// The group that a name of two words begins with, and a blank.
    fileprivate var hasGroup: String? {
        let words = split(separator: " ")
        return words.count == 2 ? "\(words[0]) " : nil
    }
}
