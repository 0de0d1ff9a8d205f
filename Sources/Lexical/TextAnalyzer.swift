/// Brings texts to their terms. Not for two threads at once.
public final class TextAnalyzer {
    private var stemmers = [Stemmer?](repeating: nil, count: Language.allCases.count)

    public init() {}

    /// In the language whose common words it has, English where it has none.
    public func analyze(_ text: String, saidBy speaker: String? = nil) -> AnalyzedText {
        let words = WordScanner.words(of: speaker.map { text.hasPrefix($0) ? text : "\($0): \(text)" } ?? text, withSigns: true)
        let language = Language.of(words)
        return AnalyzedText(words.filter { !$0.isCommon(in: language) }.map { hash($0, in: language) }, language, speaker: speaker.flatMap { WordScanner.words(of: $0).first }.map { hash($0, in: language) })
    }

    /// The words of a question, each as texts of those languages would have it. One of common words alone asks for nothing.
    func ask(_ text: String, _ languages: [Language]) -> [AskedWord] {
        let words = WordScanner.words(of: text)
        let asked = ask(words, language(of: words, languages), languages)
        guard asked.isEmpty, let first = languages.first else { return asked }
        // One or two words may be common in another language than the texts are in.
        return ask(words, first, languages)
    }

    /// The parts of a question between its spaces, each with its words.
    func pieces(_ text: String, _ languages: [Language]) -> [(text: Substring, words: [AskedWord])] {
        let language = language(of: WordScanner.words(of: text), languages)
        return text.split(whereSeparator: \.isWhitespace).map { ($0, ask(WordScanner.words(of: String($0)), language, languages)) }
    }

    /// That of a question, among those of the texts that it is asked of.
    private func language(of words: [Word], _ languages: [Language]) -> Language { Language.of(words, among: languages.isEmpty ? Language.allCases : languages) }

    /// What it is asked in is left out; what texts are in is compared.
    private func ask(_ words: [Word], _ language: Language, _ languages: [Language]) -> [AskedWord] {
        var (asked, places): ([(hashes: [UInt64], count: Int)], [[UInt64]: Int]) = ([], [:])
        for word in words where !word.isCommon(in: language) {
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
