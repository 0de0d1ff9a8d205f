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

    /// The one whose common words there are most of; nil where there are none.
    static func of(_ words: [Word]) -> Language? {
        var counts = [Int](repeating: 0, count: allCases.count)
        for word in words {
            var languages = word.common
            while languages != 0 {
                counts[languages.trailingZeroBitCount] += 1
                languages &= languages - 1
            }
        }
        guard let most = counts.max(), most > 0 else { return nil }
        return counts.firstIndex(of: most).flatMap { Language(rawValue: UInt8($0)) }
    }
}
