extension Filter {
    /// Reads the JSON form of a filter, for people and for clients that write it by hand.
    ///
    /// Members of an object are joined by and: `{"type": "fact", "importance": {"gte": 0.5}, "tags": {"all": ["a", "b"]}}`. A value stands for equality,
    /// a list for any-of; an object holds `eq`, `any`, `all`, `gt`, `gte`, `lt`, `lte`, `exists`. `and`, `or` take lists, `not` one filter.
    public init(_ json: JSON) throws(FieldError) {
        self = try Filter.read(json, depth: 1)
        try check()
    }

    private static func read(_ json: JSON, depth: Int) throws(FieldError) -> Filter {
        guard depth <= Limits.filterDepthMax else { throw FieldError("filter", .tooDeep(depthMax: Limits.filterDepthMax)) }
        guard case .object(let members) = json else { throw FieldError("filter", .malformed("it must be a JSON object")) }
        var parts: [Filter] = []
        for member in members {
            switch member.name {
            case "and", "or":
                guard let list = member.value.list else { throw FieldError("filter.\(member.name)", .malformed("it takes a list of filters")) }
                var inner: [Filter] = []
                for item in list { inner.append(try read(item, depth: depth + 1)) }
                parts.append(member.name == "and" ? .and(inner) : .or(inner))
            case "not":
                parts.append(.not(try read(member.value, depth: depth + 1)))
            default:
                guard let field = Field(name: member.name) else { throw FieldError("filter.\(member.name)", .unknown(known: Field.names)) }
                parts.append(try condition(field, member.value))
            }
        }
        if parts.count == 1, let only = parts.first { return only }
        return .and(parts)
    }

    private static func condition(_ field: Field, _ json: JSON) throws(FieldError) -> Filter {
        switch json {
        case .list(let values): return .anyOf(field, try scalars(field, values))
        case .object(let members): return try comparison(field, members)
        case .null: return .not(.exists(field))
        case .bool, .integer, .number, .text: return .equals(field, try scalar(field, json))
        }
    }

    private static func comparison(_ field: Field, _ members: [JSON.Member]) throws(FieldError) -> Filter {
        var parts: [Filter] = []
        for member in members {
            switch member.name {
            case "eq": parts.append(.equals(field, try scalar(field, member.value)))
            case "any": parts.append(.anyOf(field, try scalars(field, member.value.list ?? [member.value])))
            case "all": parts.append(.allOf(field, try scalars(field, member.value.list ?? [member.value])))
            case "gt": parts.append(.range(field, Bounds(lower: try scalar(field, member.value), lowerIsIncluded: false)))
            case "gte": parts.append(.range(field, Bounds(lower: try scalar(field, member.value))))
            case "lt": parts.append(.range(field, Bounds(upper: try scalar(field, member.value), upperIsIncluded: false)))
            case "lte": parts.append(.range(field, Bounds(upper: try scalar(field, member.value))))
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

    private static func scalars(_ field: Field, _ values: [JSON]) throws(FieldError) -> [Scalar] {
        var result: [Scalar] = []
        for value in values { result.append(try scalar(field, value)) }
        return result
    }

    private static func scalar(_ field: Field, _ json: JSON) throws(FieldError) -> Scalar {
        switch (field, json) {
        case (.id, .text(let text)), (.agent, .text(let text)), (.user, .text(let text)), (.session, .text(let text)):
            guard let id = Identifier(text) else { throw FieldError("filter.\(field.name)", .malformed("\"\(text)\" is no UUID")) }
            return .identifier(id)
        case (.createdAt, .text(let text)), (.updatedAt, .text(let text)), (.lastAccessedAt, .text(let text)), (.expiresAt, .text(let text)):
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
