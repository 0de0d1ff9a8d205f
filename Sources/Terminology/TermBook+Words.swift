internal import Lexical
public import Records

extension TermBook {
    /// The words of these texts that no entry knows which the user sees, in no form of theirs, and how many texts have each; of very many those that most texts have. Nil
    /// where it was to stop.
    public func unknownWords(of texts: [String], for user: Identifier, shouldStop: () -> Bool) -> [String: Int64]? {
        let (terms, contexts) = terms(shownTo: user)
        var counts: [String: Int64] = [:]
        for text in texts {
            var detecting = Detecting(text, in: terms, contexts, context: nil)
            guard let known = detecting.detect(in: Language.of(text), shouldStop: shouldStop) else { return nil }
            let read = detecting.read
            var (found, seen): (ArraySlice<Detection.Occurrence>, Set<UInt32>) = (known.occurrences[...], [])
            for token in read.tokens {
                while let first = found.first, first.range.upperBound <= Int(token.start) { found.removeFirst() }
                guard found.first.map({ Int(token.end) <= $0.range.lowerBound }) ?? true, seen.insert(token.word).inserted, read.isTelling(token) else { continue }
                counts[String(decoding: read.words[Int(token.word)], as: UTF8.self), default: 0] += 1
            }
        }
        guard counts.count > TermBook.unknownWordsMax else { return counts }
        let most = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(TermBook.unknownWordsMax)
        return Dictionary(uniqueKeysWithValues: most.map { ($0.key, $0.value) })
    }

    private static let unknownWordsMax = 1_000
}
