import Glibc

/// A set of rows by number, one bit each. It is filled before anyone else has it, and then never changes.
///
/// `@unchecked Sendable`: see above.
@safe public final class RowSet: @unchecked Sendable {
    /// Rows 0..<count can be in it; a multiple of 64.
    public let count: Int
    let words: UnsafeMutablePointer<UInt64>

    /// No rows.
    public init(count: Int) {
        self.count = (count + 63) / 64 * 64
        unsafe words = .allocate(capacity: max(1, self.count / 64))
        unsafe words.initialize(repeating: 0, count: max(1, self.count / 64))
    }

    /// The rows of another, and room for more.
    public convenience init(_ other: RowSet, count: Int) {
        self.init(count: max(count, other.count))
        unsafe words.update(from: other.words, count: other.count / 64)
    }

    /// The rows that are in both.
    public convenience init(_ one: RowSet, intersectedWith other: RowSet) {
        self.init(count: min(one.count, other.count))
        for word in 0..<count / 64 { unsafe words[word] = unsafe one.words[word] & other.words[word] }
    }

    deinit { unsafe words.deallocate() }

    public subscript(row: Int) -> Bool {
        get {
            precondition(row >= 0 && row < count)
            return unsafe words[row / 64] >> UInt64(row % 64) & 1 != 0
        }
        set {
            precondition(row >= 0 && row < count)
            let bit: UInt64 = 1 << UInt64(row % 64)
            if newValue { unsafe words[row / 64] |= bit } else { unsafe words[row / 64] &= ~bit }
        }
    }

    /// Rows 64 · index and the 63 that follow, the first in the lowest bit.
    public func setWord(_ index: Int, _ bits: UInt64) {
        precondition(index >= 0 && index < count / 64)
        unsafe words[index] = bits
    }

    /// The same, read; no rows lie beyond the last.
    public func word(_ index: Int) -> UInt64 {
        precondition(index >= 0)
        return index < count / 64 ? unsafe words[index] : 0
    }

    /// Makes `result` the numbers of its rows, in ascending order.
    public func list(into result: inout [UInt32]) {
        result.removeAll(keepingCapacity: true)
        for word in 0..<count / 64 {
            var rest = unsafe words[word]
            while rest != 0 {
                result.append(UInt32(word * 64 + rest.trailingZeroBitCount))
                rest &= rest &- 1
            }
        }
    }

    /// How many rows of `range` are in it.
    public func count(in range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard !range.isEmpty else { return 0 }
        let (first, last) = (range.lowerBound / 64, (range.upperBound - 1) / 64)
        let head = UInt64.max << UInt64(range.lowerBound % 64), tail = UInt64.max >> UInt64(63 - (range.upperBound - 1) % 64)
        if first == last { return unsafe (words[first] & head & tail).nonzeroBitCount }
        var total = unsafe (words[first] & head).nonzeroBitCount + (words[last] & tail).nonzeroBitCount
        for word in first + 1..<last { unsafe total += words[word].nonzeroBitCount }
        return total
    }
}
