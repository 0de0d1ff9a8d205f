/// What a row is. The numbers are stored and sent; they never change their meaning.
public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case memory = 1
    case agent = 2
    case organization = 3
    case key = 4
    case user = 5
    case conversation = 6
    case message = 7
    case term = 8
    case pattern = 9
    case job = 10
    case audit = 11

    public init?(name: String) {
        guard let kind = Kind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    public var name: String {
        switch self {
        case .memory: "memory"
        case .agent: "agent"
        case .organization: "organization"
        case .key: "key"
        case .user: "user"
        case .conversation: "conversation"
        case .message: "message"
        case .term: "term"
        case .pattern: "pattern"
        case .job: "job"
        case .audit: "audit"
        }
    }

    /// What many of them are called in errors and in status.
    public var plural: String {
        switch self {
        case .memory: "memories"
        case .audit: "audit entries"
        case .agent, .organization, .key, .user, .conversation, .message, .term, .pattern, .job: name + "s"
        }
    }

    /// Those whose changes are told to whoever follows, which is all but what tells itself of something that happened.
    public static let followed: [Kind] = allCases.filter { $0 != .audit }

    /// Those that are found by their vectors.
    public static let searchable: [Kind] = allCases.filter { Schema.of($0).hasVector }
}

extension Kind: CustomStringConvertible {
    public var description: String { self == .audit ? "audit entry" : name }
}
