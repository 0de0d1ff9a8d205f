extension Filter {
    /// Refuses what cannot be applied: fields compared with values of another type, and trees beyond the limits.
    public func check() throws(FieldError) {
        var nodes = 0
        try check(depth: 1, nodes: &nodes)
    }

    private func check(depth: Int, nodes: inout Int) throws(FieldError) {
        guard depth <= Limits.filterDepthMax else { throw FieldError("filter", .tooDeep(depthMax: Limits.filterDepthMax)) }
        nodes += 1
        guard nodes <= Limits.filterNodesMax else { throw FieldError("filter", .tooMany(count: nodes, countMax: Limits.filterNodesMax)) }
        switch self {
        case .equals(let field, let value):
            try field.checkPath()
            try field.check(value)
        case .anyOf(let field, let values):
            try field.checkPath()
            try field.check(values)
        case .allOf(let field, let values):
            try field.checkPath()
            guard field.holdsLists else { throw field.error("all-of is for tags and metadata lists") }
            try field.check(values)
        case .range(let field, let bounds):
            try field.checkPath()
            try field.check(bounds)
        case .exists(let field):
            try field.checkPath()
        case .and(let parts), .or(let parts):
            for part in parts { try part.check(depth: depth + 1, nodes: &nodes) }
        case .not(let part):
            try part.check(depth: depth + 1, nodes: &nodes)
        }
    }
}

extension Field {
    fileprivate func error(_ why: String) -> FieldError { FieldError("filter.\(name)", .malformed(why)) }

    fileprivate var holdsLists: Bool {
        switch self {
        case .tags, .metadata: true
        case .id, .agent, .user, .session, .type, .importance, .accessCount, .createdAt, .updatedAt, .lastAccessedAt, .expiresAt: false
        }
    }

    fileprivate func checkPath() throws(FieldError) {
        guard case .metadata(let path) = self else { return }
        guard !path.isEmpty, path.count <= Limits.filterPathMax, path.allSatisfy({ (1...Limits.nameBytesMax).contains($0.utf8.count) }) else {
            throw FieldError("filter.metadata", .malformed("a path has 1 to \(Limits.filterPathMax) names of at most \(Limits.nameBytesMax) bytes"))
        }
    }

    fileprivate func check(_ values: [Scalar]) throws(FieldError) {
        guard values.count <= Limits.filterValuesMax else {
            throw FieldError("filter.\(name)", .tooMany(count: values.count, countMax: Limits.filterValuesMax))
        }
        for value in values { try check(value) }
    }

    fileprivate func check(_ bounds: Filter.Bounds) throws(FieldError) {
        guard bounds.lower != nil || bounds.upper != nil else { throw error("a range needs a bound") }
        switch self {
        case .id, .agent, .user, .session, .type, .tags: throw error("a range is for numbers and times")
        case .importance, .accessCount, .createdAt, .updatedAt, .lastAccessedAt, .expiresAt: break
        case .metadata:
            if let lower = bounds.lower, let upper = bounds.upper, lower.isNumber != upper.isNumber { throw error("both bounds must be of one type") }
        }
        for bound in [bounds.lower, bounds.upper] {
            guard let bound else { continue }
            try check(bound)
            switch bound {
            case .bool, .identifier: throw error("a range is for numbers, times and texts")
            case .integer, .number, .text, .time: break
            }
        }
    }

    fileprivate func check(_ value: Scalar) throws(FieldError) {
        if case .number(let number) = value, number.isNaN { throw error("not a number") }
        if case .time(let time) = value, !Timestamp.range.contains(time) { throw error("a time is between the years 1 and 9999") }
        switch self {
        case .id, .agent, .user, .session:
            guard case .identifier = value else { throw error("it is compared with an identifier") }
        case .type:
            guard case .text(let text) = value, MemoryType(name: text) != nil else {
                throw error("it is one of \(MemoryType.allCases.map(\.name).joined(separator: ", "))")
            }
        case .tags:
            guard case .text = value else { throw error("it is compared with text") }
        case .importance, .accessCount:
            guard value.isNumber else { throw error("it is compared with a number") }
        case .createdAt, .updatedAt, .lastAccessedAt, .expiresAt:
            guard case .time = value else { throw error("it is compared with a time") }
        case .metadata:
            switch value {
            case .identifier, .time: throw error("metadata holds texts, numbers and truth values")
            case .bool, .integer, .number, .text: break
            }
        }
    }
}

extension Scalar {
    public var isNumber: Bool {
        switch self {
        case .integer, .number: true
        case .bool, .text, .identifier, .time: false
        }
    }
}
