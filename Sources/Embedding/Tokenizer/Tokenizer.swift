/// BERT's tokenizer: text is cleaned, folded, cut into words and signs, and the words into pieces of the vocabulary.
///
/// The steps and their order are those of the reference implementation (Hugging Face's tokenizers: BertNormalizer, BertPreTokenizer, WordPiece).
struct Tokenizer: Sendable {
    struct Options: Hashable, Sendable {
        var lowercases = true
        var stripsAccents = true
        var separatesChinese = true
        /// A word of more characters is unknown.
        var wordCharactersMax = 100
    }

    let vocabulary: Vocabulary
    let options: Options
    /// The start and the end token counted.
    let tokensMax: Int

    init(_ vocabulary: Vocabulary, _ options: Options = Options(), tokensMax: Int) {
        self.vocabulary = vocabulary
        self.options = options
        self.tokensMax = tokensMax
    }

    /// Adds the tokens of `text`, between a start and an end token; what comes after `tokensMax` is cut off, and not even read.
    func add(_ text: String, to tokens: inout [Int32]) {
        var run = Run(tokenizer: self)
        run.read(Array(text.utf8), until: tokensMax - 2)
        tokens.append(vocabulary.start)
        tokens += run.tokens.prefix(tokensMax - 2)
        tokens.append(vocabulary.end)
    }

    func tokens(of text: String) -> [Int32] {
        var tokens: [Int32] = []
        add(text, to: &tokens)
        return tokens
    }
}

/// One text on its way.
private struct Run {
    let tokenizer: Tokenizer
    var tokens: [Int32] = []
    private var word: [UInt8] = []
    private var characters = 0

    init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    mutating func read(_ text: [UInt8], until count: Int) {
        var place = 0
        while place < text.count, tokens.count < count {
            let byte = text[place]
            guard byte < 0x80 else {
                take(scalar(text, &place))
                continue
            }
            if byte == UInt8(ascii: "["), let (id, length) = special(text, place) {
                endWord()
                tokens.append(id)
                place += length
                continue
            }
            place += 1
            take(ascii: byte)
        }
        endWord()
    }

    private func special(_ text: [UInt8], _ place: Int) -> (Int32, Int)? {
        for (bytes, id) in tokenizer.vocabulary.special where text[place...].starts(with: bytes) { return (id, bytes.count) }
        return nil
    }

    /// The scalar at `place`, which moves behind it. A string's bytes are valid UTF-8.
    private func scalar(_ text: [UInt8], _ place: inout Int) -> Unicode.Scalar {
        let first = UInt32(text[place])
        let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        var value = first & (length == 2 ? 0x1f : length == 3 ? 0x0f : 0x07)
        for offset in 1..<length { value = value << 6 | UInt32(text[place + offset] & 0x3f) }
        place += length
        return Unicode.Scalar(value) ?? "\u{fffd}"
    }

    private mutating func take(ascii byte: UInt8) {
        switch byte {
        case 0x09, 0x0a, 0x0d, 0x20: endWord()
        case 0x00...0x1f, 0x7f: break
        case 0x41...0x5a: append(ascii: tokenizer.options.lowercases ? byte | 0x20 : byte)
        case 0x30...0x39, 0x61...0x7a: append(ascii: byte)
        default: sign(UnicodeScalar(byte))
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        if Folding.isRemoved(scalar) { return }
        if scalar.properties.isWhitespace { return endWord() }
        let isChinese = tokenizer.options.separatesChinese && Folding.isChinese(scalar)
        if isChinese { endWord() }
        if tokenizer.options.stripsAccents {
            Folding.decompose(scalar) { part in
                if !Folding.isMark(part) { lower(part) }
            }
        } else {
            lower(scalar)
        }
        if isChinese { endWord() }
    }

    private mutating func lower(_ scalar: Unicode.Scalar) {
        guard tokenizer.options.lowercases, scalar.properties.changesWhenLowercased else { return put(scalar) }
        for part in scalar.properties.lowercaseMapping.unicodeScalars { put(part) }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if Folding.isPunctuation(scalar) { return sign(scalar) }
        word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        characters += 1
    }

    private mutating func append(ascii byte: UInt8) {
        word.append(byte)
        characters += 1
    }

    /// A sign is a word of its own.
    private mutating func sign(_ scalar: Unicode.Scalar) {
        endWord()
        word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        characters = 1
        endWord()
    }

    private mutating func endWord() {
        guard !word.isEmpty else { return }
        if characters > tokenizer.options.wordCharactersMax {
            tokens.append(tokenizer.vocabulary.unknown)
        } else {
            tokenizer.vocabulary.split(word, into: &tokens)
        }
        word.removeAll(keepingCapacity: true)
        characters = 0
    }
}
