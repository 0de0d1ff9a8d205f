/// Blanks comments and strings out of a source text, keeping every line where it is.
///
/// Knows Swift's nested comments, raw and multi-line strings and interpolations (which stay code), and C's character literals.
/// It does not know Swift's regex literals between slashes.
struct Masking {
    /// An open string literal.
    private struct Literal {
        let quotes: Int
        let pounds: Int
    }

    private enum Context {
        /// Code, with the number of parentheses open since it began; an interpolation ends at the one that closes it.
        case code(parentheses: Int)
        case string(Literal)
    }

    private let bytes: [UInt8]
    private let language: SourceFile.Language
    private var output: [UInt8]
    private var place = 0
    private var contexts: [Context] = [.code(parentheses: 0)]

    init(bytes: [UInt8], language: SourceFile.Language) {
        self.bytes = bytes
        self.language = language
        output = bytes
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }

    mutating func run() -> [UInt8] {
        while place < bytes.count, let context = contexts.last {
            switch context {
            case .code(let parentheses): readCode(parentheses)
            case .string(let literal): readString(literal)
            }
        }
        return output
    }

    private func byte(at index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    private func count(of value: Character, from start: Int) -> Int {
        var end = start
        while byte(at: end) == value.asciiValue { end += 1 }
        return end - start
    }

    /// Replaces `length` bytes from the current place, line ends excepted, and moves past them.
    private mutating func replace(_ length: Int, with value: Character) {
        for _ in 0..<length where place < bytes.count {
            if bytes[place] != UInt8(ascii: "\n") { output[place] = value.asciiValue ?? 0x20 }
            place += 1
        }
    }

    private mutating func readCode(_ parentheses: Int) {
        let here = byte(at: place)
        let next = byte(at: place + 1)
        if here == UInt8(ascii: "/"), next == UInt8(ascii: "/") {
            while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { replace(1, with: " ") }
        } else if here == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
            readBlockComment()
        } else if here == UInt8(ascii: "\"") {
            openString(pounds: 0)
        } else if here == UInt8(ascii: "#"), language == .swift {
            let pounds = count(of: "#", from: place)
            if byte(at: place + pounds) == UInt8(ascii: "\"") {
                openString(pounds: pounds)
            } else {
                place += pounds
            }
        } else if here == UInt8(ascii: "'"), language == .c {
            readCharacterLiteral()
        } else {
            place += 1
            follow(here, parentheses)
        }
    }

    /// Counts parentheses while inside an interpolation, and leaves it at its end.
    private mutating func follow(_ here: UInt8, _ parentheses: Int) {
        guard contexts.count > 1 else { return }
        if here == UInt8(ascii: "(") {
            contexts[contexts.count - 1] = .code(parentheses: parentheses + 1)
        } else if here == UInt8(ascii: ")") {
            if parentheses == 1 {
                contexts.removeLast()
            } else {
                contexts[contexts.count - 1] = .code(parentheses: parentheses - 1)
            }
        }
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if byte(at: place) == UInt8(ascii: "/"), byte(at: place + 1) == UInt8(ascii: "*"), depth == 0 || language == .swift {
                depth += 1
                replace(2, with: " ")
            } else if byte(at: place) == UInt8(ascii: "*"), byte(at: place + 1) == UInt8(ascii: "/") {
                depth -= 1
                replace(2, with: " ")
            } else {
                replace(1, with: " ")
            }
        } while depth > 0 && place < bytes.count
    }

    private mutating func readCharacterLiteral() {
        replace(1, with: "\"")
        while place < bytes.count, bytes[place] != UInt8(ascii: "'"), bytes[place] != UInt8(ascii: "\n") {
            replace(bytes[place] == UInt8(ascii: "\\") ? 2 : 1, with: "\"")
        }
        replace(1, with: "\"")
    }

    private mutating func openString(pounds: Int) {
        let marks = count(of: "\"", from: place + pounds)
        let quotes = language == .swift && marks >= 3 ? 3 : 1
        replace(pounds + quotes, with: "\"")
        contexts.append(.string(Literal(quotes: quotes, pounds: pounds)))
    }

    private mutating func readString(_ literal: Literal) {
        let here = byte(at: place)
        if here == UInt8(ascii: "\\"), count(of: "#", from: place + 1) >= literal.pounds {
            let escaped = byte(at: place + 1 + literal.pounds)
            if escaped == UInt8(ascii: "("), language == .swift {
                replace(1 + literal.pounds, with: "\"")
                place += 1
                contexts.append(.code(parentheses: 1))
            } else {
                replace(2 + literal.pounds, with: "\"")
            }
        } else if here == UInt8(ascii: "\""), count(of: "\"", from: place) >= literal.quotes,
            count(of: "#", from: place + literal.quotes) >= literal.pounds
        {
            replace(literal.quotes + literal.pounds, with: "\"")
            contexts.removeLast()
        } else if here == UInt8(ascii: "\n"), literal.quotes == 1 {
            contexts.removeLast()
        } else {
            replace(1, with: "\"")
        }
    }
}
