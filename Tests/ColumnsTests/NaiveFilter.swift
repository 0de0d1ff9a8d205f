import Columns
import Records

/// The meaning of a filter, written a second time, row by row and without any of the module's shortcuts.
struct NaiveFilter {
    enum Row {
        case memory(Memory)
        case record(Record)
    }

    let row: Row

    private var metadata: JSON {
        switch row {
        case .memory(let memory): memory.metadata
        case .record(let record): record.json(.metadata) ?? .emptyObject
        }
    }

    func admits(_ filter: Filter) -> Bool {
        switch filter {
        case .equals(let field, let value): return values(field).contains { equal($0, value) }
        case .anyOf(let field, let wanted): return values(field).contains { have in wanted.contains { equal(have, $0) } }
        case .allOf(let field, let wanted):
            guard isList(field) else { return false }
            let have = values(field)
            return wanted.allSatisfy { want in have.contains { equal($0, want) } }
        case .range(let field, let bounds):
            guard let value = single(field) else { return false }
            if let lower = bounds.lower {
                guard let order = compare(value, lower), order > 0 || order == 0 && bounds.lowerIsIncluded else { return false }
            }
            if let upper = bounds.upper {
                guard let order = compare(value, upper), order < 0 || order == 0 && bounds.upperIsIncluded else { return false }
            }
            return true
        case .exists(let field):
            if case .metadata(let path) = field { return json(path).map { $0 != .null } ?? false }
            if case .plain(let plain) = field, plain != .tags, case .record(let record) = row, case .texts? = record[plain] { return true }
            return !values(field).isEmpty
        case .and(let parts): return parts.allSatisfy(admits)
        case .or(let parts): return parts.contains(where: admits)
        case .not(let part): return !admits(part)
        }
    }

    private func json(_ path: [String]) -> JSON? {
        var current = metadata
        for name in path {
            guard case .object(let members) = current, let next = members.first(where: { Array($0.name.utf8) == Array(name.utf8) }) else { return nil }
            current = next.value
        }
        return current
    }

    private func isList(_ field: Field) -> Bool {
        if field == .tags { return true }
        if case .plain(let plain) = field, case .record(let record) = row, case .texts? = record[plain] { return true }
        if case .metadata(let path) = field, case .list = json(path) { return true }
        return false
    }

    private func scalar(_ json: JSON) -> Scalar? {
        switch json {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .null, .list, .object: nil
        }
    }

    private func single(_ field: Field) -> Scalar? {
        if isList(field) { return nil }
        return values(field).first
    }

    private func values(_ field: Field) -> [Scalar] {
        switch field {
        case .plain(let plain):
            switch row {
            case .memory(let memory): return values(plain, memory)
            case .record(let record): return values(plain, record)
            }
        case .metadata(let path):
            guard let value = json(path) else { return [] }
            if case .list(let elements) = value { return elements.compactMap(scalar) }
            return scalar(value).map { [$0] } ?? []
        }
    }

    private func values(_ field: RecordField, _ record: Record) -> [Scalar] {
        if field == .id { return [.identifier(record.id)] }
        if field == .createdAt { return [.time(record.createdAt)] }
        if field == .updatedAt { return [.time(record.updatedAt)] }
        switch record[field] {
        case .flag(let value)?: return [.bool(value)]
        case .integer(let value)?: return [.integer(value)]
        case .number(let value)?: return [.number(value)]
        case .text(let value)?: return [.text(value)]
        case .identifier(let value)?: return [.identifier(value)]
        case .time(let value)?: return [.time(value)]
        case .texts(let values)?: return values.map { .text($0) }
        case nil, .json?, .bytes?, .vector?: return []
        }
    }

    private func values(_ field: RecordField, _ row: Memory) -> [Scalar] {
        switch field {
        case .id: [.identifier(row.id)]
        case .agent: [.identifier(row.agent)]
        case .user: row.user.map { [.identifier($0)] } ?? []
        case .session: row.session.map { [.identifier($0)] } ?? []
        case .type: [.text(row.type.name)]
        case .tags: row.tags.map { .text($0) }
        case .importance: [.number(row.importance)]
        case .accessCount: [.integer(row.accessCount)]
        case .createdAt: [.time(row.createdAt)]
        case .updatedAt: [.time(row.updatedAt)]
        case .lastAccessedAt: row.lastAccessedAt.map { [.time($0)] } ?? []
        case .expiresAt: row.expiresAt.map { [.time($0)] } ?? []
        case .isPinned: [.bool(row.isPinned)]
        case .validFrom: row.validity.from.map { [.time($0)] } ?? []
        case .validTo: row.validity.to.map { [.time($0)] } ?? []
        case .closedAt: row.validity.closedAt.map { [.time($0)] } ?? []
        case .supersededBy: row.supersededBy.map { [.identifier($0)] } ?? []
        case .sourceMessage: row.sourceMessage.map { [.identifier($0)] } ?? []
        default: []
        }
    }

    private func equal(_ a: Scalar, _ b: Scalar) -> Bool {
        switch (a, b) {
        case (.bool(let a), .bool(let b)): a == b
        case (.text(let a), .text(let b)): Array(a.utf8) == Array(b.utf8)
        case (.identifier(let a), .identifier(let b)): a == b
        default: compare(a, b) == 0
        }
    }

    private func compare(_ a: Scalar, _ b: Scalar) -> Int? {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.number(let a), .number(let b)): return a < b ? -1 : a > b ? 1 : a == b ? 0 : nil
        case (.integer(let a), .number(let b)): return compare(a, b)
        case (.number(let a), .integer(let b)): return compare(b, a).map { -$0 }
        case (.time(let a), .time(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.text(let a), .text(let b)):
            let (x, y) = (a.unicodeScalars.map(\.value), b.unicodeScalars.map(\.value))
            return x.lexicographicallyPrecedes(y) ? -1 : y.lexicographicallyPrecedes(x) ? 1 : 0
        default: return nil
        }
    }

    /// An integer and a double in 128 bits, where a double's whole part fits unless it is larger than every integer anyway.
    private func compare(_ a: Int64, _ b: Double) -> Int? {
        if b.isNaN { return nil }
        if b >= 0x1p64 { return -1 }
        if b <= -0x1p64 { return 1 }
        let whole = Int128(b.rounded(.down))
        if Int128(a) != whole { return Int128(a) < whole ? -1 : 1 }
        return b > b.rounded(.down) ? -1 : 0
    }
}
