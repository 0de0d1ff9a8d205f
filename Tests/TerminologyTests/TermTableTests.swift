import Recall
import Records
import Testing

@testable import Terminology

@Suite struct TermTableTests {
    private static let letters = Array("abcdé日 -")

    private func word(_ random: inout SystemRandomNumberGenerator, _ lengths: ClosedRange<Int> = 1...12) -> String {
        String((0..<Int.random(in: lengths, using: &random)).map { _ in TermTableTests.letters.randomElement(using: &random)! })
    }

    private func table(_ terms: [String]) -> TermTable {
        let rows = terms.enumerated().map { place, term in
            (key: TermKey(term), entry: TermEntry(id: Identifier(high: 1, low: UInt64(place)), owner: Identifier(high: 0, low: 1), term: term))
        }
        return TermTable(rows, contexts: [UInt16](repeating: 0, count: rows.count), hasOwners: false)
    }

    /// The distance of what was typed from the nearest beginning of a term, cell by cell.
    private func distance(_ typed: [UInt32], _ term: [UInt32]) -> Int {
        var cells = [[Int]](repeating: [Int](repeating: 0, count: term.count + 1), count: typed.count + 1)
        for i in 0...typed.count {
            for j in 0...term.count {
                guard i > 0, j > 0 else {
                    cells[i][j] = max(i, j)
                    continue
                }
                cells[i][j] = min(cells[i - 1][j - 1] + (typed[i - 1] == term[j - 1] ? 0 : 1), cells[i - 1][j] + 1, cells[i][j - 1] + 1)
                if i > 1, j > 1, typed[i - 1] == term[j - 2], typed[i - 2] == term[j - 1] { cells[i][j] = min(cells[i][j], cells[i - 2][j - 2] + 1) }
            }
        }
        return cells[typed.count].min()!
    }

    /// With a wrong first letter counted twice, if it has not changed places with the second.
    private func strictDistance(_ typed: [UInt32], _ term: [UInt32]) -> Int {
        let isRight = typed[0] == term[0] || typed.count > 1 && term.count > 1 && typed[0] == term[1] && typed[1] == term[0]
        return distance(typed, term) + (isRight ? 0 : 1)
    }

    @Test("rows with typos are those of a comparison with each term, whatever letters they are of", arguments: [true, false])
    func typos(isStrict: Bool) {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            let table = table((0..<200).map { _ in word(&random) })
            for _ in 0..<10 {
                // Nothing shorter than five letters may have a typo while somebody types.
                let (typed, allowed) = (TermKey(word(&random, isStrict ? 8...12 : 1...12)).letters, Int.random(in: 1...2, using: &random))
                guard !isStrict || typed.count >= 5 else { continue }
                var found: [Int: Int] = [:]
                table.findTypos(of: typed, allowed: allowed, isStrict: isStrict) { rows, nearest in
                    for row in rows {
                        #expect(found[row] == nil)
                        found[row] = Int(nearest.typos)
                    }
                }
                for row in 0..<table.count {
                    let term = table.key(row).letters
                    let wanted = isStrict ? strictDistance(typed, term) : distance(typed, term)
                    #expect(found[row] == (wanted <= allowed ? wanted : nil), "\(typed) and \(term)")
                }
            }
        }
    }

    @Test("what was typed may have a different letter in each place")
    func manyLetters() {
        let typed = (0..<160).map { UInt32(0x4e00 + $0) }
        let table = table([String(String.UnicodeScalarView(typed.compactMap { Unicode.Scalar($0) }))])
        var found: [Int] = []
        var other = typed
        other[100] = 0x3042
        table.findTypos(of: other, allowed: 1) { rows, nearest in found += rows.map { _ in Int(nearest.typos) } }
        #expect(found == [1])
    }

    @Test("rows that begin with something are those whose keys do, and equal ones stand first")
    func beginnings() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let table = table((0..<100).map { _ in word(&random, 1...5) })
            let prefix = TermKey(word(&random, 1...3)).bytes
            #expect(Array(table.rows(beginningWith: prefix)) == (0..<table.count).filter { table.key($0).bytes.starts(with: prefix) })
            #expect(Array(table.rows(equalTo: prefix)) == (0..<table.count).filter { table.key($0).bytes == prefix })
        }
    }

    @Test("similar rows are those with that share of trigrams in common, with postings and without", arguments: [100, 2_000])
    func similar(count: Int) {
        var random = SystemRandomNumberGenerator()
        let table = table((0..<count).map { _ in word(&random, 3...12) })
        for _ in 0..<20 {
            let wanted = Trigrams.of(TermKey(word(&random, 3...12)))
            var found: [Int: Double] = [:]
            table.findSimilar(to: wanted, atLeast: 0.3, within: [0..<3]) { found[$0.row] = $0.similarity }
            for row in 0..<count {
                let own = Set(Trigrams.of(table.key(row)))
                let similarity = Double(own.intersection(wanted).count) / Double(own.union(wanted).count)
                if row < 3 || similarity >= 0.3 { #expect(found[row].map { abs($0 - similarity) < 1e-12 } ?? false, "\(row) \(similarity)") } else { #expect(found[row] == nil) }
            }
        }
    }

    @Test("every entry comes back as it was put in")
    func entries() {
        let all = ["C++", "Straße", "e-mail", "  ", "日本", "plain"].enumerated().map { place, term in
            TermEntry(
                id: Identifier(high: 0, low: UInt64(place)), owner: Identifier(high: 5, low: UInt64(place)), term: term, context: place % 2 == 0 ? "technical" : nil,
                frecency: Frecency(unitAt: Timestamp(microseconds: Int64(place))), isPublic: place == 3, standing: place == 4 ? .deprecated : .admitted,
                preferred: place == 4 ? "Japan" : nil)
        }
        var (codes, dictionary) = (ContextCodes(), TermDictionary(hasOwners: true))
        dictionary.apply(put: all, remove: [], contexts: &codes)
        #expect(dictionary.entries(codes).sorted { $0.id < $1.id } == all)
    }
}
