/// One verb of the command: what it is for, what it takes, and what it does. Help, completion and the manual are made from the same table.
struct Verb: Sendable {
    /// One word, or a group and a verb of it: `key rotate`.
    let name: String
    let summary: String
    /// What stands after the verb, besides options.
    let words: String
    let wordsMax: Int
    let options: [Option]
    /// What a manual says beyond the options.
    let notes: String
    let run: @Sendable (Arguments) async throws -> Void

    init(
        name: String, summary: String, words: String, wordsMax: Int, options: [Option], notes: String = "",
        run: @escaping @Sendable (Arguments) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.words = words
        self.wordsMax = wordsMax
        self.options = options
        self.notes = notes
        self.run = run
    }

    /// The first of two words.
    var group: String? {
        let parts = name.split(separator: " ")
        return parts.count == 2 ? String(parts[0]) : nil
    }

    /// The last word.
    var word: String { name.split(separator: " ").last.map(String.init) ?? name }
}

/// What stands before the verbs of one group.
struct Group: Sendable {
    let name: String
    let summary: String
}

/// What a line of words asks for.
enum Wish {
    case verb(Verb, rest: ArraySlice<String>)
    case help(Verb)
    case group(String)
    case overview
    case unknown(String)

    private static let asksForHelp: Set<String> = ["--help", "-h"]

    init(_ words: [String]) {
        guard var first = words.first else {
            self = .overview
            return
        }
        var words = words[...]
        if first == "help" || Wish.asksForHelp.contains(first) {
            words = words.dropFirst()
            guard let next = words.first else {
                self = .overview
                return
            }
            first = next
            words = words.prefix { !$0.hasPrefix("-") } + ["--help"]
        }
        let isGroup = Pinyon.groups.contains { $0.name == first }
        let second = words.dropFirst().first
        if isGroup, second == nil || second.map(Wish.asksForHelp.contains) == true {
            self = .group(first)
            return
        }
        let name = isGroup ? "\(first) \(second ?? "")" : first
        guard let verb = Pinyon.verbs.first(where: { $0.name == name }) else {
            self = .unknown(name)
            return
        }
        let rest = words.dropFirst(isGroup ? 2 : 1)
        self = rest.prefix { $0 != "--" }.contains(where: Wish.asksForHelp.contains) ? .help(verb) : .verb(verb, rest: rest)
    }
}
