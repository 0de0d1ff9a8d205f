import CUTF8Proc

/// Texts as the words and signs that stand in them, with their places: what terms are taken apart into, and found in.
///
/// A word is letters, digits and their marks without a break, folded. Of scripts that put no space between words each sign is a token, but katakana make words. What
/// stands between is one token a character, and a gap is one where it is beside such a character; between two words it goes without saying.
public struct Tokens: Sendable {
    public struct Token: Sendable {
        /// Of its word in the table.
        public let word: UInt32
        /// In bytes of the text, which is read from its first byte on.
        public let start: UInt32
        public let end: UInt32
        /// Whether a term may begin there: within a word of Korean none does, since what a word is said about stands first in it.
        public let isBeginning: Bool
    }

    /// Each word that there is, in small letters and compatible forms.
    public private(set) var words = WordTable()
    public private(set) var tokens: [Token] = []

    /// What was read before it was folded, where that is more than small letters for capitals.
    private var raw = WordTable()
    private var foldings: [UInt32] = []
    private var last = Class.gap
    private var lineEnds = 0

    private enum Class { case gap, lineEnd, hyphen, word, katakana, sign, hangul, mark, symbol }

    private let gap: Int
    /// An empty line, which no term goes across.
    private let stop: Int
    private static let nothing = UInt32.max
    /// From so many on, room is made at once, for a token of so many bytes.
    private static let longBytes = 65_536
    private static let tokenBytes = 4

    public init() {
        gap = words.insert([UInt8(ascii: " ")])
        stop = words.insert([UInt8(ascii: "\n")])
    }

    /// Puts the tokens of a text, which is in small letters as far as it is ASCII, behind those that are there.
    public mutating func read(_ text: [UInt8]) {
        (last, lineEnds) = (.gap, 0)
        if text.count > Tokens.longBytes { tokens.reserveCapacity(tokens.count + text.count / Tokens.tokenBytes) }
        let first = tokens.count
        var place = 0
        while place < text.count {
            let (kind, end) = Tokens.look(at: place, text)
            switch kind {
            case .gap: last = .gap
            case .lineEnd: (last, lineEnds) = (.gap, lineEnds + 1)
            case .hyphen:
                // Between two words it is a gap, and elsewhere a character as others are.
                let isGap = Tokens.isWordLike(last) && end < text.count && Tokens.isWordLike(Tokens.look(at: end, text).kind)
                if isGap { last = .gap } else { put(text, place..<end, .symbol, first) }
            case .word, .katakana:
                let wordEnd = Tokens.wordEnd(text, end, kind)
                put(text, place..<wordEnd, kind, first)
                place = wordEnd
                continue
            case .sign, .hangul, .symbol:
                let clusterEnd = Tokens.wordEnd(text, end, .mark)
                put(text, place..<clusterEnd, kind, first)
                place = clusterEnd
                continue
            // On nothing that it belongs to.
            case .mark: break
            }
            place = end
        }
    }

    private static func isWordLike(_ kind: Class) -> Bool { kind == .word || kind == .katakana || kind == .sign || kind == .hangul }

    /// Behind what goes on from there: marks, and what is of that class.
    private static func wordEnd(_ text: [UInt8], _ start: Int, _ kind: Class) -> Int {
        var place = start
        while place < text.count {
            if kind == .word, isPlainWord(text[place]) {
                place += 1
                continue
            }
            let (next, end) = look(at: place, text)
            guard next == .mark || next == kind else { return place }
            place = end
        }
        return place
    }

    private mutating func put(_ text: [UInt8], _ range: Range<Int>, _ kind: Class, _ first: Int) {
        guard let number = number(of: text, range) else { return }
        let isInner = kind == .hangul && last == .hangul
        if tokens.count > first {
            if lineEnds > 1 { append(stop, range.lowerBound..<range.lowerBound, isBeginning: false) }
            let wasSymbol = tokens.count > first && lastKind == .symbol
            if last == .gap, lineEnds < 2, kind == .symbol || wasSymbol { append(gap, range.lowerBound..<range.lowerBound, isBeginning: false) }
        }
        append(number, range, isBeginning: !isInner)
        (last, lastKind, lineEnds) = (kind, kind, 0)
    }

    /// Of the last token, whatever gap is behind it.
    private var lastKind = Class.gap

    private mutating func append(_ number: Int, _ range: Range<Int>, isBeginning: Bool) {
        tokens.append(Token(word: UInt32(number), start: UInt32(range.lowerBound), end: UInt32(range.upperBound), isBeginning: isBeginning))
    }

