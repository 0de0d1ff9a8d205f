/// A set of rows of one chunk, in place and without allocation.
public struct Bitmap: Sendable {
    /// Rows that it can tell apart, which is a chunk's capacity.
    public static let capacity = 1_024
    static let wordCount = 16

    var words: InlineArray<16, UInt64>

    /// No rows.
    public init() {
        words = InlineArray(repeating: 0)
    }

    /// Rows 0..<end.
    public init(below end: Int) {
        self.init()
        for word in 0..<Bitmap.wordCount {
            let rest = end - word * 64
            words[word] = rest >= 64 ? .max : rest <= 0 ? 0 : (1 << UInt64(rest)) - 1
        }
    }

    public subscript(row: Int) -> Bool {
        get { words[row >> 6] >> UInt64(row & 63) & 1 != 0 }
        set {
            let bit: UInt64 = 1 << UInt64(row & 63)
            if newValue { words[row >> 6] |= bit } else { words[row >> 6] &= ~bit }
        }
    }

    /// A word at a time: rows 64 · index and the 63 that follow, the first in the lowest bit.
    public init(words: (_ index: Int) -> UInt64) {
        self.init()
        for word in 0..<Bitmap.wordCount { self.words[word] = words(word) }
    }

    public var count: Int {
        var total = 0
        for word in 0..<Bitmap.wordCount { total += words[word].nonzeroBitCount }
        return total
    }

    public var isEmpty: Bool {
        var union: UInt64 = 0
        for word in 0..<Bitmap.wordCount { union |= words[word] }
        return union == 0
    }

    public mutating func formUnion(_ other: Bitmap) {
        for word in 0..<Bitmap.wordCount { words[word] |= other.words[word] }
    }

    public mutating func formIntersection(_ other: Bitmap) {
        for word in 0..<Bitmap.wordCount { words[word] &= other.words[word] }
    }

    public mutating func subtract(_ other: Bitmap) {
        for word in 0..<Bitmap.wordCount { words[word] &= ~other.words[word] }
    }

    /// Every row of the set, in ascending order.
    @inlinable
    public func forEach(_ body: (Int) -> Void) {
        for word in 0..<16 { Bitmap.forEachBit(of: self.word(word)) { body(word << 6 | $0) } }
    }

    /// Appends the rows of the set, in ascending order.
    public func append(to rows: inout [UInt32]) {
        for word in 0..<Bitmap.wordCount { Bitmap.forEachBit(of: words[word]) { rows.append(UInt32(word << 6 | $0)) } }
    }

    /// Rows 64 · index and the 63 that follow, the first in the lowest bit.
    @inline(__always)
    public func word(_ index: Int) -> UInt64 { words[index] }

    @inlinable
    @inline(__always)
    static func forEachBit(of word: UInt64, _ body: (Int) -> Void) {
        var rest = word
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }
}

extension Bitmap: Equatable {
    public static func == (a: Bitmap, b: Bitmap) -> Bool {
        for word in 0..<wordCount where a.words[word] != b.words[word] { return false }
        return true
    }
}
