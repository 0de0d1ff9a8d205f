/// Three neighbouring letters of a key that has two spaces before it and one behind it.
enum Trigrams {
    /// Each once, in order.
    static func of(_ key: TermKey) -> [UInt64] {
        let letters = [space, space] + key.letters.map { UInt64($0) } + [space]
        var codes: [UInt64] = []
        codes.reserveCapacity(letters.count)
        for place in 0..<letters.count - 2 { codes.append(letters[place] << 42 | letters[place + 1] << 21 | letters[place + 2]) }
        codes.sort()
        var last = 0
        for place in codes.indices.dropFirst() where codes[place] != codes[last] {
            last += 1
            codes[last] = codes[place]
        }
        codes.removeSubrange((last + 1)...)
        return codes
    }

    private static let space = UInt64(TermKey.space)

    /// How many both have.
    static func common(_ left: [UInt64], _ right: [UInt64]) -> Int {
        var (i, j, count) = (0, 0, 0)
        while i < left.count, j < right.count {
            if left[i] == right[j] {
                count += 1
                i += 1
                j += 1
            } else if left[i] < right[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return count
    }
}

/// In which rows each trigram is.
struct TrigramTable: Sendable {
    private let codes: [UInt64]
    private let starts: [UInt32]
    private let rows: [UInt32]
    /// How many each row has.
    let counts: [UInt16]
    init(_ keys: [TermKey]) {
        var (pairs, counts): ([(code: UInt64, row: UInt32)], [UInt16]) = ([], [])
        for (row, key) in keys.enumerated() {
            let codes = Trigrams.of(key)
            counts.append(UInt16(codes.count))
            for code in codes { pairs.append((code, UInt32(row))) }
        }
        pairs.sort { $0.code == $1.code ? $0.row < $1.row : $0.code < $1.code }
        var (codes, starts): ([UInt64], [UInt32]) = ([], [])
        for (place, pair) in pairs.enumerated() where codes.last != pair.code {
            codes.append(pair.code)
            starts.append(UInt32(place))
        }
        starts.append(UInt32(pairs.count))
        (self.codes, self.starts, self.counts) = (codes, starts, counts)
        rows = pairs.map(\.row)
    }

    var byteCount: Int { codes.count * 8 + starts.count * 4 + rows.count * 4 + counts.count * 2 }

    /// Counts for each row how many of these it has, and notes those that have so many.
    func count(_ wanted: [UInt64], into counts: inout [UInt16], atLeast least: UInt16, _ enough: inout [UInt32]) {
        for code in wanted {
            var (low, high) = (0, codes.count)
            while low < high {
                let middle = (low + high) / 2
                if codes[middle] < code { low = middle + 1 } else { high = middle }
            }
            guard low < codes.count, codes[low] == code else { continue }
            for place in Int(starts[low])..<Int(starts[low + 1]) {
                let row = rows[place]
                counts[Int(row)] &+= 1
                if counts[Int(row)] == least { enough.append(row) }
            }
        }
    }
}
