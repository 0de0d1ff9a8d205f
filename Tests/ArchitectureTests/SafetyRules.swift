/// Where memory safety and data-race safety may be taken on trust.
enum SafetyRules {
    static func unsafeWord(_ file: SourceFile, allowed: [String: String] = unsafeFiles) -> [Violation] {
        guard file.language == .swift else { return [] }
        let uses = file.tokens().filter { $0.text == "unsafe" }
        if allowed[file.path] != nil {
            return uses.isEmpty
                ? [Violation(path: file.path, line: 0, sentence: "may say 'unsafe' and does not; take it off the list")] : []
        }
        return uses.map {
            Violation(path: file.path, line: $0.line, sentence: "says 'unsafe' and is not in the list of files that may")
        }
    }

    /// `@unchecked Sendable` needs a sentence in the four lines above it: at least five words of comment with a full stop.
    static func uncheckedSendable(_ file: SourceFile) -> [Violation] {
        guard file.language == .swift else { return [] }
        let tokens = file.tokens()
        let lines = file.lines
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "unchecked", index > 0, tokens[index - 1].text == "@" else { return nil }
            let line = tokens[index].line
            let above = lines[max(0, line - 5)..<(line - 1)].compactMap(comment).joined(separator: " ")
            let words = above.split { !$0.isLetter && $0 != "'" }
            guard words.count < 5 || !above.contains(".") else { return nil }
            return Violation(
                path: file.path, line: line, sentence: "'@unchecked Sendable' has no sentence above it that names what guards it")
        }
    }

    /// Dispatch may watch no socket: it uses what it watches one by while that is being freed, when the socket hangs up.
    static func watchedSocket(_ file: SourceFile, allowed: String = "Transport/Poller.swift") -> [Violation] {
        guard file.language == .swift, file.path != allowed else { return [] }
        let words: Set<String> = ["makeReadSource", "makeWriteSource", "DispatchIO"]
        return file.tokens().filter { words.contains($0.text) }.map {
            Violation(path: file.path, line: $0.line, sentence: "has Dispatch watch a descriptor; a socket is watched by its loop's poller")
        }
    }

    private static func comment(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " || $0 == "\t" }
        return text.hasPrefix("//") ? text.drop { $0 == "/" } : nil
    }
}
