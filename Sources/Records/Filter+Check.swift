extension Filter {
    /// Refuses what cannot be applied to rows of that kind: fields that they do not have or that are compared with values of another type, and trees
    /// beyond the limits.
    public func check(on kind: Kind = .memory) throws(FieldError) {
        var nodes = 0
        try check(FilterSubject(kind), depth: 1, nodes: &nodes)
    }

    private func check(_ subject: FilterSubject, depth: Int, nodes: inout Int) throws(FieldError) {
        guard depth <= Limits.filterDepthMax else { throw FieldError("filter", .tooDeep(depthMax: Limits.filterDepthMax)) }
        nodes += 1
        guard nodes <= Limits.filterNodesMax else { throw FieldError("filter", .tooMany(count: nodes, countMax: Limits.filterNodesMax)) }
        switch self {
        case .equals(let field, let value): try subject.check(field, [value])
        case .anyOf(let field, let values): try subject.check(field, values)
        case .allOf(let field, let values):
            try subject.check(field, values)
            guard try subject.holdsLists(field) else { throw field.error("all-of is for lists, as tags and metadata have them") }
        case .range(let field, let bounds): try subject.check(field, bounds)
        case .exists(let field): try subject.check(field, [])
        case .and(let parts), .or(let parts):
            for part in parts { try part.check(subject, depth: depth + 1, nodes: &nodes) }
        case .not(let part):
            try part.check(subject, depth: depth + 1, nodes: &nodes)
        }
    }
}

/// The rows that a filter is about.
private struct FilterSubject {
    let kind: Kind
    let schema: Schema
    let fields: Set<RecordField>

    init(_ kind: Kind) {
        self.kind = kind
        schema = Schema.of(kind)
        fields = Set(schema.filterFields)
    }

    /// Nil for metadata.
    private func type(_ field: Field) throws(FieldError) -> ValueType? {
        switch field {
        case .metadata(let path):
            guard schema[.metadata] != nil else { throw FieldError("filter.metadata", .unknown(known: Field.names(of: kind))) }
            guard !path.isEmpty, path.count <= Limits.filterPathMax,
                path.allSatisfy({ (1...Limits.nameBytesMax).contains($0.utf8.count) && !$0.utf8.contains(0) })
            else {
                throw FieldError("filter.metadata", .malformed("a path has 1 to \(Limits.filterPathMax) names of at most \(Limits.nameBytesMax) bytes"))
            }
            return nil
        case .plain(let plain):
            guard fields.contains(plain), let type = schema.type(of: plain) else {
                throw FieldError("filter.\(field.name)", .unknown(known: Field.names(of: kind)))
            }
            return type
        }
    }

    func holdsLists(_ field: Field) throws(FieldError) -> Bool {
        guard let type = try type(field) else { return true }
        if case .texts = type { return true }
        return false
    }

    func check(_ field: Field, _ values: [Scalar]) throws(FieldError) {
        let type = try type(field)
        guard values.count <= Limits.filterValuesMax else {
            throw FieldError("filter.\(field.name)", .tooMany(count: values.count, countMax: Limits.filterValuesMax))
        }
        for value in values { try check(field, type, value) }
    }

    func check(_ field: Field, _ bounds: Filter.Bounds) throws(FieldError) {
        let type = try type(field)
        guard bounds.lower != nil || bounds.upper != nil else { throw field.error("a range needs a bound") }
        switch type {
        case .integer?, .number?, .time?: break
        case nil:
            if let lower = bounds.lower, let upper = bounds.upper, lower.isNumber != upper.isNumber { throw field.error("both bounds must be of one type") }
        case .flag?, .text?, .choice?, .identifier?, .texts?, .object?, .list?, .bytes?, .vector?: throw field.error("a range is for numbers and times")
        }
        for bound in [bounds.lower, bounds.upper] {
            guard let bound else { continue }
            try check(field, type, bound)
            switch bound {
            case .bool, .identifier: throw field.error("a range is for numbers, times and texts")
            case .integer, .number, .text, .time: break
            }
        }
    }

    private func check(_ field: Field, _ type: ValueType?, _ value: Scalar) throws(FieldError) {
        if case .number(let number) = value, number.isNaN { throw field.error("not a number") }
        if case .time(let time) = value, !Timestamp.range.contains(time) { throw field.error("a time is between the years 1 and 9999") }
        switch type {
        case .identifier?:
            guard case .identifier = value else { throw field.error("it is compared with an identifier") }
        case .choice(let known)?:
            guard case .text(let text) = value, known.contains(text) else { throw field.error("it is one of \(known.joined(separator: ", "))") }
        case .text?, .texts?:
            guard case .text = value else { throw field.error("it is compared with text") }
        case .flag?:
            guard case .bool = value else { throw field.error("it is compared with true or false") }
        case .integer?, .number?:
            guard value.isNumber else { throw field.error("it is compared with a number") }
        case .time?:
            guard case .time = value else { throw field.error("it is compared with a time") }
        case nil:
            switch value {
            case .identifier, .time: throw field.error("metadata holds texts, numbers and truth values")
            case .bool, .integer, .number, .text: break
            }
        case .object?, .list?, .bytes?, .vector?: throw field.error("it cannot be compared")
        }
    }
}

extension Field {
    fileprivate func error(_ why: String) -> FieldError { FieldError("filter.\(name)", .malformed(why)) }
}

extension Scalar {
    public var isNumber: Bool {
        switch self {
        case .integer, .number: true
        case .bool, .text, .identifier, .time: false
        }
    }
}
