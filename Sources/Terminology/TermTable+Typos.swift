/// Typos by the distance of Damerau and Levenshtein, no letter edited twice, between what was typed and the beginning of a term that is nearest to it.
///
/// What is typed may have no typo up to four letters, one from five on, two from nine on. A wrong first letter counts twice; one that but changed places with the second
/// is not wrong.
enum Typos {
    static func allowed(letters: Int) -> Int { letters >= 9 ? 2 : letters >= 5 ? 1 : 0 }

    static let mostAllowed = 2

    /// What may still be meant, and stands among what is similar; the first letter then counts as any other. Of more letters trigrams say enough, and of three or four
    /// they say something only where nothing else was found.
    static func possible(letters: Int, isAlone: Bool) -> Int {
        switch letters {
        case 5...8: 2
        case 3...4: isAlone ? 1 : 0
        default: 0
        }
    }
}

/// What was typed, as the walk compares it: the distances of its beginnings from so many letters of a term, of which only five about the diagonal can be within two.
///
/// A column holds them in the lower five bytes of a word: byte p is of the first j + p - 2 letters that were typed, where j are those of the term. All are below 128, so that
/// bytes can be compared and added side by side.
private struct TypedLetters {
    let count: Int
    let first: UInt32
    let second: UInt32
    /// Each letter as a small number, which is 0 for those that were not typed: of the first 128, and of the others.
    private var plain = [UInt8](repeating: 0, count: 128)
    private var others: [UInt32: UInt8] = [:]
    /// By j: the numbers of the letters that each byte ends with.
    private var windows: [UInt64] = []
    /// By j: all bits of the bytes that are of no letters that were typed.
    private var outside: [UInt64] = []

    static let beyond: UInt8 = 100
    private static let band = Typos.mostAllowed
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080
    private static let beyonds = UInt64(beyond) * ones

    init(_ letters: [UInt32]) {
        count = letters.count
        first = letters.first ?? 0
        second = letters.count > 1 ? letters[1] : 0
        var numbers: [UInt64] = []
        for letter in letters {
            let known = number(of: letter)
            // Letters beyond so many different ones count as one another.
            let number = known > 0 ? known : min(250, 1 + (numbers.max() ?? 0))
            if letter < 128 { plain[Int(letter)] = UInt8(number) } else { others[letter] = UInt8(number) }
            numbers.append(number)
        }
        for j in 0...count + TypedLetters.band + 1 {
            var (window, outside): (UInt64, UInt64) = (.max, .max)
            for byte in 0..<2 * TypedLetters.band + 1 {
                let i = j + byte - TypedLetters.band
                if i >= 0, i <= count { outside &= ~(0xFF << UInt64(8 * byte)) }
                if i >= 1, i <= count { window = window & ~(0xFF << UInt64(8 * byte)) | numbers[i - 1] << UInt64(8 * byte) }
            }
            windows.append(window)
            self.outside.append(outside)
        }
    }

    @inline(__always)
    func number(of letter: UInt32) -> UInt64 { letter < 128 ? UInt64(plain[Int(letter)]) : UInt64(others[letter] ?? 0) }

    /// Of no letters of a term.
    var start: UInt64 { TypedLetters.bounded(0x6464_6402_0100_6464, outside[0]) }

    /// With the j-th letter, behind the one before it.
    @inline(__always)
    func column(_ j: Int, _ number: UInt64, behind one: UInt64, _ numberBefore: UInt64, behind two: UInt64) -> UInt64 {
        let (ones, beyonds) = (TypedLetters.ones, TypedLetters.beyonds)
        let others = TypedLetters.differing(windows[j], number)
        // Another letter, or one that was not typed.
        var best = TypedLetters.least(one &+ others, (one >> 8 | beyonds << 56) &+ ones)
        if numberBefore != 0, number != 0 {
            let unchanged = (TypedLetters.differing(windows[j], numberBefore) | TypedLetters.differing(windows[j - 1], number)) &* 0xFF
            best = TypedLetters.least(best, (two &+ ones) & ~unchanged | beyonds & unchanged)
        }
        // One that was typed beside: from byte to byte, by one, two and four at once.
        best = TypedLetters.least(best, (best << 8 | beyonds & 0xFF) &+ ones)
        best = TypedLetters.least(best, (best << 16 | beyonds & 0xFFFF) &+ ones &* 2)
        best = TypedLetters.least(best, (best << 32 | beyonds & 0xFFFF_FFFF) &+ ones &* 4)
        return TypedLetters.bounded(TypedLetters.least(best, beyonds), outside[j])
    }

    /// One in each byte that is another number.
    @inline(__always)
    private static func differing(_ window: UInt64, _ number: UInt64) -> UInt64 {
        let bits = window ^ number &* ones
        return ((bits & ~highs) &+ ~highs | bits) >> 7 & ones
    }

    /// The lesser of both in each byte.
    @inline(__always)
    private static func least(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let isMore = (((left | highs) &- right) & highs) >> 7 &* 0xFF
        return right & isMore | left & ~isMore
    }

    @inline(__always)
    private static func bounded(_ column: UInt64, _ outside: UInt64) -> UInt64 { column & ~outside | beyonds & outside }

