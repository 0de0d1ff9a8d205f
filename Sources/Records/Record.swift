/// A row of any kind but memories: what its schema names, and what every record has.
public struct Record: Hashable, Sendable {
    public let kind: Kind
    public let id: Identifier
    public let organization: Identifier
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// From then on it is hidden, and can be restored.
    public var deletedAt: Timestamp?
    /// 1 when written first, one more with each change that a caller made.
    public var version: Int64
    /// In the order of the schema's rules.
    public private(set) var values: [Value?]
    public var embedding: Embedding?

    public init(
        _ kind: Kind, id: Identifier, organization: Identifier, createdAt: Timestamp, updatedAt: Timestamp? = nil, deletedAt: Timestamp? = nil,
        version: Int64 = 1, values: [RecordField: Value] = [:], embedding: Embedding? = nil
    ) {
        let rules = Schema.of(kind).rules
        self.init(
            kind, id: id, organization: organization, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version,
            row: rules.map { values[$0.field] ?? $0.fallback }, embedding: embedding)
    }

    /// `row` has a place for each rule of the schema.
    public init(
        _ kind: Kind, id: Identifier, organization: Identifier, createdAt: Timestamp, updatedAt: Timestamp? = nil, deletedAt: Timestamp? = nil,
        version: Int64 = 1, row: [Value?], embedding: Embedding? = nil
    ) {
        self.kind = kind
        self.id = id
        self.organization = organization
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
        self.deletedAt = deletedAt
        self.version = version
        values = row
        self.embedding = embedding
    }

    public var schema: Schema { Schema.of(kind) }

    /// Nil where it has none, or the kind has no such field.
    public subscript(field: RecordField) -> Value? {
        get { schema.position(of: field).flatMap { values[$0] } }
        set { if let position = schema.position(of: field) { values[position] = newValue } }
    }

    public func text(_ field: RecordField) -> String? {
        if case .text(let value)? = self[field] { value } else { nil }
    }

    public func integer(_ field: RecordField) -> Int64? {
        if case .integer(let value)? = self[field] { value } else { nil }
    }

    public func number(_ field: RecordField) -> Double? {
        if case .number(let value)? = self[field] { value } else { nil }
    }

    public func flag(_ field: RecordField) -> Bool? {
        if case .flag(let value)? = self[field] { value } else { nil }
    }

    public func identifier(_ field: RecordField) -> Identifier? {
        if case .identifier(let value)? = self[field] { value } else { nil }
    }

    public func time(_ field: RecordField) -> Timestamp? {
        if case .time(let value)? = self[field] { value } else { nil }
    }

    public func texts(_ field: RecordField) -> [String] {
        if case .texts(let values)? = self[field] { values } else { [] }
    }

    public func json(_ field: RecordField) -> JSON? {
        if case .json(let value)? = self[field] { value } else { nil }
    }

    public func vector(_ field: RecordField) -> [Float]? {
        if case .vector(let value)? = self[field] { value } else { nil }
    }

    public func bytes(_ field: RecordField) -> [UInt8]? {
        if case .bytes(let value)? = self[field] { value } else { nil }
    }

    /// Without what nobody may see.
    public var shown: Record {
        var copy = self
        for rule in schema.rules where rule.setter == .hidden { copy[rule.field] = nil }
        return copy
    }
}
