import Foundation
import Records
import Vectors

/// The Free On-line Dictionary of Computing as a dictionary of terms, and what somebody may type who wants one of them.
///
/// The terms are the headwords, each once whatever its case. What is typed is made by seed from terms of five letters or more: with one typo, with two, cut to
/// 60 to 80 % of its letters and at least four, and cut so with a typo. A typo is another letter, one too few, one too many, or two that changed places, all
/// equally likely, anywhere.
struct FoldocSet {
    struct Entry {
        let term: String
        let definition: String
        /// Headwords that the definition links to.
        var links: [Int]
    }

    private(set) var entries: [Entry] = []

    private static let lettersMin = 5
    private static let cutMin = 4

    /// From dictd's index and its text, which gzip can unpack.
    init(index: String, text: String) throws {
        guard let rows = FileManager.default.contents(atPath: index), let data = FileManager.default.contents(atPath: text) else {
            throw BenchError("\(index) and \(text) are needed; Debian's package dict-foldoc has them")
        }
        var places: Set<[Int]> = []
        for row in String(decoding: rows, as: UTF8.self).split(separator: "\n") {
            let fields = row.split(separator: "\t")
            guard fields.count == 3, !fields[0].hasPrefix("00-database"), !fields[0].hasPrefix("00database") else { continue }
            guard let start = FoldocSet.number(fields[1]), let count = FoldocSet.number(fields[2]), start + count <= data.count else { throw BenchError("\(index): \(row) is no row of an index") }
            places.insert([start, count])
        }
        var (known, links): ([String: Int], [[String]]) = ([:], [])
        for place in places.sorted(by: { $0[0] < $1[0] }) {
            let lines = String(decoding: data[place[0]..<place[0] + place[1]], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            let heads = lines.prefix { !$0.isEmpty && !$0.hasPrefix(" ") }
            let body = lines.dropFirst(heads.count).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
            for head in heads.map({ $0.trimmingCharacters(in: .whitespaces) }) where !head.isEmpty && known[head.lowercased()] == nil {
                known[head.lowercased()] = entries.count
                let plain = body.replacingOccurrences(of: "{", with: "").replacingOccurrences(of: "}", with: "").trimmingCharacters(in: .whitespaces)
                entries.append(Entry(term: head, definition: plain, links: []))
                links.append(body.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}", omittingEmptySubsequences: false).first.map { $0.lowercased() } })
            }
        }
        for place in entries.indices {
            var seen: Set<Int> = [place]
            entries[place].links = links[place].compactMap { known[$0] }.filter { seen.insert($0).inserted }
        }
    }

    /// As dictd writes them, to the base 64.
    private static func number(_ text: Substring) -> Int? {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        return text.reduce(Int?(0)) { number, digit in number.flatMap { number in digits.firstIndex(of: digit).map { number * 64 + $0 } } }
    }

    // MARK: What is typed

    func write(to folder: String, seed: UInt64, queries count: Int) throws {
        let documents = entries.enumerated().map { place, entry -> JSON in
            ["id": .text(String(place)), "text": .text(entry.term), "definition": .text(entry.definition), "links": .list(entry.links.map { .text(String($0)) })]
        }
        try Data((documents.map(\.description).joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/docs.jsonl"))
        var (random, lines): (SplitMix, [JSON]) = (SplitMix(seed), [])
        let wanted = entries.indices.filter { entries[$0].term.count >= FoldocSet.lettersMin }
        for kind in ["one typo", "two typos", "prefix", "prefix with a typo"] {
            for _ in 0..<count {
                guard let place = wanted.randomElement(using: &random) else { throw BenchError("there is no term of \(FoldocSet.lettersMin) letters") }
                var typed = Array(entries[place].term.lowercased())
                if kind.hasPrefix("prefix") {
                    let share = Double.random(in: 0.6..<0.8, using: &random)
                    typed = Array(typed.prefix(max(FoldocSet.cutMin, Int(Double(typed.count) * share))))
                }
                for _ in 0..<(kind == "prefix" ? 0 : kind == "two typos" ? 2 : 1) { FoldocSet.mistype(&typed, &random) }
                let text = String(typed).trimmingCharacters(in: .whitespaces)
                lines.append(["id": .text(String(lines.count)), "text": .text(text), "relevant": .list([.text(String(place))]), "category": .text(kind)])
            }
        }
        try Data((lines.map(\.description).joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/queries.jsonl"))
    }

    private static func mistype(_ letters: inout [Character], _ random: inout SplitMix) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
        let other = alphabet.randomElement(using: &random) ?? "a"
        let place = Int.random(in: letters.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: letters[place] = other == letters[place] ? (other == "x" ? "y" : "x") : other
        case 1: letters.remove(at: place)
        case 2: letters.insert(other, at: Int.random(in: 0...letters.count, using: &random))
        default:
            let changes = letters.indices.dropLast().filter { letters[$0] != letters[$0 + 1] }
            if let first = changes.randomElement(using: &random) { letters.swapAt(first, first + 1) }
        }
    }
}
