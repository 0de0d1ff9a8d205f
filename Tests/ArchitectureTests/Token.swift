/// A word or a single mark of the code, without comments and strings.
struct Token {
    let text: String
    /// From 1.
    let line: Int

    var isWord: Bool { text.utf8.first.map(Token.isWordByte) ?? false }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), 0x80...0xFF:
            true
        default:
            false
        }
    }
}

extension SourceFile {
    /// The code's tokens in order. A string literal is one token of a single quotation mark per line it touches.
    func tokens() -> [Token] {
        var tokens: [Token] = []
        var line = 1
        var place = 0
        while place < code.count {
            let start = place
            let byte = code[place]
            place += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if byte == UInt8(ascii: "\"") {
                while place < code.count, code[place] == byte { place += 1 }
                tokens.append(Token(text: "\"", line: line))
            } else if Token.isWordByte(byte) {
                while place < code.count, Token.isWordByte(code[place]) { place += 1 }
                tokens.append(Token(text: String(decoding: code[start..<place], as: UTF8.self), line: line))
            } else if !Masking.isSpace(byte) {
                tokens.append(Token(text: String(UnicodeScalar(byte)), line: line))
            }
        }
        return tokens
    }
}
