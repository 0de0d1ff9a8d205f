/// Whether a term is the one to use, as in termbases.
public enum TermStanding: UInt8, Hashable, Sendable, CaseIterable {
    case preferred = 0
    case admitted = 1
    case deprecated = 2

    public var name: String {
        switch self {
        case .preferred: "preferred"
        case .admitted: "admitted"
        case .deprecated: "deprecated"
        }
    }

    public init?(name: String) {
        guard let found = TermStanding.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
