/// Brings texts to their terms. Not for two threads at once.
public final class TextAnalyzer {
    private var stemmers = [Stemmer?](repeating: nil, count: Language.allCases.count)

    public init() {}

    /// In the language whose common words it has, English where it has none.
    public func analyze(_ text: String) -> AnalyzedText {
        let words = WordScanner.words(of: text)
        let language = Language.of(words) ?? .english
        return AnalyzedText(words.filter { !$0.isCommon(in: language) }.map { hash($0, in: language) }, language)
    }

    /// The words of a question, each as texts of those languages would have it. One of common words alone asks for nothing.
    func ask(_ text: String, _ languages: [Language]) -> [AskedWord] {
        let words = WordScanner.words(of: text)
        // What it is asked in is left out; what texts are in is compared.
        let language = Language.of(words) ?? .english
        let wanted = words.filter { !$0.isCommon(in: language) }
        var (asked, places): ([(hashes: [UInt64], count: Int)], [[UInt64]: Int]) = ([], [:])
        for word in wanted {
            var hashes: [UInt64] = []
            for language in languages.isEmpty ? [language] : languages {
                let hash = hash(word, in: language)
                if !hashes.contains(hash) { hashes.append(hash) }
            }
            if let place = places[hashes] {
                asked[place].count += 1
            } else {
                places[hashes] = asked.count
                asked.append((hashes, 1))
            }
        }
        return asked.map { AskedWord(hashes: $0.hashes, count: $0.count) }
    }

    private func hash(_ word: Word, in language: Language) -> UInt64 {
        guard word.hasStem else { return TextAnalyzer.hash(word.bytes) }
        let place = Int(language.rawValue)
        let stemmer = stemmers[place] ?? Stemmer(language)
        stemmers[place] = stemmer
        return TextAnalyzer.hash(Folding.withoutMarks(stemmer.stem(word.bytes)))
    }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
