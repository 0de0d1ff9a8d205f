/// Rows of a segment by their terms.
///
/// Terms lie in the order of their hashes, which are spread evenly, so that those with the same first bits are few.
final class Postings: Sendable {
    struct Posting: Sendable {
        let row: UInt16
        let count: UInt16
    }

    private let hashes: [UInt64]
    /// Where the terms of each number that their first bits can be begin, and behind the last where they end.
    private let groups: [UInt32]
    /// Of a hash what is left are those first bits.
    private let groupShift: UInt64
    /// Where the postings of each term begin, and behind the last where they end.
    private let starts: [UInt32]
    private let postings: [Posting]

    /// `first` is the number of the first of them.
    init(_ texts: [AnalyzedText], from first: Int) {
        var all: [(hash: UInt64, posting: Posting)] = []
        all.reserveCapacity(texts.reduce(0) { $0 + $1.terms.count })
        for (row, text) in texts.enumerated() {
            for term in text.terms { all.append((term.hash, Posting(row: UInt16(first + row), count: UInt16(min(term.count, UInt32(UInt16.max)))))) }
        }
        all.sort { $0.hash != $1.hash ? $0.hash < $1.hash : $0.posting.row < $1.posting.row }
        var (hashes, starts): ([UInt64], [UInt32]) = ([], [])
        for (place, entry) in all.enumerated() where hashes.last != entry.hash {
            hashes.append(entry.hash)
            starts.append(UInt32(place))
        }
        starts.append(UInt32(all.count))
        let bits = max(1, (hashes.count / Postings.groupTerms).bitWidth - (hashes.count / Postings.groupTerms).leadingZeroBitCount)
        let shift = UInt64(64 - bits)
        var groups = [UInt32](repeating: 0, count: 1 << bits + 1)
        for hash in hashes { groups[Int(hash >> shift) + 1] += 1 }
        for group in groups.indices.dropFirst() { groups[group] += groups[group - 1] }
        (self.hashes, self.starts, self.groups, groupShift) = (hashes, starts, groups, shift)
        postings = all.map(\.posting)
    }

    /// About so many terms have the same first bits.
    private static let groupTerms = 4

    var byteCount: Int {
        hashes.count * MemoryLayout<UInt64>.stride + (starts.count + groups.count) * MemoryLayout<UInt32>.stride + postings.count * MemoryLayout<Posting>.stride
    }

    /// Adds the rows with that term, the first first.
    func find(_ hash: UInt64, into found: inout [Posting]) {
        guard let place = place(of: hash) else { return }
        found.append(contentsOf: postings[Int(starts[place])..<Int(starts[place + 1])])
    }

    /// Adds the terms of each row, as they came.
    func add(to terms: inout [[AnalyzedText.Term]]) {
        for (place, hash) in hashes.enumerated() {
            for posting in postings[Int(starts[place])..<Int(starts[place + 1])] { terms[Int(posting.row)].append(AnalyzedText.Term(hash: hash, count: UInt32(posting.count))) }
        }
    }

    private func place(of hash: UInt64) -> Int? {
        let group = Int(hash >> groupShift)
        for place in Int(groups[group])..<Int(groups[group + 1]) where hashes[place] == hash { return place }
        return nil
    }
}
