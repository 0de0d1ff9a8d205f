/// Names that hide what a thing is, and notes that say it is not finished.
enum NamingRules {
    private static let emptyWords: Set<String> = [
        "Util", "Utils", "Utilities", "Helper", "Helpers", "Common", "Manager", "Managers", "Impl",
    ]
    private static let typeKeywords: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    private static let unfinishedWords: Set<String> = ["TODO", "FIXME", "XXX"]

    /// A folder's or file's name made of a word that could mean anything.
    static func emptyName(path: String) -> [Violation] {
        let words = path.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).flatMap(camelWords)
        guard let word = words.first(where: emptyWords.contains) else { return [] }
        return [Violation(path: path, line: 0, sentence: "'\(word)' says nothing; name it after what it is")]
    }

    static func typeNamedAsModule(_ file: SourceFile) -> [Violation] {
        guard file.language == .swift else { return [] }
        let tokens = file.tokens()
        return zip(tokens, tokens.dropFirst()).compactMap { keyword, name in
            guard typeKeywords.contains(keyword.text), name.text == file.module else { return nil }
            return Violation(path: file.path, line: name.line, sentence: "the type '\(name.text)' has its module's name")
        }
    }

    static func unfinished(path: String, text: String) -> [Violation] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            guard let word = words.first(where: { unfinishedWords.contains(String($0)) }) else { return nil }
            return Violation(path: path, line: number + 1, sentence: "'\(word)' says that it is not finished")
        }
    }

    /// `HTTPUtils` is `H`, `T`, `T`, `P`, `Utils`.
    private static func camelWords(_ name: Substring) -> [String] {
        var words: [String] = []
        for character in name {
            if character.isUppercase || words.isEmpty { words.append("") }
            words[words.count - 1].append(character)
        }
        return words
    }
}
