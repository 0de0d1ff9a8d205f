/// A word as it stands in a text, in small letters; of scripts that put no space between words, two neighbouring signs.
struct Word: Sendable {
    let bytes: [UInt8]
    /// Whether it is of a script whose words have stems.
    let hasStem: Bool
    /// The languages in which it is common, a bit for each.
    let common: UInt16

    init(_ bytes: [UInt8], hasStem: Bool) {
        self.bytes = bytes
        self.hasStem = hasStem
        common = StopWords.languages(of: bytes)
    }

    func isCommon(in language: Language) -> Bool { common >> UInt16(language.rawValue) & 1 != 0 }

    /// Longer ones are hardly words: they are compared as they are.
    static let stemmedBytesMax = 64
}

/// Words of a text, by what Unicode says of its letters, digits and marks.
struct WordScanner {
    private(set) var words: [Word] = []
    private var current: [UInt8] = []
    private var hasLetter = false
    /// The last sign of a run without spaces, and whether it stands in a pair already.
    private var sign: Unicode.Scalar?
    private var isPaired = false
    /// Whether each sign of a run without spaces is a word, too: a question of one is found in longer runs then.
    private var hasSigns = false

    static func words(of text: String, withSigns: Bool = false) -> [Word] {
        var scanner = WordScanner()
        scanner.hasSigns = withSigns
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            for byte in text.utf8 { scanner.take(byte) }
        } else {
            for scalar in Folding.folded(text).unicodeScalars { scanner.take(scalar) }
        }
        scanner.endRun()
        scanner.endWord()
        return scanner.words
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            current.append(byte | 0x20)
            hasLetter = true
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            current.append(byte)
            hasLetter = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): current.append(byte)
        default: endWord()
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        if scalar.value < 0x80 {
            endRun()
            return take(UInt8(scalar.value))
        }
        if Folding.isOfRun(scalar) {
            endWord()
            return extendRun(scalar)
        }
        endRun()
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            current.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
            hasLetter = true
        // A mark belongs to the letter before it.
        case .nonspacingMark, .spacingMark, .enclosingMark: if !current.isEmpty { current.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? []) }
        case .decimalNumber, .letterNumber, .otherNumber: current.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
        default: endWord()
        }
    }

    private mutating func extendRun(_ scalar: Unicode.Scalar) {
        if let sign {
            words.append(Word(Array("\(sign)\(scalar)".utf8), hasStem: false))
            isPaired = true
        }
        if hasSigns { words.append(Word(Array("\(scalar)".utf8), hasStem: false)) }
        sign = scalar
    }

    private mutating func endRun() {
        if let sign, !isPaired, !hasSigns { words.append(Word(Array("\(sign)".utf8), hasStem: false)) }
        sign = nil
        isPaired = false
    }

    private mutating func endWord() {
        guard !current.isEmpty else { return }
        words.append(Word(current, hasStem: hasLetter && current.count <= Word.stemmedBytesMax))
        current.removeAll(keepingCapacity: true)
        hasLetter = false
    }
}
