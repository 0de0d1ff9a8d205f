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
    /// One of the schema's fields; which of them a filter can ask for, `Schema.filterFields` says.
    case plain(RecordField)
    /// A path of member names into the row's metadata.
    case metadata([String])

    public static let id = Field.plain(.id)
    public static let agent = Field.plain(.agent)
    public static let user = Field.plain(.user)
    public static let session = Field.plain(.session)
    public static let type = Field.plain(.type)
    public static let tags = Field.plain(.tags)
    public static let importance = Field.plain(.importance)
    public static let accessCount = Field.plain(.accessCount)
    public static let createdAt = Field.plain(.createdAt)
    public static let updatedAt = Field.plain(.updatedAt)
    public static let lastAccessedAt = Field.plain(.lastAccessedAt)
    public static let expiresAt = Field.plain(.expiresAt)

    /// What a filter over that kind may name.
    public static func names(of kind: Kind) -> [String] {
        let schema = Schema.of(kind)
        return schema.filterFields.map(\.name) + (schema[.metadata] == nil ? [] : ["metadata.…"])
    }

    /// `importance`, `created_at`, `metadata.project.name`; nil for a name that no field bears.
    public init?(name: String) {
        if let field = RecordField(name: name), field != .metadata {
            self = .plain(field)
        } else {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2, parts.first == "metadata", !parts.contains("") else { return nil }
            self = .metadata(Array(parts.dropFirst()))
        }
    }

    public var name: String {
        switch self {
        case .plain(let field): field.name
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
