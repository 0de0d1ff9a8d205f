/// Rows of a segment by their terms.
///
/// Terms lie in the order of their hashes, which are spread evenly, so that those with the same first bits are few.
final class Postings: Sendable {
    struct Posting: Sendable {
        let row: UInt16
        let count: UInt16
    }

    private let terms: [Term]
    /// Where the terms of each number that their first bits can be begin, and behind the last where they end.
    private let groups: [UInt32]
    /// Of a hash what is left are those first bits.
    private let groupShift: UInt64
    private let postings: [Posting]

    /// What is asked for together lies together.
    private struct Term {
        let hash: UInt64
        /// Where its postings begin; they end where those of the next do.
        let start: UInt32
    }

    /// `first` is the number of the first of them.
    init(_ texts: [AnalyzedText], from first: Int) {
        var all: [(hash: UInt64, posting: Posting)] = []
        all.reserveCapacity(texts.reduce(0) { $0 + $1.terms.count })
        for (row, text) in texts.enumerated() {
            for term in text.terms { all.append((term.hash, Posting(row: UInt16(first + row), count: UInt16(min(term.count, UInt32(UInt16.max)))))) }
        }
        all.sort { $0.hash != $1.hash ? $0.hash < $1.hash : $0.posting.row < $1.posting.row }
        var terms: [Term] = []
        for (place, entry) in all.enumerated() where terms.last?.hash != entry.hash { terms.append(Term(hash: entry.hash, start: UInt32(place))) }
        let groupCount = terms.count / Postings.groupTerms
        let bits = max(1, groupCount.bitWidth - groupCount.leadingZeroBitCount)
        let shift = UInt64(64 - bits)
        var groups = [UInt32](repeating: 0, count: 1 << bits + 1)
        for term in terms { groups[Int(term.hash >> shift) + 1] += 1 }
        for group in groups.indices.dropFirst() { groups[group] += groups[group - 1] }
        // Behind the last is where its postings end.
        terms.append(Term(hash: .max, start: UInt32(all.count)))
        (self.terms, self.groups, groupShift) = (terms, groups, shift)
        postings = all.map(\.posting)
    }

    /// About so many terms have the same first bits.
    private static let groupTerms = 4

    var byteCount: Int { terms.count * MemoryLayout<Term>.stride + groups.count * MemoryLayout<UInt32>.stride + postings.count * MemoryLayout<Posting>.stride }

    /// Adds the rows with that term, the first first.
    func find(_ hash: UInt64, into found: inout [Posting]) {
        let group = Int(hash >> groupShift)
        for place in Int(groups[group])..<Int(groups[group + 1]) where terms[place].hash == hash {
            return found.append(contentsOf: postings[Int(terms[place].start)..<Int(terms[place + 1].start)])
        }
    }

    /// Adds the terms of each row, as they came.
    func add(to terms: inout [[AnalyzedText.Term]]) {
        for place in 0..<self.terms.count - 1 {
            let (term, end) = (self.terms[place], Int(self.terms[place + 1].start))
            for posting in postings[Int(term.start)..<end] { terms[Int(posting.row)].append(AnalyzedText.Term(hash: term.hash, count: UInt32(posting.count))) }
        }
    }
}
