import Records

extension Expression {
    /// The rows among `candidates` that the filter admits.
    public func select(in chunk: ColumnChunk, among candidates: Bitmap) -> Bitmap {
        root.select(in: chunk, among: candidates)
    }
}

extension Expression.Node {
    func select(in chunk: ColumnChunk, among candidates: Bitmap) -> Bitmap {
        guard !candidates.isEmpty else { return candidates }
        switch self {
        case .always: return candidates
        case .never: return Bitmap()
        case .identifier(let column, let wanted): return Self.identifiers(column, wanted, chunk, candidates)
        case .type(let mask): return chunk.types.select(among: candidates) { mask >> $0 & 1 != 0 }
        case .anyTag(let wanted): return chunk.tags.selectSparsely(among: candidates) { $0.contains(where: wanted.contains) }
        case .allTags(let wanted): return chunk.tags.selectSparsely(among: candidates) { row in wanted.allSatisfy(row.contains) }
        case .tagged: return chunk.tags.selectSparsely(among: candidates) { !$0.isEmpty }
        case .importance(let interval): return chunk.importance.select(among: candidates) { interval.contains($0) }
        case .importanceAny(let wanted): return chunk.importance.selectSparsely(among: candidates) { wanted.contains($0) }
        case .integer(let column, let interval):
            let present = Self.present(column, in: chunk, among: candidates)
            return Self.values(column, in: chunk).select(among: present) { interval.contains($0) }
        case .integerAny(let column, let wanted):
            let present = Self.present(column, in: chunk, among: candidates)
            return Self.values(column, in: chunk).selectSparsely(among: present) { wanted.contains($0) }
        case .present(let bit): return chunk.presence.select(among: candidates) { $0 & bit != 0 }
        case .metadata(let path, let test): return chunk.metadata.selectSparsely(among: candidates) { test.passes($0, path: path) }
        case .and(let parts):
            var rest = candidates
            for part in parts { rest = part.select(in: chunk, among: rest) }
            return rest
        case .or(let parts):
            var result = Bitmap()
            var rest = candidates
            for part in parts {
                let found = part.select(in: chunk, among: rest)
                result.formUnion(found)
                rest.subtract(found)
            }
            return result
        case .not(let part):
            var rest = candidates
            rest.subtract(part.select(in: chunk, among: candidates))
            return rest
        }
    }

    private static func identifiers(
        _ column: Expression.IdentifierColumn, _ wanted: Set<Identifier>, _ chunk: ColumnChunk, _ candidates: Bitmap
    ) -> Bitmap {
        let (values, bit): (ColumnBuffer<Identifier>, UInt8?) =
            switch column {
            case .id: (chunk.ids, nil)
            case .agent: (chunk.agents, ColumnChunk.Presence.agent)
            case .user: (chunk.users, ColumnChunk.Presence.user)
            case .session: (chunk.sessions, ColumnChunk.Presence.session)
            }
        var present = candidates
        if let bit { present = chunk.presence.select(among: candidates) { $0 & bit != 0 } }
        if wanted.count == 1, let only = wanted.first { return values.select(among: present) { $0 == only } }
        return values.selectSparsely(among: present) { wanted.contains($0) }
    }

    private static func present(_ column: Expression.IntegerColumn, in chunk: ColumnChunk, among candidates: Bitmap) -> Bitmap {
        switch column {
        case .accessCount, .createdAt, .updatedAt: candidates
        case .lastAccessedAt: chunk.presence.select(among: candidates) { $0 & ColumnChunk.Presence.lastAccessedAt != 0 }
        case .expiresAt: chunk.presence.select(among: candidates) { $0 & ColumnChunk.Presence.expiresAt != 0 }
        }
    }

    private static func values(_ column: Expression.IntegerColumn, in chunk: ColumnChunk) -> ColumnBuffer<Int64> {
        switch column {
        case .accessCount: chunk.accessCounts
        case .createdAt: chunk.createdAt
        case .updatedAt: chunk.updatedAt
        case .lastAccessedAt: chunk.lastAccessedAt
        case .expiresAt: chunk.expiresAt
        }
    }
}
