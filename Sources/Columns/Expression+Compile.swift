import Records

extension Expression.Node {
    init(_ filter: Filter, on kind: Kind, tags: TagCodes) {
        switch filter {
        case .equals(let field, let value): self = .anyOf(field, [value], kind, tags)
        case .anyOf(let field, let values): self = .anyOf(field, values, kind, tags)
        case .allOf(let field, let values): self = .allOf(field, values, kind, tags)
        case .range(let field, let bounds): self = .range(field, bounds, kind)
        case .exists(let field): self = .exists(field, kind)
        case .and(let parts):
            let nodes = parts.map { Self($0, on: kind, tags: tags) }
            self = .and(nodes.filter { !$0.isCostly } + nodes.filter(\.isCostly))
        case .or(let parts):
            let nodes = parts.map { Self($0, on: kind, tags: tags) }
            self = .or(nodes.filter { !$0.isCostly } + nodes.filter(\.isCostly))
        case .not(let part): self = .not(Self(part, on: kind, tags: tags))
        }
    }

    private static func anyOf(_ field: Field, _ values: [Scalar], _ kind: Kind, _ tags: TagCodes) -> Self {
        guard case .plain(let plain) = field else { return .metadata(path: field.path, .any(MetadataValues(values))) }
        switch Layout.slot(of: plain, in: kind) {
        case .identifier(let column):
            let wanted = values.compactMap { value -> Identifier? in if case .identifier(let id) = value { id } else { nil } }
            return wanted.isEmpty ? .never : .identifier(column, Set(wanted))
        case .type:
            let codes = values.compactMap(\.plainText).compactMap { Layout.code(of: $0, plain, in: kind) }
            let mask = codes.reduce(UInt8(0)) { $0 | 1 << $1 }
            return mask == 0 ? .never : .type(mask)
        case .tags:
            let codes = Set(values.compactMap(\.plainText).compactMap { tags[$0] })
            return codes.isEmpty ? .never : .anyTag(codes)
        case .importance: return .importanceAny(Set(values.compactMap { NumberKey($0)?.double }))
        case .integer(.accessCount): return .integerAny(.accessCount, Set(values.compactMap { NumberKey($0)?.integer }))
        case .integer(let column):
            let wanted = values.compactMap { value -> Int64? in if case .time(let time) = value { time.microseconds } else { nil } }
            return .integerAny(column, Set(wanted))
        case .pinned:
            let isPinned = Expression.Node.present(ColumnChunk.Presence.pinned)
            let wanted = values.compactMap { value -> Expression.Node? in if case .bool(let flag) = value { flag ? isPinned : .not(isPinned) } else { nil } }
            return wanted.isEmpty ? .never : .or(wanted)
        case .extra: return .metadata(path: plain.extraPath, .any(MetadataValues(values.map(\.extra))))
        }
    }

    private static func allOf(_ field: Field, _ values: [Scalar], _ kind: Kind, _ tags: TagCodes) -> Self {
        if case .plain(let plain) = field, Layout.slot(of: plain, in: kind) == .tags {
            var codes: Set<UInt32> = []
            for value in values {
                guard let text = value.plainText, let code = tags[text] else { return .never }
                codes.insert(code)
            }
            return codes.isEmpty ? .always : .allTags(codes.sorted())
        }
        if case .plain(let plain) = field, Layout.slot(of: plain, in: kind) != .extra { return .never }
        let wanted = MetadataValues(values)
        guard wanted.isComplete else { return .never }
        return .metadata(path: field.path, .all(wanted))
    }

    private static func range(_ field: Field, _ bounds: Filter.Bounds, _ kind: Kind) -> Self {
        guard bounds.lower != nil || bounds.upper != nil else { return .never }
        guard case .plain(let plain) = field else {
            guard let test = MetadataTest(range: bounds) else { return .never }
            return .metadata(path: field.path, test)
        }
        switch Layout.slot(of: plain, in: kind) {
        case .identifier, .type, .tags, .pinned: return .never
        case .importance: return .importance(DoubleInterval(numbers: bounds))
        case .integer(.accessCount): return .integer(.accessCount, IntegerInterval(numbers: bounds))
        case .integer(let column): return .integer(column, IntegerInterval(times: bounds))
        case .extra:
            let extra = Filter.Bounds(
                lower: bounds.lower?.extra, lowerIsIncluded: bounds.lowerIsIncluded, upper: bounds.upper?.extra, upperIsIncluded: bounds.upperIsIncluded)
            guard let test = MetadataTest(range: extra) else { return .never }
            return .metadata(path: plain.extraPath, test)
        }
    }

    private static func exists(_ field: Field, _ kind: Kind) -> Self {
        guard case .plain(let plain) = field else { return .metadata(path: field.path, .exists) }
        switch Layout.slot(of: plain, in: kind) {
        case .identifier(.agent): return .present(ColumnChunk.Presence.agent)
        case .identifier(.user): return .present(ColumnChunk.Presence.user)
        case .identifier(.session): return .present(ColumnChunk.Presence.session)
        case .integer(.lastAccessedAt): return .present(ColumnChunk.Presence.lastAccessedAt)
        case .integer(.expiresAt): return .present(ColumnChunk.Presence.expiresAt)
        case .identifier(.id), .type, .importance, .pinned, .integer(.accessCount), .integer(.createdAt), .integer(.updatedAt): return .always
        case .tags: return .tagged
        case .extra: return .metadata(path: plain.extraPath, .exists)
        }
    }
}

extension Field {
    /// In the rows' JSON.
    fileprivate var path: [ByteText] {
        switch self {
        case .plain(let field): field.extraPath
        case .metadata(let path): path.map(ByteText.init)
        }
    }
}

extension RecordField {
    fileprivate var extraPath: [ByteText] { [ByteText(Layout.extraName(self))] }
}

extension Scalar {
    var plainText: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
