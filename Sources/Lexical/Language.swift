/// Languages whose words are brought to their stems, and whose common words are left out.
public enum Language: UInt8, CaseIterable, Sendable {
    case english
    case german
    case french
    case spanish
    case italian
    case portuguese
    case dutch
    case swedish
    case danish
    case norwegian
    case finnish
    case russian

    /// What Snowball calls it.
    var name: String {
        switch self {
        case .english: "english"
        case .german: "german"
        case .french: "french"
        case .spanish: "spanish"
        case .italian: "italian"
        case .portuguese: "portuguese"
        case .dutch: "dutch"
        case .swedish: "swedish"
        case .danish: "danish"
        case .norwegian: "norwegian"
        case .finnish: "finnish"
        case .russian: "russian"
        }
    }

    /// That of a tag as BCP 47 writes them, of which the first part counts.
    public init?(tag: String) {
        switch tag.prefix(while: { $0 != "-" }).lowercased() {
        case "en": self = .english
        case "de": self = .german
        case "fr": self = .french
        case "es": self = .spanish
        case "it": self = .italian
        case "pt": self = .portuguese
        case "nl": self = .dutch
        case "sv": self = .swedish
        case "da": self = .danish
        case "no", "nb", "nn": self = .norwegian
        case "fi": self = .finnish
        case "ru": self = .russian
        default: return nil
        }
    }

    /// The one whose common words a text has most of; nil where it has none.
    public static func of(_ text: String) -> Language? {
        let words = WordScanner.words(of: text)
        return words.contains { $0.common != 0 } ? of(words) : nil
    }

    /// The one of these whose common words there are most of, the first of several; where there are none, the first, or that of the script.
    static func of(_ words: [Word], among languages: [Language] = allCases) -> Language {
        var counts = [Int](repeating: 0, count: allCases.count)
        for word in words {
            var common = word.common
            while common != 0 {
                counts[common.trailingZeroBitCount] += 1
                common &= common - 1
            }
        }
        var best: (language: Language, count: Int)?
        for language in languages where counts[Int(language.rawValue)] > best?.count ?? 0 { best = (language, counts[Int(language.rawValue)]) }
        if let best { return best.language }
        let isCyrillic = words.contains { $0.bytes.first.map { $0 == 0xd0 || $0 == 0xd1 } ?? false }
        let plain: Language = isCyrillic ? .russian : .english
        return languages.contains(plain) ? plain : languages.first ?? plain
    }
}
