/// One file as the rules see it.
struct SourceFile {
    enum Language {
        case swift, c
    }

    /// The path below Sources, such as `Storage/SQLite/SQLiteStatement.swift`.
    let path: String
    let language: Language
    let text: String
    /// The text's bytes with every comment made blank and every byte inside a string literal replaced by a quotation mark, so
    /// that lines and columns stay while neither comments nor strings can look like code.
    let code: [UInt8]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        language = path.hasSuffix(".swift") ? .swift : .c
        var masking = Masking(bytes: Array(text.utf8), language: language)
        code = masking.run()
    }

    /// The folder below Sources.
    var module: String { String(path.prefix { $0 != "/" }) }

    var name: String { String(path.split(separator: "/").last ?? "") }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// What is on each line once comments are blank, by line from 0.
    var lineKinds: [LineKind] {
        code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            let ink = line.filter { !Masking.isSpace($0) }
            if ink.isEmpty { return .blank }
            return ink.allSatisfy { $0 == UInt8(ascii: "\"") } ? .string : .code
        }
    }
}

enum LineKind {
    /// Empty, or a comment alone.
    case blank
    /// Inside a multi-line string literal, or its last delimiter alone.
    case string
    case code
}

/// A broken rule, and where.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    /// From 1; 0 when the whole file is meant.
    let line: Int
    let sentence: String

    var description: String { line > 0 ? "\(path):\(line): \(sentence)" : "\(path): \(sentence)" }
}
