/// An update of one record: fields that it does not name stay as they are.
public struct RecordPatch: Hashable, Sendable {
    public var kind: Kind
    public var id: Identifier
    /// When given, the update is refused unless the stored version is this one.
    public var ifVersion: Int64?
    public var values: [RecordField: Value]
    public var cleared: Set<RecordField>
    /// A new text without a vector clears the old one, which would answer for a text that is gone.
    public var vector: Change<[Float]>
    /// The space that a vector which is set is of; where callers bring all vectors it need not be named.
    public var space: Identifier?

    public init(
        _ kind: Kind, id: Identifier, ifVersion: Int64? = nil, _ values: [RecordField: Value] = [:], clearing cleared: Set<RecordField> = [],
        vector: Change<[Float]> = .keep, space: Identifier? = nil
    ) {
        self.kind = kind
        self.id = id
        self.ifVersion = ifVersion
        self.values = values
        self.cleared = cleared
        self.vector = vector
        self.space = space
    }

    public func check() throws(FieldError) {
        let schema = Schema.of(kind)
        for field in values.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let value = values[field] { try schema.check(value, field, setters: [.caller]) }
        }
        for field in cleared.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let rule = schema[field], rule.setter == .caller, !rule.isRequired else { throw FieldError(field.name, .malformed("it cannot be emptied")) }
            guard values[field] == nil else { throw FieldError(field.name, .malformed("it is set and emptied at once")) }
        }
        switch vector {
        case .keep: break
        case .set, .clear: guard schema.hasVector else { throw FieldError("vector", .malformed("a \(kind.name) has none")) }
        }
        if case .set(let vector) = vector { try Checks.vector(vector, "vector") }
        try Checks.space(space, ofVector: vector.isSet)
        guard !values.isEmpty || !cleared.isEmpty || vector != .keep else { throw FieldError(kind.name, .malformed("the update changes nothing")) }
    }

    /// The record after this update, but for its vector, which is the store's to place.
    public func applied(to old: Record, at time: Timestamp) -> Record {
        var new = old
        for (field, value) in values { new[field] = value }
        for field in cleared { new[field] = nil }
        new.updatedAt = max(time, old.updatedAt)
        new.version = old.version + 1
        return new
    }
}
