/// A row that resembles what was typed.
struct Likeness {
    let row: Int
    /// Of the trigrams that it and what was typed have, the share that both have.
    let similarity: Double

    init(_ row: Int, common: Int, of wanted: Int, and own: Int) {
        self.row = row
        similarity = Double(common) / Double(wanted + own - common)
    }
}

extension TermTable {
    /// Hands over the rows of which at least that share of trigrams, both together, is common, and all rows within those ranges.
    func findSimilar(to wanted: [UInt64], atLeast share: Double, within ranges: [Range<Int>], _ found: (Likeness) -> Void) {
        guard let trigrams else { return compareAll(to: wanted, atLeast: share, within: ranges, found) }
        // Fewer than that in common cannot be enough, however few a row has.
        let commonMin = UInt16(max(1, (share * Double(wanted.count)).rounded(.up)))
        var (counts, enough) = ([UInt16](repeating: 0, count: count), [UInt32]())
        trigrams.count(wanted, into: &counts, atLeast: commonMin, &enough)
        for row in enough.lazy.map({ Int($0) }) {
            let likeness = Likeness(row, common: Int(counts[row]), of: wanted.count, and: Int(trigrams.counts[row]))
            guard likeness.similarity >= share else { continue }
            found(likeness)
            counts[row] = TermTable.told
        }
        for row in ranges.joined() where counts[row] != TermTable.told {
            found(Likeness(row, common: Int(counts[row]), of: wanted.count, and: Int(trigrams.counts[row])))
            counts[row] = TermTable.told
        }
    }

    private static let told = UInt16.max

    private func compareAll(to wanted: [UInt64], atLeast share: Double, within ranges: [Range<Int>], _ found: (Likeness) -> Void) {
        let near = Set(ranges.joined())
        for row in 0..<count {
            let own = Trigrams.of(key(row))
            let likeness = Likeness(row, common: Trigrams.common(wanted, own), of: wanted.count, and: own.count)
            if likeness.similarity >= share || near.contains(row) { found(likeness) }
        }
    }

    /// How many of those bytes a term does not have in so many of its own.
    func foreign(_ typed: [UInt8], _ row: Int, upTo end: Int) -> Int {
        var counts = InlineArray<256, Int16>(repeating: 0)
        let start = Int(starts[row])
        for place in start..<min(Int(starts[row + 1]), start + end) { counts[Int(keys[place])] &+= 1 }
        var missing = 0
        for byte in typed {
            counts[Int(byte)] &-= 1
            if counts[Int(byte)] < 0 { missing += 1 }
        }
        return missing
    }
}
