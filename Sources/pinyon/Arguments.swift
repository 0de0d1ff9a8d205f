/// An option of a verb, as `--name VALUE`, or as a switch.
struct Option: Sendable {
    let name: String
    /// What stands for its value in the help; nil for a switch.
    let value: String?
    let help: String
    /// What holds where nobody says anything.
    let fallback: String?
    /// It can be set by environment and in the file of settings, too.
    let isSetting: Bool
    let repeats: Bool
    /// All that it can be; empty where there is no such list.
    let choices: [String]
    /// Never shown, and never on a command line, where every process of the machine could read it.
    let isSecret: Bool

    init(
        _ name: String, _ value: String? = nil, _ help: String, or fallback: String? = nil, isSetting: Bool = false, repeats: Bool = false,
        choices: [String] = [], isSecret: Bool = false
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.fallback = fallback
        self.isSetting = isSetting
        self.repeats = repeats
        self.choices = choices
        self.isSecret = isSecret
    }

    /// The environment variable that is asked when the option is not given.
    var variable: String? {
        isSetting ? "PINYON_" + name.uppercased().split(separator: "-").joined(separator: "_") : nil
    }
}

/// Where a value came from. The first that says something holds.
enum Source: Hashable, Sendable {
    case commandLine
    case variable(String)
    case file(String, line: Int)
    case fallback

    /// Smaller comes before.
    var rank: Int {
        switch self {
        case .commandLine: 0
        case .variable: 1
        case .file: 2
        case .fallback: 3
        }
    }
}

/// A command line that was read against the options of its verb, and what environment and file add to it.
struct Arguments: Sendable {
    private struct Given {
        var values: [String]
        let source: Source
    }

    private var given: [String: Given] = [:]
    private(set) var words: [String] = []

    init(_ arguments: some Collection<String>, options: [Option], wordsMax: Int) throws {
        try read(arguments, options)
        guard words.count <= wordsMax else { throw UsageError("\"\(words[wordsMax])\" is one word too many") }
        if options.contains(where: \.isSetting) { try readSettings(options) }
        for option in options {
            if let fallback = option.fallback { try take(fallback, option, .fallback) }
        }
    }

    private mutating func readSettings(_ options: [Option]) throws {
        for option in options {
            if let variable = option.variable, let value = System.environment(variable), !value.isEmpty { try take(value, option, .variable(variable)) }
        }
        let file = try SettingsFile.inForce(self["config"], isNeeded: options.contains { $0.name == "config" })
        for option in options {
            if let file, let entry = file.entries[option.name] { try take(entry.value, option, .file(file.path, line: entry.line)) }
        }
    }

    private mutating func read(_ arguments: some Collection<String>, _ options: [Option]) throws(UsageError) {
        let known = Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0) })
        var rest = Array(arguments)[...]
        var onlyWords = false
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), !onlyWords else {
                if argument.hasPrefix("-"), argument.count > 1, !onlyWords { throw .init("there is no option \(argument); options begin with --") }
                words.append(argument)
                continue
            }
            if argument == "--" {
                onlyWords = true
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts.first ?? ""
            guard let option = known[name], !option.isSecret else {
                if let variable = known[name]?.variable { throw .init("--\(name) would be seen by others on this machine; set \(variable) instead") }
                throw .init("there is no option --\(name)\(Arguments.suggestion(for: name, among: options.map(\.name)).map { "; is --\($0) meant?" } ?? "")")
            }
            guard option.value != nil else {
                guard parts.count == 1 || option.isSetting else { throw .init("--\(name) takes no value") }
                try take(parts.count == 2 ? parts[1] : "yes", option, .commandLine)
                continue
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else { throw .init("--\(name) needs a value: \(option.value ?? "")") }
            guard option.repeats || given[name] == nil else { throw .init("--\(name) is given twice") }
            try take(value, option, .commandLine)
        }
    }

    /// What was said first stays. Switches are yes or no.
    private mutating func take(_ value: String, _ option: Option, _ source: Source) throws(UsageError) {
        guard option.repeats || given[option.name] == nil else { return }
        var value = value
        guard option.choices.isEmpty || option.choices.contains(value) else {
            throw .init("\(Arguments.label(option.name, source)) is \(option.choices.joined(separator: ", ")), not \"\(value)\"")
        }
        if option.value == nil {
            guard let flag = Arguments.flags[value.lowercased()] else { throw .init("\(Arguments.label(option.name, source)) is yes or no, not \"\(value)\"") }
            value = flag ? "yes" : "no"
        }
        given[option.name, default: Given(values: [], source: source)].values.append(value)
    }

    private static let flags = ["yes": true, "true": true, "1": true, "on": true, "no": false, "false": false, "0": false, "off": false]

    /// How an option is called where it was given.
    private static func label(_ option: String, _ source: Source) -> String {
        switch source {
        case .commandLine, .fallback: "--\(option)"
        case .variable(let name): name
        case .file(let path, let line): "\(path):\(line): \(option)"
        }
    }

    /// Whether an option was given, or is set; a switch, whether it is on.
    func has(_ name: String) -> Bool { given[name].map { $0.values != ["no"] } ?? false }

    subscript(name: String) -> String? { given[name]?.values.first }

    func all(_ name: String) -> [String] { given[name]?.values ?? [] }

    func source(_ name: String) -> Source? { given[name]?.source }

    /// As messages should call it: the option, the variable, or the line of the file.
    func label(_ name: String) -> String {
        guard let source = given[name]?.source else { return "--\(name)" }
        return Arguments.label(name, source)
    }

    func required(_ name: String) throws(UsageError) -> String {
        guard let value = self[name] else { throw .init("--\(name) is needed") }
        return value
    }

    /// Of an option that was given, or has a fallback.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int {
        let text = try required(name)
        guard let value = Int(text), range.contains(value) else {
            throw .init("\(label(name)) is a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return value
    }

    /// The known name that is most like this one.
    static func suggestion(for name: String, among known: [String]) -> String? {
        guard name.count >= 2 else { return nil }
        return known.first { $0.hasPrefix(name) || name.hasPrefix($0) } ?? known.first { Arguments.isNear($0, name) }
    }

    /// Whether one letter was left out, added or changed, or two were exchanged.
    private static func isNear(_ first: String, _ second: String) -> Bool {
        let (a, b) = (Array(first), Array(second))
        guard abs(a.count - b.count) <= 1 else { return false }
        let start = zip(a, b).prefix { $0 == $1 }.count
        let end = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
        let longest = max(a.count, b.count)
        if start + end >= longest - 1 { return true }
        return a.count == b.count && start + end == longest - 2 && a[start] == b[start + 1] && a[start + 1] == b[start]
    }
}

/// The command was used wrongly: exit code 2.
struct UsageError: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

/// The command was used rightly and could not do it: exit code 1. The sentence says what to do next where there is something.
struct Failure: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
