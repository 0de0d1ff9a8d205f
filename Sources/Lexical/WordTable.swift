/// Words by small numbers, each once, in the order in which they came.
public struct WordTable: Sendable {
    private struct Word {
        let hash: UInt64
        /// In `bytes`.
        let start: UInt32
        let end: UInt32

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    private var bytes: [UInt8] = []
    private var words: [Word] = []
    /// Numbers from one on, at the place of the word's hash or behind it; zero is free.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)

    public init() {}

    public var count: Int { words.count }

    public var byteCount: Int { bytes.count + words.count * MemoryLayout<Word>.stride + slots.count * 4 }

    public subscript(_ number: Int) -> ArraySlice<UInt8> { bytes[words[number].range] }

    /// The number of a word, which is taken in where it is not there.
    public mutating func insert(_ word: [UInt8]) -> Int { insert(word.span, WordTable.hash(word.span).hash) }

    mutating func insert(_ word: Span<UInt8>, _ hash: UInt64) -> Int {
        let slot = slot(of: word, hash)
        guard slots[slot] == 0 else { return Int(slots[slot]) - 1 }
        let start = bytes.count
        for place in 0..<word.count { bytes.append(word[place]) }
        words.append(Word(hash: hash, start: UInt32(start), end: UInt32(bytes.count)))
        slots[slot] = UInt32(words.count)
        if words.count * 2 > slots.count { grow() }
        return words.count - 1
    }

    /// The number here of each word of another table; nil where it is none of these.
    public func numbers(of other: WordTable) -> [UInt32?] {
        let span = other.bytes.span
        return (0..<other.count).map { number in
            let word = other.words[number]
            let found = slots[slot(of: span.extracting(word.range), word.hash)]
            return found == 0 ? nil : found - 1
        }
    }

    /// Where that word is, or would be.
    private func slot(of word: Span<UInt8>, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash >> 20) & mask
        while slots[slot] != 0, !isWord(Int(slots[slot]) - 1, word, hash) { slot = (slot + 1) & mask }
        return slot
    }

    private func isWord(_ number: Int, _ word: Span<UInt8>, _ hash: UInt64) -> Bool {
        let known = words[number]
        guard known.hash == hash, known.range.count == word.count else { return false }
        for place in 0..<word.count where bytes[Int(known.start) + place] != word[place] { return false }
        return true
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (number, word) in words.enumerated() {
            var slot = Int(truncatingIfNeeded: word.hash >> 20) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number + 1)
        }
    }

    /// Another in every process, so that nobody can choose words that fall together.
    private static let seed = UInt64.random(in: .min ... .max)

    /// With whether the word is of ASCII alone.
    static func hash(_ word: Span<UInt8>) -> (hash: UInt64, isPlain: Bool) {
        var (hash, all) = (seed, UInt8(0))
        for place in 0..<word.count {
            hash = (hash ^ UInt64(word[place])) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            all |= word[place]
        }
        return (hash, all < 0x80)
    }
}
