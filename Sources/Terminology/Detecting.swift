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
        let automaton: TermAutomaton
        let isInflecting: Bool
        /// What it found, the first last.
        var found: [TermAutomaton.Found]
    }

    /// Where an entry stands in the answer, and whether it is written otherwise than there.
    private struct Entry {
        let term: Int
        let isInflected: Bool
    }

    private let terms: VisibleTerms
    private let contexts: ContextCodes
    private let context: UInt16?
    private let text: [UInt8]
    private var read = Tokens()
    private var sources: [Source] = []
    private var detection: Detection
    /// Of the same words, what came of them.
    private var known: [[UInt32]: Entry] = [:]
    private var singles: [Entry?] = []
    /// Where an entry stands in the answer.
    private var numbers: [Identifier: Int] = [:]

    init(_ text: String, in terms: VisibleTerms, _ contexts: ContextCodes, context: String?) {
        self.terms = terms
        self.contexts = contexts
        self.context = contexts.known(context)
        self.text = Array(text.utf8)
        detection = Detection(readBytes: self.text.count)
    }

    /// Nil where it was to stop.
    mutating func detect(in language: Language?, shouldStop: () -> Bool) -> Detection? {
        read.read(text)
        singles = [Entry?](repeating: nil, count: read.words.count)
        var compared: [Language?: (table: WordTable, numbers: [UInt32])] = [:]
        for (place, part) in terms.tables.enumerated() {
            for group in part.table.languageGroups {
                guard !shouldStop() else { return nil }
                let chosen = group ?? language
                let words = compared[chosen] ?? read.compared(in: chosen)
                compared[chosen] = words
                let (automaton, shown) = (part.table.automaton(of: group, in: chosen), terms)
                guard let found = automaton.find(in: read, words, isShown: { shown.isShown(place, $0) }, shouldStop: shouldStop) else { return nil }
                if !found.isEmpty { sources.append(Source(place: place, automaton: automaton, isInflecting: chosen != nil, found: found)) }
            }
        }
        resolve()
        return detection
    }

    /// From the first token on: the longest of what begins there, and on behind it.
    private mutating func resolve() {
        var place = 0
        while true {
            var (begin, length) = (Int.max, 0)
            for source in sources.indices {
                while let last = sources[source].found.last, last.place < place { sources[source].found.removeLast() }
                guard let found = sources[source].found.last, found.place < begin || found.place == begin && found.length > length else { continue }
                (begin, length) = (found.place, found.length)
            }
            guard length > 0 else { return }
            let range = Int(read.tokens[begin].start)..<Int(read.tokens[begin + length - 1].end)
            guard detection.occurrences.count < Limits.occurrencesMax else {
                detection.readBytes = range.lowerBound
                return
            }
            let entry = entry(begin..<begin + length, range)
            detection.occurrences.append(Detection.Occurrence(range: range, term: entry.term, isInflected: entry.isInflected))
            place = begin + length
        }
    }

    private mutating func entry(_ words: Range<Int>, _ range: Range<Int>) -> Entry {
        // Most are of one word.
        let single = words.count == 1 ? Int(read.tokens[words.lowerBound].word) : nil
        let key = single == nil ? read.tokens[words].map(\.word) : []
        if let known = single.map({ singles[$0] }) ?? known[key] { return known }
        let entry = choose(words, range)
        if let single { singles[single] = entry } else { known[key] = entry }
        return entry
    }

    private mutating func choose(_ words: Range<Int>, _ range: Range<Int>) -> Entry {
        let written = sources.contains(where: \.isInflecting) ? TermKey(String(decoding: text[range], as: UTF8.self)).bytes : []
        var candidates: [(rank: UInt64, id: Identifier, place: Int, row: Int, isInflected: Bool)] = []
        for source in sources {
            guard let found = source.found.last, found.place == words.lowerBound, found.length == words.count else { continue }
            for row in source.automaton.terms(at: found.node) where terms.isShown(source.place, row) {
                let table = terms.tables[source.place].table
                let isInflected = source.isInflecting && !table.hasKey(row, written)
                candidates.append((rank(source.place, row, isInflected), table.ids[row], source.place, row, isInflected))
            }
        }
        candidates.sort { ($0.rank, $0.id) < ($1.rank, $1.id) }
        guard let best = candidates.first else { return Entry(term: 0, isInflected: false) }
        let term = number(of: best.place, best.row, others: candidates.dropFirst().prefix(Limits.homonymsMax).map(\.id))
        return Entry(term: term, isInflected: best.isInflected)
    }

    private func rank(_ place: Int, _ row: Int, _ isInflected: Bool) -> UInt64 {
        let table = terms.tables[place].table
        var rank: UInt64 = isInflected ? 1 : 0
        rank = rank << 1 | (terms.isOwn(place) ? 0 : 1)
        rank = rank << 1 | (context.map { $0 == table.contexts[row] } ?? true ? 0 : 1)
        rank = rank << 2 | UInt64(table.standing(row).rawValue)
        return rank << 20 | table.frecencies[row].rank
    }

    private mutating func number(of place: Int, _ row: Int, others: [Identifier]) -> Int {
        let table = terms.tables[place].table
        if let known = numbers[table.ids[row]] { return known }
        let (code, isDeprecated) = (table.contexts[row], table.standing(row) == .deprecated)
        let preferred = isDeprecated ? terms.preferred(to: row, of: place).map { terms.tables[$0.0].table.term($0.1) } ?? table.preferred[row] : nil
        detection.terms.append(
            Detection.Term(
                id: table.ids[row], term: table.term(row), context: contexts.name(code), fitsContext: context == code, isOwn: terms.isOwn(place), isDeprecated: isDeprecated,
                preferred: preferred, others: others))
        numbers[table.ids[row]] = detection.terms.count - 1
        return detection.terms.count - 1
    }
}
