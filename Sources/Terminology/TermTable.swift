internal import Lexical
internal import Recall
internal import Records
internal import Synchronization

/// Entries in the order of their keys, as they were when the table was made: nothing of it changes.
///
/// One array a field and no object an entry: an entry of a small dictionary takes some seventy bytes beside its texts. Keys stand one behind the other; how much of its
/// beginning a key shares with the one before it makes a tree of them, which nothing else need hold.
final class TermTable: Sendable {
    let count: Int
    /// The keys' bytes, and where each begins; one more for the end.
    let keys: [UInt8]
    let starts: [UInt32]
    /// How many bytes each key shares with the one before it, none within a letter.
    let shared: [UInt16]
    /// Of each row, the next one that shares less than it does: what the walk passes whole subtrees by.
    let lessShared: [UInt32]
    /// Of each key, in letters.
    let lengths: [UInt16]
    /// Terms as they were written, where that is not their key.
    private let written: [UInt8]
    private let writtenStarts: [UInt32]
    let ids: [Identifier]
    /// The rows in the order of their identifiers.
    private let rowsByID: [UInt32]
    /// Empty where all entries are of one owner, who is named beside.
    let owners: [Identifier]
    private let owner: Identifier
    let frecencies: [Frecency]
    let contexts: [UInt16]
    let flags: [UInt8]
    /// Of the few deprecated ones, by row.
    let preferred: [Int: String]
    /// Empty where no entry's is known.
    let languages: [Language?]
    /// Those that entries have; nil where that of some is not known.
    let languageGroups: Set<Language?>
    /// Nil in small tables, which are gone through.
    let trigrams: TrigramTable?
    /// Made when a text is first looked through.
    private let automata = Mutex<[AutomatonName: TermAutomaton]>([:])

    static let publicFlag: UInt8 = 4
    private static let standingMask: UInt8 = 3
    /// From so many rows on, postings are faster than going through all.
    private static let trigramRowsMin = 64

    init(_ rows: [(key: TermKey, entry: TermEntry)], contexts codes: [UInt16], hasOwners: Bool) {
        let order = rows.indices.sorted { left, right in
            let (a, b) = (rows[left].key.bytes, rows[right].key.bytes)
            if a == b { return rows[left].entry.id < rows[right].entry.id }
            return a.lexicographicallyPrecedes(b)
        }
        count = rows.count
        var (keys, starts, written, writtenStarts): ([UInt8], [UInt32], [UInt8], [UInt32]) = ([], [0], [], [0])
        var (shared, lengths, preferred): ([UInt16], [UInt16], [Int: String]) = ([], [], [:])
        var last: [UInt8] = []
        for (row, place) in order.enumerated() {
            let (key, entry) = rows[place]
            shared.append(UInt16(TermTable.common(last, key.bytes)))
            lengths.append(UInt16(key.bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }))
            keys += key.bytes
            starts.append(UInt32(keys.count))
            if !entry.term.utf8.elementsEqual(key.bytes) { written += Array(entry.term.utf8) }
            writtenStarts.append(UInt32(written.count))
            if entry.standing == .deprecated, let other = entry.preferred { preferred[row] = other }
            last = key.bytes
        }
        (self.keys, self.starts, self.written, self.writtenStarts) = (keys, starts, written, writtenStarts)
        lessShared = TermTable.nextLesser(shared)
        (self.shared, self.lengths, self.preferred) = (shared, lengths, preferred)
        let ids = order.map { rows[$0].entry.id }
        self.ids = ids
        rowsByID = ids.indices.sorted { ids[$0] < ids[$1] }.map { UInt32($0) }
        owners = hasOwners ? order.map { rows[$0].entry.owner } : []
        owner = rows.first?.entry.owner ?? Identifier(high: 0, low: 0)
        frecencies = order.map { rows[$0].entry.frecency }
        contexts = order.map { codes[$0] }
        flags = order.map { rows[$0].entry.standing.rawValue | (rows[$0].entry.isPublic ? TermTable.publicFlag : 0) }
        languages = rows.contains { $0.entry.language != nil } ? order.map { rows[$0].entry.language } : []
        languageGroups = Set(rows.lazy.map(\.entry.language))
        trigrams = rows.count < TermTable.trigramRowsMin ? nil : TrigramTable(order.map { rows[$0].key })
    }

    private static func nextLesser(_ values: [UInt16]) -> [UInt32] {
        var next = [UInt32](repeating: UInt32(values.count), count: values.count)
        for place in values.indices.reversed() {
            var lesser = place + 1
            while lesser < values.count, values[lesser] >= values[place] { lesser = Int(next[lesser]) }
            next[place] = UInt32(lesser)
        }
        return next
    }

    /// Whole letters that both begin with, in bytes.
    private static func common(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var count = 0
        while count < left.count, count < right.count, left[count] == right[count] { count += 1 }
        while count > 0, count < right.count, right[count] & 0xC0 == 0x80 { count -= 1 }
        return count
    }

    func key(_ row: Int) -> TermKey { TermKey(bytes: Array(keys[Int(starts[row])..<Int(starts[row + 1])])) }

    func term(_ row: Int) -> String {
        let bytes = written[Int(writtenStarts[row])..<Int(writtenStarts[row + 1])]
        return String(decoding: bytes.isEmpty ? keys[Int(starts[row])..<Int(starts[row + 1])] : bytes, as: UTF8.self)
    }

    func standing(_ row: Int) -> TermStanding { TermStanding(rawValue: flags[row] & TermTable.standingMask) ?? .preferred }

    func isPublic(_ row: Int) -> Bool { flags[row] & TermTable.publicFlag != 0 }

    func row(of id: Identifier) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if ids[Int(rowsByID[middle])] < id { low = middle + 1 } else { high = middle }
        }
        return low < count && ids[Int(rowsByID[low])] == id ? Int(rowsByID[low]) : nil
    }

    var byteCount: Int {
        let perRow = MemoryLayout<Identifier>.stride + MemoryLayout<Frecency>.stride + 4 + 4 + 4 + 4 + 2 + 2 + 2 + 1
        return keys.count + written.count + count * perRow + owners.count * MemoryLayout<Identifier>.stride + (trigrams?.byteCount ?? 0) + languages.count
            + preferred.reduce(0) { $0 + 32 + $1.value.utf8.count }
            + automata.withLock { $0.values.reduce(0) { $0 + $1.byteCount } }
    }
}

