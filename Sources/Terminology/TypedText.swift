internal import Records

/// What was typed, from its first word on, from its second on, and so on: nobody says where the term begins.
struct TypedText {
    struct Part {
        let key: TermKey
        let letters: [UInt32]
        /// In the text, in bytes.
        let start: Int
    }

    /// The longest first.
    let parts: [Part]

    /// More words than that no term is looked for in.
    static let wordsMax = 6
    /// A rest shorter than that could become nearly anything.
    private static let restLettersMin = 2

    init(_ text: String) {
        var starts: [Int] = []
        var wasSpace = true
        for (place, byte) in text.utf8.enumerated() {
            let isSpace = byte <= TermKey.space
            if wasSpace, !isSpace { starts.append(place) }
            wasSpace = isSpace
        }
        // The whole text in any case: a term may have more words.
        let wanted = Array(starts.prefix(1) + starts.dropFirst().suffix(TypedText.wordsMax - 1))
        var parts: [Part] = []
        for start in wanted.isEmpty ? [0] : wanted {
            let key = TermKey(String(decoding: text.utf8.dropFirst(start), as: UTF8.self))
            let part = Part(key: key, letters: key.letters, start: start)
            if parts.isEmpty || part.letters.count >= TypedText.restLettersMin { parts.append(part) }
        }
        self.parts = parts
    }
}
