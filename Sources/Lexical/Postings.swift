/// Rows of a segment by their terms.
///
/// Terms lie in the order of their hashes, which are spread evenly, so that where one would lie can nearly be computed.
final class Postings: Sendable {
    struct Posting: Sendable {
        let row: UInt16
        let count: UInt16
    }

    private let hashes: [UInt64]
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
        (self.hashes, self.starts) = (hashes, starts)
        postings = all.map(\.posting)
    }

    var byteCount: Int { hashes.count * MemoryLayout<UInt64>.stride + starts.count * MemoryLayout<UInt32>.stride + postings.count * MemoryLayout<Posting>.stride }

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
        // From where it would lie if they were spread as evenly as can be, in steps that grow.
        guard !hashes.isEmpty else { return nil }
        let guess = Int(hash.multipliedFullWidth(by: UInt64(hashes.count)).high)
        var (low, high) = (guess, guess)
        var step = 1
        while low > 0, hashes[low] > hash {
            low = max(0, low - step)
            step *= 2
        }
        step = 1
        while high < hashes.count - 1, hashes[high] < hash {
            high = min(hashes.count - 1, high + step)
            step *= 2
        }
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return hashes[low] == hash ? low : nil
    }
}
