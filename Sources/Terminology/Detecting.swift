internal import Lexical
internal import Recall
internal import Records

/// One text that is looked through.
///
/// Terms begin and end with words, or with signs of scripts that put no space between words. Of those that overlap the one that begins first counts, and of those that
/// begin together the longest. Entries of the same words are one occurrence: as written before inflected, own before others', those of the context, preferred ones, then
/// those that are used more.
struct Detecting {
    /// Entries of one table and language.
    private struct Source {
        let place: Int
        let table: TermTable
        let automaton: TermAutomaton
        let isInflecting: Bool
        let showsAll: Bool
        /// What it found and was not asked for yet, the first last.
        var found: [TermAutomaton.Found]
    }

    /// Where an entry stands in the answer, and whether it is written otherwise than there.
    private struct Entry {
        let term: Int
        let isInflected: Bool
    }

    /// An entry of the words that were found.
    private struct Candidate {
        let place: Int
        let row: Int
        let isInflected: Bool
        /// Among those of the same words, the least first, and then by identifier; as far as there are others.
        var rank: UInt64 = 0
        var id = Identifier(high: 0, low: 0)
    }

    private let terms: VisibleTerms
    private let contexts: ContextCodes
    private let context: UInt16?
    private let text: [UInt8]
    /// With small letters for capitals of ASCII.
    private let lower: [UInt8]
    private(set) var read = Tokens()
    private var sources: [Source] = []
    /// Of what begins at each token, in tokens.
    private var longest: [UInt16] = []
    private var detection: Detection
    /// Of the same words, what came of them.
    private var singles: [Entry?] = []
    private var pairs: [UInt64: Entry] = [:]
    private var longer: [[UInt32]: Entry] = [:]
    private var room: [Candidate] = []
    /// Of each table's rows, how many terms the answer had with it; zero is none.
    private var numbers: [[UInt32]]

    init(_ text: String, in terms: VisibleTerms, _ contexts: ContextCodes, context: String?) {
        self.terms = terms
        self.contexts = contexts
        self.context = contexts.known(context)
        self.text = Array(text.utf8)
        lower = self.text.inSmallLetters
        numbers = [[UInt32]](repeating: [], count: terms.tables.count)
        detection = Detection(readBytes: self.text.count)
    }

    /// Nil where it was to stop.
    mutating func detect(in language: Language?, shouldStop: () -> Bool) -> Detection? {
        read.read(lower)
        singles = [Entry?](repeating: nil, count: read.words.count)
        longest = [UInt16](repeating: 0, count: read.tokens.count)
        // Without their places, so that going through them stays near.
        let sequence = read.tokens.map(\.word)
        var compared: [Language?: (table: WordTable, numbers: [UInt32])] = [:]
        for (place, part) in terms.tables.enumerated() {
            for group in part.table.languageGroups {
                guard !shouldStop() else { return nil }
                let chosen = group ?? language
                let words = compared[chosen] ?? read.compared(in: chosen)
                compared[chosen] = words
                let (automaton, shown, showsAll) = (part.table.automaton(of: group, in: chosen), terms, terms.showsAll(place))
                guard let found = automaton.find(in: read.tokens, sequence, words, isShown: showsAll ? nil : { shown.isShown(place, $0) }, shouldStop: shouldStop) else { return nil }
                for one in found where one.length > longest[Int(one.place)] { longest[Int(one.place)] = one.length }
                if !found.isEmpty { sources.append(Source(place: place, table: part.table, automaton: automaton, isInflecting: chosen != nil, showsAll: showsAll, found: found)) }
            }
        }
        resolve()
        return detection
    }

    /// From the first token on: the longest of what begins there, and on behind it.
    private mutating func resolve() {
        detection.occurrences.reserveCapacity(min(Limits.occurrencesMax, sources.reduce(0) { $0 + $1.found.count }))
        var begin = 0
        while begin < longest.count {
            let length = Int(longest[begin])
            guard length > 0 else {
                begin += 1
                continue
            }
            let range = Int(read.tokens[begin].start)..<Int(read.tokens[begin + length - 1].end)
            guard detection.occurrences.count < Limits.occurrencesMax else {
                detection.readBytes = range.lowerBound
                return
            }
            let entry = entry(begin..<begin + length, range)
            detection.occurrences.append(Detection.Occurrence(range: range, term: entry.term, isInflected: entry.isInflected))
            begin += length
        }
    }

