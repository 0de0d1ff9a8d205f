/// One field of a kind: what it may hold, and who sets it.
public struct FieldRule: Hashable, Sendable {
    public enum Setter: Hashable, Sendable {
        /// Whoever creates the record; it stays as it is.
        case creator
        /// Whoever creates or updates it.
        case caller
        /// The server alone; callers see it.
        case server
        /// The server alone, and nobody sees it.
        case hidden
    }

    public let field: RecordField
    public let type: ValueType
    public let setter: Setter
    public let isRequired: Bool
    /// What it holds when a draft does not say.
    public let fallback: Value?
    /// The kind of which it names a record of the same organization.
    public let reference: Kind?
    /// As tables call it.
    public let column: String

    init(
        _ field: RecordField, _ type: ValueType, by setter: Setter = .caller, isRequired: Bool = false, or fallback: Value? = nil,
        of reference: Kind? = nil, column: String? = nil
    ) {
        self.field = field
        self.type = type
        self.setter = setter
        self.isRequired = isRequired || fallback != nil
        self.fallback = fallback
        self.reference = reference
        self.column = column ?? (type == .identifier ? field.name + "_id" : field.name)
    }
}

/// What the records of one kind consist of, beside what every record has: identifier, organization, times of creation and change, version.
///
/// Everything that reads, checks, sends, stores or shows a record follows these tables; there is no second list of the fields of a kind.
/// One of each kind stands for good; records look theirs up at every turn.
public final class Schema: Sendable {
    public let kind: Kind
    /// In the order of the columns.
    public let rules: [FieldRule]
    /// A deletion only hides it, and it can be restored.
    public let deletesSoftly: Bool
    /// It has a vector, by which it is found.
    public let hasVector: Bool
    /// The fields by whose value lists can be narrowed.
    public let listedBy: [RecordField]
    /// The fields by which lists can be ordered, beside the identifier.
    public let orderedBy: [RecordField]
    /// By the number of the field; -1 for those that are not of this kind. Records are asked by field all the time.
    private let positions: [Int8]

    init(
        _ kind: Kind, deletesSoftly: Bool = false, hasVector: Bool = false, listedBy: [RecordField] = [], orderedBy: [RecordField] = [],
        _ rules: [FieldRule]
    ) {
        self.kind = kind
        self.rules = rules
        self.deletesSoftly = deletesSoftly
        self.hasVector = hasVector
        self.listedBy = listedBy
        self.orderedBy = orderedBy
        var positions = [Int8](repeating: -1, count: 1 + Int(RecordField.allCases.map(\.rawValue).max() ?? 0))
        for (place, rule) in rules.enumerated() { positions[Int(rule.field.rawValue)] = Int8(place) }
        self.positions = positions
    }

    public func position(of field: RecordField) -> Int? {
        let place = positions[Int(field.rawValue)]
        return place < 0 ? nil : Int(place)
    }

    public subscript(field: RecordField) -> FieldRule? { position(of: field).map { rules[$0] } }

    /// Also of a field that every record has.
    public func type(of field: RecordField) -> ValueType? {
        if field == .id { return .identifier }
        if [.createdAt, .updatedAt, .deletedAt].contains(field) { return .time }
        return self[field]?.type
    }

    /// What a filter can ask of the rows of this kind, beside paths into their metadata.
    public var filterFields: [RecordField] {
        [.id] + rules.filter { $0.setter != .hidden && $0.type.isFilterable }.map(\.field) + [.createdAt, .updatedAt]
    }

    public static func of(_ kind: Kind) -> Schema {
        switch kind {
        case .organization: organizations
        case .user: users
        case .agent: agents
        case .conversation: conversations
        case .message: messages
        case .term: terms
        case .pattern: patterns
        case .key: keys
        case .job: jobs
        case .audit: audits
        case .memory: memories
        }
    }
}