extension TermTable {
    private struct AutomatonName: Hashable {
        let group: Language?
        let language: Language?
    }

    private static let automataMax = 2

    /// What finds the entries of one language, or of none, compared as words of one are.
    func automaton(of group: Language?, in language: Language?) -> TermAutomaton {
        automata.withLock { automata in
            let name = AutomatonName(group: group, language: language)
            if let known = automata[name] { return known }
            let rows = languages.isEmpty ? Array(0..<count) : (0..<count).filter { languages[$0] == group }
            // Terms of no language are asked for in that of each text, and those of the last few are kept.
            let others = automata.keys.filter { $0.group == group }
            if others.count >= TermTable.automataMax, let old = others.first { automata[old] = nil }
            let new = TermAutomaton(rows.map { (row: $0, term: term($0)) }, in: language)
            automata[name] = new
            return new
        }
    }
}

extension TermTable {
    func entry(_ row: Int, _ codes: ContextCodes) -> TermEntry {
        TermEntry(
            id: ids[row], owner: owners.isEmpty ? owner : owners[row], term: term(row), context: codes.name(contexts[row]), frecency: frecencies[row], isPublic: isPublic(row),
            standing: standing(row), preferred: preferred[row], language: languages.isEmpty ? nil : languages[row])
    }

    /// The rows whose keys begin with that.
    func rows(beginningWith prefix: [UInt8]) -> Range<Int> {
        firstRow(of: prefix, orBehind: false)..<firstRow(of: prefix, orBehind: true)
    }

    func rows(equalTo key: [UInt8]) -> Range<Int> {
        let all = rows(beginningWith: key)
        // The key itself stands before all that is longer.
        var end = all.lowerBound
        while end < all.upperBound, Int(starts[end + 1] - starts[end]) == key.count { end += 1 }
        return all.lowerBound..<end
    }

    func hasKeyOfRowBefore(_ row: Int) -> Bool {
        let count = starts[row + 1] - starts[row]
        return row > 0 && UInt32(shared[row]) == count && starts[row] - starts[row - 1] == count
    }

    /// Whether its key is that part of a text.
    func hasKey(_ row: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
        let start = Int(starts[row])
        guard Int(starts[row + 1]) - start == range.count else { return false }
        for place in 0..<range.count where keys[start + place] != text[range.lowerBound + place] { return false }
        return true
    }

    func hasKey(_ row: Int, of other: TermTable, _ otherRow: Int) -> Bool {
        let (start, otherStart) = (Int(starts[row]), Int(other.starts[otherRow]))
        let count = Int(starts[row + 1]) - start
        guard count == Int(other.starts[otherRow + 1]) - otherStart else { return false }
        return (0..<count).allSatisfy { keys[start + $0] == other.keys[otherStart + $0] }
    }

    /// The first row that does not stand before those that begin with a prefix, or not among them either.
    private func firstRow(of prefix: [UInt8], orBehind isBehind: Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if stands(middle, before: prefix, orWithin: isBehind) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func stands(_ row: Int, before prefix: [UInt8], orWithin isWithin: Bool) -> Bool {
        let (start, end) = (Int(starts[row]), Int(starts[row + 1]))
        for place in 0..<prefix.count {
            guard start + place < end else { return true }
            let byte = keys[start + place]
            if byte != prefix[place] { return byte < prefix[place] }
        }
        return isWithin
    }
}