    private mutating func entry(_ words: Range<Int>, _ range: Range<Int>) -> Entry {
        // Most are of one word, and of the others most of two.
        let first = read.tokens[words.lowerBound].word
        switch words.count {
        case 1:
            if let known = singles[Int(first)] { return known }
            let entry = choose(words, range)
            singles[Int(first)] = entry
            return entry
        case 2:
            let key = UInt64(first) << 32 | UInt64(read.tokens[words.lowerBound + 1].word)
            if let known = pairs[key] { return known }
            let entry = choose(words, range)
            pairs[key] = entry
            return entry
        default:
            let key = read.tokens[words].map(\.word)
            if let known = longer[key] { return known }
            let entry = choose(words, range)
            longer[key] = entry
            return entry
        }
    }

    private mutating func choose(_ words: Range<Int>, _ range: Range<Int>) -> Entry {
        // Of its own while the sources are gone through, and kept for the next words.
        var candidates: [Candidate] = []
        swap(&candidates, &room)
        defer { swap(&candidates, &room) }
        candidates.removeAll(keepingCapacity: true)
        let isPlain = isPlain(range)
        for source in sources.indices {
            // What is before it was asked for already, or lies within another.
            while let last = sources[source].found.last, Int(last.place) < words.lowerBound { sources[source].found.removeLast() }
            guard let found = sources[source].found.last, Int(found.place) == words.lowerBound, Int(found.length) == words.count else { continue }
            let (place, isInflecting, table) = (sources[source].place, sources[source].isInflecting, sources[source].table)
            let showsAll = sources[source].showsAll
            sources[source].automaton.eachRow(at: found.node) { row in
                guard showsAll || terms.isShown(place, row) else { return }
                let isInflected = isInflecting && !(isPlain ? table.hasKey(row, lower, range) : isWritten(table, row, range))
                candidates.append(Candidate(place: place, row: row, isInflected: isInflected))
            }
        }
        // Most are alone.
        if candidates.count > 1 {
            for place in candidates.indices {
                candidates[place].rank = rank(candidates[place])
                candidates[place].id = terms.tables[candidates[place].place].table.ids[candidates[place].row]
            }
            candidates.sort { ($0.rank, $0.id) < ($1.rank, $1.id) }
        }
        guard let best = candidates.first else { return Entry(term: 0, isInflected: false) }
        let term = number(of: best.place, best.row, others: candidates.count == 1 ? [] : candidates.dropFirst().prefix(Limits.homonymsMax).map(\.id))
        return Entry(term: term, isInflected: best.isInflected)
    }

    /// Whether a piece of the text is one word of ASCII, which is its own key but for capitals.
    private func isPlain(_ range: Range<Int>) -> Bool {
        for place in range where lower[place] >= 0x80 || lower[place] <= TermKey.space || lower[place] == UInt8(ascii: "-") || lower[place] == UInt8(ascii: "_") { return false }
        return true
    }

    /// Whether a piece of the text is the key of that row.
    private func isWritten(_ table: TermTable, _ row: Int, _ range: Range<Int>) -> Bool {
        let key = TermKey(String(decoding: text[range], as: UTF8.self)).bytes
        return table.hasKey(row, key, 0..<key.count)
    }

    private func rank(_ candidate: Candidate) -> UInt64 {
        let (table, row) = (terms.tables[candidate.place].table, candidate.row)
        var rank: UInt64 = candidate.isInflected ? 1 : 0
        rank = rank << 1 | (terms.isOwn(candidate.place) ? 0 : 1)
        rank = rank << 1 | (context.map { $0 == table.contexts[row] } ?? true ? 0 : 1)
        rank = rank << 2 | UInt64(table.standing(row).rawValue)
        return rank << 20 | table.frecencies[row].rank
    }

    private mutating func number(of place: Int, _ row: Int, others: [Identifier]) -> Int {
        let table = terms.tables[place].table
        if numbers[place].isEmpty { numbers[place] = [UInt32](repeating: 0, count: table.count) }
        if numbers[place][row] > 0 { return Int(numbers[place][row]) - 1 }
        let (code, isDeprecated) = (table.contexts[row], table.standing(row) == .deprecated)
        let preferred = isDeprecated ? terms.preferred(to: row, of: place).map { terms.tables[$0.0].table.term($0.1) } ?? table.preferred[row] : nil
        detection.terms.append(
            Detection.Term(
                id: table.ids[row], term: table.term(row), context: contexts.name(code), fitsContext: context == code, isOwn: terms.isOwn(place), isDeprecated: isDeprecated,
                preferred: preferred, others: others))
        numbers[place][row] = UInt32(detection.terms.count)
        return detection.terms.count - 1
    }
}
