internal import Records

/// What was typed, from its first word on, from its second on, and so on: nobody says where the term begins.
struct TypedText {
    struct Part {
        let key: TermKey
        let letters: [UInt32]
        /// In the text, in bytes.
        let start: Int
        let words: Int
    }

    /// The longest first.
    let parts: [Part]

    /// More words than that no term is looked for in.
    static let wordsMax = 6
    /// A rest shorter than that could become nearly anything.
    private static let restLettersMin = 2

    init(_ text: String) {
        var (starts, wasGap, place): ([Int], Bool, Int) = ([], true, 0)
        for scalar in text.unicodeScalars {
            let isGap = scalar.properties.isWhitespace || scalar == "-" || scalar == "_"
            if wasGap, !isGap { starts.append(place) }
            wasGap = isGap
            place += UTF8.width(scalar)
        }
        // The whole text in any case: a term may begin with a hyphen, and have more words.
        let begin = text.unicodeScalars.prefix { $0.properties.isWhitespace }.reduce(0) { $0 + UTF8.width($1) }
        let rests = starts.enumerated().dropFirst().suffix(TypedText.wordsMax - 1).map { (start: $0.element, words: starts.count - $0.offset) }
        var parts: [Part] = []
        for (start, words) in [(begin, max(1, starts.count))] + rests {
            let key = TermKey(String(decoding: text.utf8.dropFirst(start), as: UTF8.self))
            let part = Part(key: key, letters: key.letters, start: start, words: words)
            if !part.letters.isEmpty, parts.isEmpty || part.letters.count >= TypedText.restLettersMin { parts.append(part) }
        }
        self.parts = parts
    }
}