    /// Ones in the bytes that are at most that.
    @inline(__always)
    func open(_ column: UInt64, _ most: UInt8) -> UInt64 { ((UInt64(most) &* TypedLetters.ones | TypedLetters.highs) &- column) >> 7 & TypedLetters.ones }

    /// Whether a letter that was typed stands where one of these bytes ends.
    @inline(__always)
    func isNext(_ j: Int, _ number: UInt64, _ open: UInt64) -> Bool { open & ~TypedLetters.differing(windows[j], number) != 0 }

    /// Whether any byte is at most that.
    @inline(__always)
    func isWithin(_ column: UInt64, _ most: UInt8) -> Bool {
        ((UInt64(most) &* TypedLetters.ones | TypedLetters.highs) &- column) & TypedLetters.highs != 0
    }

    /// Of all that was typed from j letters.
    @inline(__always)
    func whole(_ column: UInt64, _ j: Int) -> UInt8 {
        let byte = count - j + TypedLetters.band
        return byte >= 0 && byte < 5 ? UInt8(truncatingIfNeeded: column >> UInt64(8 * byte)) : TypedLetters.beyond
    }

    /// Whether the first letter is right, or may have changed places with the second.
    @inline(__always)
    func isBegun(_ one: UInt32, _ two: UInt32?) -> Bool { one == first || one == second && two ?? first == first }
}

/// The beginning of a term that is nearest to what was typed.
struct NearestBeginning {
    var typos: UInt8
    /// So many letters of the term, and bytes of its key.
    var letters: Int
    var bytes: Int
}

extension TermTable {
    private struct Node {
        let column: UInt64
        let letter: UInt32
        let number: UInt64
        /// Up to here.
        let best: NearestBeginning
        /// Where in a key it ends.
        let bytes: Int
        /// Ones in the bytes that are within what is allowed, and whether none of them may have a typo more: then only what was typed leads on.
        let open: UInt64
        let isSpent: Bool
    }

    /// Hands over the rows within that many typos; those that begin with what was typed have none. A walk through the tree of the keys that turns back where nothing can
    /// come any more.
    func findTypos(of letters: [UInt32], allowed: Int, isStrict: Bool = true, _ found: (Range<Int>, NearestBeginning) -> Void) {
        guard allowed > 0, !letters.isEmpty else { return }
        let (typed, limit) = (TypedLetters(letters), UInt8(allowed))
        var path = [Node(column: typed.start, letter: 0, number: 0, best: NearestBeginning(typos: TypedLetters.beyond, letters: 0, bytes: 0), bytes: 0, open: 0, isSpent: false)]
        path.reserveCapacity(letters.count + 4)
        var row = 0
        rows: while row < count {
            while path.count > 1, path[path.count - 1].bytes > Int(shared[row]) { path.removeLast() }
            let (start, end) = (Int(starts[row]), Int(starts[row + 1]))
            while start + path[path.count - 1].bytes < end {
                let (last, j) = (path[path.count - 1], path.count)
                let (letter, width) = letter(at: start + last.bytes)
                let number = typed.number(of: letter)
                if last.isSpent, number == 0 || !typed.isNext(j, number, last.open) && (last.number == 0 || path[j - 2].isSpent) {
                    let behind = endOfSubtree(row, bytes: last.bytes + width)
                    if last.best.typos <= limit { found(row..<behind, last.best) }
                    row = behind
                    continue rows
                }
                let column = typed.column(j, number, behind: last.column, last.number, behind: path[max(0, j - 2)].column)
                let isBegun = !isStrict || typed.isBegun(j == 1 ? letter : path[1].letter, j == 1 ? nil : j == 2 ? letter : path[2].letter)
                let extra: UInt8 = isBegun ? 0 : 1
                let whole = typed.whole(column, j) &+ extra
                let best = whole <= last.best.typos ? NearestBeginning(typos: whole, letters: j, bytes: last.bytes + width) : last.best
                let most = min(best.typos, limit)
                guard most >= extra, typed.isWithin(column, most - extra) else {
                    let behind = endOfSubtree(row, bytes: last.bytes + width)
                    if best.typos <= limit { found(row..<behind, best) }
                    row = behind
                    continue rows
                }
                let left = limit - extra
                path.append(
                    Node(
                        column: column, letter: letter, number: number, best: best, bytes: last.bytes + width, open: typed.open(column, left),
                        isSpent: left == 0 || !typed.isWithin(column, left - 1)))
            }
            let best = path[path.count - 1].best
            if best.typos <= limit { found(row..<row + 1, best) }
            row += 1
        }
    }

    /// Behind the rows that share that many bytes with this one.
    private func endOfSubtree(_ row: Int, bytes: Int) -> Int {
        var behind = row + 1
        while behind < count, Int(shared[behind]) >= bytes { behind = Int(lessShared[behind]) }
        return behind
    }

    @inline(__always)
    private func letter(at place: Int) -> (letter: UInt32, width: Int) {
        let byte = keys[place]
        if byte < 0x80 { return (UInt32(byte), 1) }
        let width = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
        var letter = UInt32(byte) & (0x7F >> UInt32(width))
        for next in 1..<width { letter = letter << 6 | UInt32(keys[place + next] & 0x3F) }
        return (letter, width)
    }
}
