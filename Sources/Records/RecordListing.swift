/// A page of records of one kind.
public struct RecordListing: Hashable, Sendable {
    public enum Deleted: UInt8, Hashable, Sendable, CaseIterable {
        case without = 0
        case with = 1
        case only = 2
    }

    public var kind: Kind
    /// Only records whose fields hold these values, or all of these texts; the schema says which fields can be asked for.
    public var values: [RecordField: Value]
    /// Nil for the order of the identifiers, which is that of their making.
    public var order: RecordField?
    public var isAscending: Bool
    public var deleted: Deleted
    /// Where the page before ended.
    public var after: Cursor?
    public var limit: Int
    public var withVectors: Bool

    /// The last record of a page, in the listing's order.
    public struct Cursor: Hashable, Sendable {
        /// Of the field that orders; nil in the order of identifiers.
        public let value: Value?
        public let id: Identifier

        public init(value: Value? = nil, id: Identifier) {
            self.value = value
            self.id = id
        }
    }

    public init(
        _ kind: Kind, _ values: [RecordField: Value] = [:], order: RecordField? = nil, isAscending: Bool = false, deleted: Deleted = .without,
        after: Cursor? = nil, limit: Int = 50, withVectors: Bool = false
    ) {
        self.kind = kind
        self.values = values
        self.order = order
        self.isAscending = isAscending
        self.deleted = deleted
        self.after = after
        self.limit = limit
        self.withVectors = withVectors
    }

    public func check() throws(FieldError) {
        let schema = Schema.of(kind)
        try Checks.page(limit)
        for field in values.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard schema.listedBy.contains(field), let rule = schema[field] else {
                throw FieldError(field.name, .unknown(known: schema.listedBy.map(\.name)))
            }
            if let value = values[field] { try rule.type.check(value, field.name) }
            if case .texts(let texts)? = values[field], texts.isEmpty { throw FieldError(field.name, .empty) }
        }
        guard let order else {
            guard after?.value == nil else { throw FieldError("after", .malformed("it holds a value, and the order is that of identifiers")) }
            return
        }
        guard schema.orderedBy.contains(order) else { throw FieldError("order", .unknown(known: schema.orderedBy.map(\.name))) }
        guard let after else { return }
        guard let value = after.value else { throw FieldError("after", .malformed("it lacks the value of \(order.name)")) }
        try schema.type(of: order)?.check(value, "after")
    }

    /// Where the next page begins when this was the last record.
    public func cursor(at record: Record) -> Cursor {
        guard let order else { return Cursor(id: record.id) }
        return Cursor(value: order == .createdAt ? .time(record.createdAt) : record[order], id: record.id)
    }
}

public struct RecordPage: Hashable, Sendable {
    public let records: [Record]
    /// Nil after the last page.
    public let next: RecordListing.Cursor?

    public init(records: [Record], next: RecordListing.Cursor?) {
        self.records = records
        self.next = next
    }
}
