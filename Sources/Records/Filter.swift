/// Which rows a search or a stream may return.
///
/// Two-valued: a comparison with a field that a row does not have is false, and its negation true.
public indirect enum Filter: Hashable, Sendable {
    case equals(Field, Scalar)
    case anyOf(Field, [Scalar])
    /// The row's tags, or the list at a metadata path, hold every one of these.
    case allOf(Field, [Scalar])
    case range(Field, Bounds)
    case exists(Field)
    case and([Filter])
    case or([Filter])
    case not(Filter)

    /// Bounds of a range, of which one may be missing.
    public struct Bounds: Hashable, Sendable {
        public let lower: Scalar?
        public let lowerIsIncluded: Bool
        public let upper: Scalar?
        public let upperIsIncluded: Bool

        public init(lower: Scalar? = nil, lowerIsIncluded: Bool = true, upper: Scalar? = nil, upperIsIncluded: Bool = true) {
            self.lower = lower
            self.lowerIsIncluded = lowerIsIncluded
            self.upper = upper
            self.upperIsIncluded = upperIsIncluded
        }
    }
}

/// A field of a row that a filter may name.
public enum Field: Hashable, Sendable {
    case id
    case agent
    case user
    case session
    case type
    case tags
    case importance
    case accessCount
    case createdAt
    case updatedAt
    case lastAccessedAt
    case expiresAt
    /// A path of member names into the row's metadata.
    case metadata([String])

    public static let plain: [Field] = [
        .id, .agent, .user, .session, .type, .tags, .importance, .accessCount, .createdAt, .updatedAt, .lastAccessedAt, .expiresAt,
    ]

    public static let names: [String] = plain.map(\.name) + ["metadata.…"]

    /// `importance`, `created_at`, `metadata.project.name`; nil for a name that no field bears.
    public init?(name: String) {
        if let field = Field.plain.first(where: { $0.name == name }) {
            self = field
        } else {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2, parts.first == "metadata", !parts.contains("") else { return nil }
            self = .metadata(Array(parts.dropFirst()))
        }
    }

    public var name: String {
        switch self {
        case .id: "id"
        case .agent: "agent"
        case .user: "user"
        case .session: "session"
        case .type: "type"
        case .tags: "tags"
        case .importance: "importance"
        case .accessCount: "access_count"
        case .createdAt: "created_at"
        case .updatedAt: "updated_at"
        case .lastAccessedAt: "last_accessed_at"
        case .expiresAt: "expires_at"
        case .metadata(let path): (["metadata"] + path).joined(separator: ".")
        }
    }
}

/// A value that a filter compares with. Integers and numbers compare with each other.
public enum Scalar: Hashable, Sendable {
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case identifier(Identifier)
    case time(Timestamp)
}
