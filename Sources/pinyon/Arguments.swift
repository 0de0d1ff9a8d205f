/// One option of a verb, as `--help` and the parser know it.
struct Option: Sendable {
    let name: String
    /// What stands for its value in the help; nil for a switch.
    let value: String?
    let help: String
    /// The environment variable that is asked when the option is not given.
    let variable: String?
    let repeats: Bool

    init(_ name: String, _ value: String? = nil, _ help: String, variable: String? = nil, repeats: Bool = false) {
        self.name = name
        self.value = value
        self.help = help
        self.variable = variable
        self.repeats = repeats
    }
}

/// A command line that was read against the options of its verb.
struct Arguments: Sendable {
    private var values: [String: [String]] = [:]
    private var switches: Set<String> = []
    private(set) var words: [String] = []

    init(_ arguments: some Collection<String>, options: [Option], wordsMax: Int) throws(UsageError) {
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
            guard let name = parts.first, let option = known[name] else {
                throw .init("there is no option \(argument)\(Arguments.suggestion(for: parts.first ?? "", among: options))")
            }
            guard option.value != nil else {
                guard parts.count == 1 else { throw .init("--\(name) takes no value") }
                switches.insert(name)
                continue
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else { throw .init("--\(name) needs a value: \(option.value ?? "")") }
            guard option.repeats || values[name] == nil else { throw .init("--\(name) is given twice") }
            values[name, default: []].append(value)
        }
        guard words.count <= wordsMax else { throw .init("\"\(words[wordsMax])\" is one word too many") }
        for option in options where option.value != nil && values[option.name] == nil {
            if let variable = option.variable, let value = System.environment(variable), !value.isEmpty { values[option.name] = [value] }
        }
    }

    func has(_ name: String) -> Bool { switches.contains(name) || values[name] != nil }

    subscript(name: String) -> String? { values[name]?.first }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    func required(_ name: String) throws(UsageError) -> String {
        guard let value = self[name] else { throw .init("--\(name) is needed") }
        return value
    }

    func integer(_ name: String, _ fallback: Int, in range: ClosedRange<Int>) throws(UsageError) -> Int {
        guard let text = self[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw .init("--\(name) is a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return value
    }

    private static func suggestion(for name: String, among options: [Option]) -> String {
        let near = options.first { option in name.count >= 2 && (option.name.hasPrefix(name) || name.hasPrefix(option.name)) }
        return near.map { "; is --\($0.name) meant?" } ?? ""
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
