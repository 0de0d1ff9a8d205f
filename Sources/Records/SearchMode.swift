/// By what rows are found.
public enum SearchMode: UInt8, Hashable, Sendable, CaseIterable {
    /// By the likeness of vectors.
    case vector = 1
    /// By the words that they have in common with the question.
    case lexical = 2
    /// By both.
    case hybrid = 3

    public init?(name: String) {
        guard let mode = SearchMode.allCases.first(where: { $0.name == name }) else { return nil }
        self = mode
    }

    public var name: String {
        switch self {
        case .vector: "vector"
        case .lexical: "lexical"
        case .hybrid: "hybrid"
        }
    }
}
