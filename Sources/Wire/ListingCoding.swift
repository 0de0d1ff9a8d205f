internal import Records

private enum Tag {
    static let values: UInt16 = 16
    static let order: UInt16 = 17
    static let isAscending: UInt16 = 18
    static let deleted: UInt16 = 19
    static let after: UInt16 = 20
    static let limit: UInt16 = 21
    static let withVectors: UInt16 = 22
    // Of a cursor: the identifier, and the value of the field that orders, by its form.
    static let id: UInt16 = 16
    static let integer: UInt16 = 17
    static let number: UInt16 = 18
    static let text: UInt16 = 19
    static let time: UInt16 = 20
}

extension FieldWriter {
    mutating func listing(_ listing: RecordListing) {
        kind(listing.kind)
        if !listing.values.isEmpty { field(Tag.values, critical: true) { $0.values(listing.values) } }
        if let order = listing.order { integer(Tag.order, order.rawValue) }
        if listing.isAscending { flag(Tag.isAscending, true) }
        if listing.deleted != .without { integer(Tag.deleted, listing.deleted.rawValue) }
        if let after = listing.after { field(Tag.after) { $0.cursor(after) } }
        integer(Tag.limit, UInt32(clamping: listing.limit))
        if listing.withVectors { flag(Tag.withVectors, true) }
    }

    mutating func cursor(_ cursor: RecordListing.Cursor) {
        identifier(Tag.id, cursor.id)
        switch cursor.value {
        case .integer(let value)?: integer(Tag.integer, value)
        case .number(let value)?: number(Tag.number, value)
        case .text(let value)?: text(Tag.text, value)
        case .time(let value)?: time(Tag.time, value)
        case nil, .flag?, .identifier?, .texts?, .json?, .bytes?, .vector?: break
        }
    }
}

extension [UInt8] {
    func listing(in range: Range<Int>) throws(BodyError) -> RecordListing {
        var kind: Kind?
        var values: Range<Int>?
        var listing = RecordListing(.conversation)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case RecordTag.kind: kind = try self.kind(field)
            case Tag.values: values = field.range
            case Tag.order:
                guard let order = RecordField(rawValue: try integer(field, "order")) else { throw .field(FieldError("order", .malformed("there is no such field"))) }
                listing.order = order
            case Tag.isAscending: listing.isAscending = try flag(field, "ascending")
            case Tag.deleted: listing.deleted = try deleted(field)
            case Tag.after: listing.after = try cursor(in: field.range)
            case Tag.limit: listing.limit = Int(try integer(field, "limit") as UInt32)
            case Tag.withVectors: listing.withVectors = try flag(field, "with_vectors")
            default: return false
            }
            return true
        }
        guard let kind else { throw .field(FieldError("kind", .missing)) }
        listing.kind = kind
        if let values { listing.values = try RecordFields(kind, self, in: values).values }
        return listing
    }

    func cursor(in range: Range<Int>) throws(BodyError) -> RecordListing.Cursor {
        var id: Identifier?
        var value: Value?
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.id: id = try identifier(field, "after")
            case Tag.integer: value = .integer(try integer(field, "after"))
            case Tag.number: value = .number(try number(field, "after"))
            case Tag.text: value = .text(try text(field, "after"))
            case Tag.time: value = .time(try time(field, "after"))
            default: return false
            }
            return true
        }
        guard let id else { throw .field(FieldError("after", .missing)) }
        return RecordListing.Cursor(value: value, id: id)
    }
}

extension [UInt8] {
    /// Whether deleted ones are listed.
    func deleted(_ field: FieldSlice) throws(BodyError) -> RecordListing.Deleted {
        guard let deleted = RecordListing.Deleted(rawValue: try integer(field, "deleted")) else { throw .field(FieldError("deleted", .outOfRange("0, 1 or 2"))) }
        return deleted
    }
}
