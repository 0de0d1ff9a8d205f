/// What is left of a text for counting words: its terms, and how many words it has.
///
/// A term is the hash of a word's stem, so that no table of words has to be kept, and nothing of a row is left when it goes. Two words of the
/// same hash are so rare that no one will meet them; a hash means something within one process.
public struct AnalyzedText: Sendable {
    struct Term: Sendable {
        let hash: UInt64
        let count: UInt32
    }

    /// By their hashes, each once.
    let terms: [Term]
    /// Words that are not common ones.
    let length: Int
    let language: Language
    /// The first word of the name of who says it.
    let speaker: UInt64?

    init(_ hashes: [UInt64], _ language: Language, speaker: UInt64? = nil) {
        var terms: [Term] = []
        for hash in hashes.sorted() {
            if let last = terms.last, last.hash == hash { terms[terms.count - 1] = Term(hash: hash, count: last.count + 1) } else { terms.append(Term(hash: hash, count: 1)) }
        }
        self.init(terms: terms, length: hashes.count, language, speaker: speaker)
    }

    init(terms: [Term], length: Int, _ language: Language, speaker: UInt64?) {
        self.terms = terms
        self.length = length
        self.language = language
        self.speaker = speaker
    }

    func count(of hash: UInt64) -> UInt32? {
        var (low, high) = (0, terms.count)
        while low < high {
            let middle = (low + high) / 2
            if terms[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        return low < terms.count && terms[low].hash == hash ? terms[low].count : nil
    }
}

/// One word of a question: what it may be called in texts of the languages that there are.
struct AskedWord: Sendable {
    let hashes: [UInt64]
    /// How often it was said.
    let count: Int
}
