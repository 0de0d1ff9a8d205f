import Records

extension Expression.Node {
    init(_ filter: Filter, tags: TagCodes) {
        switch filter {
        case .equals(let field, let value): self = .anyOf(field, [value], tags: tags)
        case .anyOf(let field, let values): self = .anyOf(field, values, tags: tags)
        case .allOf(let field, let values): self = .allOf(field, values, tags: tags)
        case .range(let field, let bounds): self = .range(field, bounds)
        case .exists(let field): self = .exists(field)
        case .and(let parts):
            let nodes = parts.map { Self($0, tags: tags) }
            self = .and(nodes.filter { !$0.isCostly } + nodes.filter(\.isCostly))
        case .or(let parts):
            let nodes = parts.map { Self($0, tags: tags) }
            self = .or(nodes.filter { !$0.isCostly } + nodes.filter(\.isCostly))
        case .not(let part): self = .not(Self(part, tags: tags))
        }
    }

    private static func anyOf(_ field: Field, _ values: [Scalar], tags: TagCodes) -> Self {
        switch field {
        case .id: return identifiers(.id, values)
        case .agent: return identifiers(.agent, values)
        case .user: return identifiers(.user, values)
        case .session: return identifiers(.session, values)
        case .type:
            let mask = values.compactMap(\.plainText).compactMap(MemoryType.init(name:)).reduce(UInt8(0)) { $0 | 1 << $1.rawValue }
            return mask == 0 ? .never : .type(mask)
        case .tags:
            let codes = Set(values.compactMap(\.plainText).compactMap { tags[$0] })
            return codes.isEmpty ? .never : .anyTag(codes)
        case .importance: return .importanceAny(Set(values.compactMap { NumberKey($0)?.double }))
        case .accessCount: return .integerAny(.accessCount, Set(values.compactMap { NumberKey($0)?.integer }))
        case .createdAt: return times(.createdAt, values)
        case .updatedAt: return times(.updatedAt, values)
        case .lastAccessedAt: return times(.lastAccessedAt, values)
        case .expiresAt: return times(.expiresAt, values)
        case .metadata(let path): return .metadata(path: path.map(ByteText.init), .any(MetadataValues(values)))
        }
    }

    private static func identifiers(_ column: Expression.IdentifierColumn, _ values: [Scalar]) -> Self {
        let wanted = values.compactMap { value -> Identifier? in if case .identifier(let id) = value { id } else { nil } }
        return wanted.isEmpty ? .never : .identifier(column, Set(wanted))
    }

    private static func times(_ column: Expression.IntegerColumn, _ values: [Scalar]) -> Self {
        let wanted = values.compactMap { value -> Int64? in if case .time(let time) = value { time.microseconds } else { nil } }
        return .integerAny(column, Set(wanted))
    }

    private static func allOf(_ field: Field, _ values: [Scalar], tags: TagCodes) -> Self {
        switch field {
        case .tags:
            var codes: Set<UInt32> = []
            for value in values {
                guard let text = value.plainText, let code = tags[text] else { return .never }
                codes.insert(code)
            }
            return codes.isEmpty ? .always : .allTags(codes.sorted())
        case .metadata(let path):
            let wanted = MetadataValues(values)
            guard wanted.isComplete else { return .never }
            return .metadata(path: path.map(ByteText.init), .all(wanted))
        case .id, .agent, .user, .session, .type, .importance, .accessCount, .createdAt, .updatedAt, .lastAccessedAt, .expiresAt:
            return .never
        }
    }

    private static func range(_ field: Field, _ bounds: Filter.Bounds) -> Self {
        guard bounds.lower != nil || bounds.upper != nil else { return .never }
        switch field {
        case .id, .agent, .user, .session, .type, .tags: return .never
        case .importance: return .importance(DoubleInterval(numbers: bounds))
        case .accessCount: return .integer(.accessCount, IntegerInterval(numbers: bounds))
        case .createdAt: return .integer(.createdAt, IntegerInterval(times: bounds))
        case .updatedAt: return .integer(.updatedAt, IntegerInterval(times: bounds))
        case .lastAccessedAt: return .integer(.lastAccessedAt, IntegerInterval(times: bounds))
        case .expiresAt: return .integer(.expiresAt, IntegerInterval(times: bounds))
        case .metadata(let path):
            guard let test = MetadataTest(range: bounds) else { return .never }
            return .metadata(path: path.map(ByteText.init), test)
        }
    }

    private static func exists(_ field: Field) -> Self {
        switch field {
        case .id, .agent, .type, .importance, .accessCount, .createdAt, .updatedAt: .always
        case .user: .present(ColumnChunk.Presence.user)
        case .session: .present(ColumnChunk.Presence.session)
        case .lastAccessedAt: .present(ColumnChunk.Presence.lastAccessedAt)
        case .expiresAt: .present(ColumnChunk.Presence.expiresAt)
        case .tags: .tagged
        case .metadata(let path): .metadata(path: path.map(ByteText.init), .exists)
        }
    }
}

extension Scalar {
    var plainText: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
