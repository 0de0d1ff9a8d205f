/// A record as a caller sends it, before it has a tenant, a version and times of its own.
public struct RecordDraft: Hashable, Sendable {
    public var kind: Kind
    /// Given by callers that import; otherwise the server makes one.
    public var id: Identifier?
    public var createdAt: Timestamp?
    public var values: [RecordField: Value]
    public var vector: [Float]?
    /// The space that the vector is of; where callers bring all vectors it need not be named.
    public var space: Identifier?

    public init(_ kind: Kind, id: Identifier? = nil, createdAt: Timestamp? = nil, _ values: [RecordField: Value] = [:], vector: [Float]? = nil, space: Identifier? = nil) {
        self.kind = kind
        self.id = id
        self.createdAt = createdAt
        self.values = values
        self.vector = vector
        self.space = space
    }

    public func check() throws(FieldError) {
        let schema = Schema.of(kind)
        for field in values.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let value = values[field] else { continue }
            try schema.check(value, field, setters: [.creator, .caller])
        }
        for rule in schema.rules where rule.isRequired && rule.fallback == nil && values[rule.field] == nil && !rule.isSetByItself {
            throw FieldError(rule.field.name, .missing)
        }
        try Checks.time(createdAt, "created_at")
        if let vector {
            guard schema.hasVector else { throw FieldError("vector", .malformed("a \(kind.name) has none")) }
            try Checks.vector(vector, "vector")
        }
        try Checks.space(space, ofVector: vector != nil)
    }
}

extension FieldRule {
    /// Required, but the server knows it when the caller does not say.
    var isSetByItself: Bool {
        switch setter {
        case .server, .hidden: true
        case .creator, .caller: field == .lastUsedAt || field == .lastSeenAt
        }
    }
}

extension Schema {
    func check(_ value: Value, _ field: RecordField, setters: Set<FieldRule.Setter>) throws(FieldError) {
        let settable = rules.filter { setters.contains($0.setter) }
        guard let rule = self[field], setters.contains(rule.setter) else {
            throw FieldError(field.name, .unknown(known: settable.map(\.field.name)))
        }
        try rule.type.check(value, field.name)
        guard case .text(let text) = value else { return }
        if field == .slug { try Checks.slug(text) }
        if field == .email { try Checks.email(text) }
        if field == .term || field == .preferred { try Checks.term(text, field.name) }
        if field == .language { try Checks.language(text) }
    }
}
