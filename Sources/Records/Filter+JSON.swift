extension Filter {
    /// Reads the JSON form of a filter, for people and for clients that write it by hand.
    ///
    /// Members of an object are joined by and: `{"type": "fact", "importance": {"gte": 0.5}, "tags": {"all": ["a", "b"]}}`. A value stands for equality,
    /// a list for any-of; an object holds `eq`, `any`, `all`, `gt`, `gte`, `lt`, `lte`, `exists`. `and`, `or` take lists, `not` one filter.
    public init(_ json: JSON, on kind: Kind = .memory) throws(FieldError) {
        self = try Filter.read(json, kind, depth: 1)
        try check(on: kind)
    }

    private static func read(_ json: JSON, _ kind: Kind, depth: Int) throws(FieldError) -> Filter {
        guard depth <= Limits.filterDepthMax else { throw FieldError("filter", .tooDeep(depthMax: Limits.filterDepthMax)) }
        guard case .object(let members) = json else { throw FieldError("filter", .malformed("it must be a JSON object")) }
        var parts: [Filter] = []
        for member in members {
            switch member.name {
            case "and", "or":
                guard let list = member.value.list else { throw FieldError("filter.\(member.name)", .malformed("it takes a list of filters")) }
                var inner: [Filter] = []
                for item in list { inner.append(try read(item, kind, depth: depth + 1)) }
                parts.append(member.name == "and" ? .and(inner) : .or(inner))
            case "not":
                parts.append(.not(try read(member.value, kind, depth: depth + 1)))
            default:
                guard let field = Field(name: member.name) else { throw FieldError("filter.\(member.name)", .unknown(known: Field.names(of: kind))) }
                parts.append(try condition(field, kind, member.value))
            }
        }
        if parts.count == 1, let only = parts.first { return only }
        return .and(parts)
    }

    private static func condition(_ field: Field, _ kind: Kind, _ json: JSON) throws(FieldError) -> Filter {
        switch json {
        case .list(let values): return .anyOf(field, try scalars(field, kind, values))
        case .object(let members): return try comparison(field, kind, members)
        case .null: return .not(.exists(field))
        case .bool, .integer, .number, .text: return .equals(field, try scalar(field, kind, json))
        }
    }

    private static func comparison(_ field: Field, _ kind: Kind, _ members: [JSON.Member]) throws(FieldError) -> Filter {
        var parts: [Filter] = []
        for member in members {
            switch member.name {
            case "eq": parts.append(.equals(field, try scalar(field, kind, member.value)))
            case "any": parts.append(.anyOf(field, try scalars(field, kind, member.value.list ?? [member.value])))
            case "all": parts.append(.allOf(field, try scalars(field, kind, member.value.list ?? [member.value])))
            case "gt": parts.append(.range(field, Bounds(lower: try scalar(field, kind, member.value), lowerIsIncluded: false)))
            case "gte": parts.append(.range(field, Bounds(lower: try scalar(field, kind, member.value))))
            case "lt": parts.append(.range(field, Bounds(upper: try scalar(field, kind, member.value), upperIsIncluded: false)))
            case "lte": parts.append(.range(field, Bounds(upper: try scalar(field, kind, member.value))))
            case "exists":
                guard let wanted = member.value.bool else { throw FieldError("filter.\(field.name).exists", .malformed("it is true or false")) }
                parts.append(wanted ? .exists(field) : .not(.exists(field)))
            default:
                throw FieldError("filter.\(field.name).\(member.name)", .unknown(known: ["eq", "any", "all", "gt", "gte", "lt", "lte", "exists"]))
            }
        }
        guard !parts.isEmpty else { throw FieldError("filter.\(field.name)", .empty) }
        if parts.count == 1, let only = parts.first { return only }
        return .and(parts)
    }

    private static func scalars(_ field: Field, _ kind: Kind, _ values: [JSON]) throws(FieldError) -> [Scalar] {
        var result: [Scalar] = []
        for value in values { result.append(try scalar(field, kind, value)) }
        return result
    }

    private static func scalar(_ field: Field, _ kind: Kind, _ json: JSON) throws(FieldError) -> Scalar {
        let type: ValueType? = if case .plain(let plain) = field { Schema.of(kind).type(of: plain) } else { nil }
        switch (type, json) {
        case (.identifier?, .text(let text)):
            guard let id = Identifier(text) else { throw FieldError("filter.\(field.name)", .malformed("\"\(text)\" is no UUID")) }
            return .identifier(id)
        case (.time?, .text(let text)):
            guard let time = Timestamp(text) else { throw FieldError("filter.\(field.name)", .malformed("\"\(text)\" is no ISO 8601 time")) }
            return .time(time)
        case (_, .bool(let value)): return .bool(value)
        case (_, .integer(let value)): return .integer(value)
        case (_, .number(let value)): return .number(value)
        case (_, .text(let value)): return .text(value)
        case (_, .null), (_, .list), (_, .object): throw FieldError("filter.\(field.name)", .malformed("a text, number or truth value is wanted"))
        }
    }
}

extension Filter {
    /// As a filter is written in JSON. A range of a metadata path between a time and another stands as it was read: as texts.
    public var json: JSON {
        switch self {
        case .equals(let field, let value): .object([.init(field.name, ["eq": value.json])])
        case .anyOf(let field, let values): .object([.init(field.name, ["any": .list(values.map(\.json))])])
        case .allOf(let field, let values): .object([.init(field.name, ["all": .list(values.map(\.json))])])
        case .range(let field, let bounds): .object([.init(field.name, bounds.json)])
        case .exists(let field): .object([.init(field.name, ["exists": true])])
        case .and(let parts): ["and": .list(parts.map(\.json))]
        case .or(let parts): ["or": .list(parts.map(\.json))]
        case .not(let part): ["not": part.json]
        }
    }
}

extension Filter.Bounds {
    fileprivate var json: JSON {
        let lower = lower.map { JSON.Member(lowerIsIncluded ? "gte" : "gt", $0.json) }
        let upper = upper.map { JSON.Member(upperIsIncluded ? "lte" : "lt", $0.json) }
        return .object([lower, upper].compactMap(\.self))
    }
}

extension Scalar {
    fileprivate var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .identifier(let id): .text(id.description)
        case .time(let time): .text(time.description)
        }
    }
}
