/// How many tokens a text has, guessed without the model's vocabulary and rather too many than too few: byte-pair vocabularies make one of three to five
/// letters, and of two to three bytes of digits, marks or other scripts.
enum TokenEstimate {
    private static let partsPerToken = 6

    static func tokens(_ text: some StringProtocol) -> Int {
        (text.utf8.reduce(0) { $0 + parts($1) } + partsPerToken - 1) / partsPerToken
    }

    /// The beginning that has at most so many tokens; at least one character.
    static func beginning(of text: String, tokensMax: Int) -> String {
        guard text.utf8.count > bytesAtLeast(tokens: tokensMax), tokens(text) > tokensMax else { return text }
        var left = tokensMax * partsPerToken
        let scalars = text.unicodeScalars
        let end = scalars.firstIndex { scalar in
            left -= UTF8.width(scalar) * (scalar.isASCII ? parts(UInt8(truncatingIfNeeded: scalar.value)) : parts(0xFF))
            return left < 0
        }
        return String(scalars[..<max(end ?? scalars.endIndex, scalars.index(after: scalars.startIndex))])
    }

    /// Bytes of plain letters that have so many tokens.
    static func bytes(tokens: Int) -> Int { tokens * partsPerToken / 2 }

    /// No text that is shorter has more tokens.
    private static func bytesAtLeast(tokens: Int) -> Int { tokens * partsPerToken / 3 }

    private static func parts(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: " "): 2
        default: 3
        }
    }
}