    /// Nil where nothing is left when it is folded.
    private mutating func number(of text: [UInt8], _ range: Range<Int>) -> Int? {
        let word = text.span.extracting(range)
        let (hash, isPlain) = WordTable.hash(word)
        if isPlain { return words.insert(word, hash) }
        let known = raw.insert(word, hash)
        if known == foldings.count {
            let folded = Array(Folding.folded(String(decoding: text[range], as: UTF8.self)).utf8)
            foldings.append(folded.isEmpty ? Tokens.nothing : UInt32(words.insert(folded == Tokens.apostrophe ? [UInt8(ascii: "'")] : folded)))
        }
        return foldings[known] == Tokens.nothing ? nil : Int(foldings[known])
    }

    /// The one that printers set.
    private static let apostrophe = Array("\u{2019}".utf8)
}

extension Tokens {
    /// Of what is in small letters already.
    private static func isPlainWord(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    /// What the character is that begins there, and where it ends.
    private static func look(at place: Int, _ text: [UInt8]) -> (kind: Class, end: Int) {
        let byte = text[place]
        if byte < 0x80 { return (plainClass(byte), place + 1) }
        let width = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        var value = UInt32(byte) & (0x7F >> UInt32(width))
        for next in place + 1..<min(place + width, text.count) { value = value << 6 | UInt32(text[next] & 0x3F) }
        return (scalarClass(value), min(place + width, text.count))
    }

    private static func plainClass(_ byte: UInt8) -> Class {
        if isPlainWord(byte) { return .word }
        switch byte {
        case 0x0A: return .lineEnd
        case UInt8(ascii: "-"), UInt8(ascii: "_"): return .hyphen
        case ...0x20, 0x7F: return .gap
        default: return .symbol
        }
    }

    private static func scalarClass(_ value: UInt32) -> Class {
        switch value {
        case 0x30a1...0x30fa, 0x30fc...0x30ff, 0x31f0...0x31ff, 0xff66...0xff9f: return .katakana
        case 0x3400...0x4dbf, 0x4e00...0x9fff, 0x3041...0x3096: return .sign
        // Vowels and ends of syllables that are written apart.
        case 0x1160...0x11ff, 0xd7b0...0xd7fb: return .mark
        case 0x1100...0x115f, 0x3131...0x318e, 0xa960...0xa97c, 0xac00...0xd7a3: return .hangul
        case 0x2010, 0x2011: return .hyphen
        case 0x200b: return .gap
        default: break
        }
        switch utf8proc_category(Int32(bitPattern: value)) {
        case UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ME, UTF8PROC_CATEGORY_CF: return .mark
        case UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZL, UTF8PROC_CATEGORY_ZP, UTF8PROC_CATEGORY_CC: return .gap
        case UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM, UTF8PROC_CATEGORY_LO, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NL,
            UTF8PROC_CATEGORY_NO:
            return Unicode.Scalar(value).map(Folding.isOfRun) ?? false ? .sign : .word
        default: return .symbol
        }
    }
}

extension Tokens {
    /// Whether a token is a word that could be a term: letters, and more than one or two of them, that is not among the common words of any language.
    public func isTelling(_ token: Token) -> Bool {
        let word = Array(words[Int(token.word)])
        guard word.count <= Word.stemmedBytesMax, StopWords.languages(of: word) == 0 else { return false }
        var letters = 0
        for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
            let kind = scalar.value < 0x80 ? Tokens.plainClass(UInt8(scalar.value)) : Tokens.scalarClass(scalar.value)
            guard kind == .word || kind == .katakana || kind == .mark, scalar.properties.numericType == nil else { return false }
            if scalar.properties.isAlphabetic { letters += 1 }
        }
        return letters >= Tokens.tellingLettersMin
    }

    private static let tellingLettersMin = 3

    /// What the words are compared by: without accents, and where their language is known, their stems. One number of the table for each word.
    public func compared(in language: Language?) -> (table: WordTable, numbers: [UInt32]) {
        let stemmer = language.map(Stemmer.init)
        var table = WordTable()
        let numbers = (0..<words.count).map { number in
            let word = Array(words[number])
            let hasStem = stemmer != nil && word.count <= Word.stemmedBytesMax && word.contains { $0 >= 0x80 || (0x61...0x7A).contains($0) }
            // People leave accents out, and the word is to have one stem with and without them; in other scripts marks make other letters, which stems need.
            let isPlain = word.allSatisfy { $0 < 0x80 }
            let isLatin = word.allSatisfy { $0 < 0xCA }
            let bare = isPlain || !isLatin ? word : Folding.bare(String(decoding: word, as: UTF8.self))
            let stem = hasStem ? stemmer?.stem(bare) ?? bare : bare
            return UInt32(table.insert(isPlain || isLatin ? stem : Folding.bare(String(decoding: stem, as: UTF8.self))))
        }
        return (table, numbers)
    }
}

extension [UInt8] {
    /// With small letters for capitals of ASCII.
    public var inSmallLetters: [UInt8] {
        var letters = self
        // Without branches, so that many are done at once.
        for place in letters.indices { letters[place] |= letters[place] &- 0x41 < 26 ? 0x20 : 0 }
        return letters
    }
}
