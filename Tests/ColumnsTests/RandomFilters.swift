import Columns
import Records

/// Rows and filters from a small world, so that they meet often, with the values at which comparisons go wrong.
struct RandomFilters {
    var generator: SeededGenerator

    static let texts = ["", "a", "b", "ab", "é", "e\u{301}", "ä", "z", "\u{FFFF}", "\u{10000}", "日本"]
    static let integers: [Int64] = [
        0, 1, -1, 2, 3, 9_007_199_254_740_992, 9_007_199_254_740_993, -9_007_199_254_740_993, .max, .max - 1, .min, .min + 1,
    ]
    static let numbers: [Double] = [
        0, -0.0, 0.5, 1, 1.5, 2, 3, 0x1p53, 0x1p63, -0x1p63, -0x1.0000000000001p63, 1e300, -1e300, 0x1.fffffffffffffp62, .leastNonzeroMagnitude,
    ]
    static let names = ["n", "é", "e\u{301}", "list", "deep"]

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }
    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }
    mutating func identifier() -> Identifier { Identifier(high: UInt64.random(in: 0...1, using: &generator), low: UInt64.random(in: 0...2, using: &generator)) }
    /// Within the range that filters may compare with, its ends among them.
    mutating func time() -> Timestamp {
        let ends = Timestamp.range
        return Timestamp(microseconds: pick([0, 1, 2, 3, -1, ends.upperBound.microseconds, ends.lowerBound.microseconds, 1_000_000]))
    }

    mutating func attributes(_ id: Int) -> Attributes {
        Attributes(
            id: Identifier(high: UInt64(id % 2), low: UInt64(id)), agent: identifier(), user: chance(2) ? identifier() : nil,
            session: chance(2) ? identifier() : nil, type: pick(MemoryType.allCases),
            tags: (0..<Int.random(in: 0...3, using: &generator)).map { _ in pick(RandomFilters.texts) }, importance: pick(RandomFilters.numbers),
            accessCount: pick(RandomFilters.integers), createdAt: time(), updatedAt: time(), lastAccessedAt: chance(2) ? time() : nil,
            expiresAt: chance(2) ? time() : nil, metadata: object(depth: 0))
    }

    mutating func object(depth: Int) -> JSON {
        var members: [JSON.Member] = []
        for name in RandomFilters.names where chance(2) { members.append(JSON.Member(name, value(depth: depth + 1))) }
        return .object(members)
    }

    mutating func value(depth: Int) -> JSON {
        switch Int.random(in: 0...8, using: &generator) {
        case 0: .null
        case 1: .bool(chance(2))
        case 2, 3: .integer(pick(RandomFilters.integers))
        case 4: .number(pick(RandomFilters.numbers))
        case 5, 6: .text(pick(RandomFilters.texts))
        case 7 where depth < 3: .list((0..<Int.random(in: 0...3, using: &generator)).map { _ in value(depth: depth + 1) })
        default: depth < 3 ? object(depth: depth) : .null
        }
    }

    mutating func field() -> Field {
        chance(2) ? .metadata((0..<(chance(4) ? 2 : 1)).map { _ in pick(RandomFilters.names) }) : pick(Field.plain)
    }

    mutating func number() -> Scalar { chance(2) ? .integer(pick(RandomFilters.integers)) : .number(pick(RandomFilters.numbers)) }

    /// A value that passes the check for the field.
    mutating func scalar(_ field: Field) -> Scalar {
        switch field {
        case .id, .agent, .user, .session: .identifier(identifier())
        case .type: .text(pick(MemoryType.allCases).name)
        case .tags: .text(pick(RandomFilters.texts + ["nowhere"]))
        case .importance, .accessCount: number()
        case .createdAt, .updatedAt, .lastAccessedAt, .expiresAt: .time(time())
        case .metadata: chance(4) ? .bool(chance(2)) : chance(2) ? number() : .text(pick(RandomFilters.texts))
        }
    }

    mutating func bounds(_ field: Field) -> Filter.Bounds {
        var lower: Scalar
        var upper: Scalar
        if case .metadata = field {
            let isText = chance(2)
            lower = isText ? .text(pick(RandomFilters.texts)) : number()
            upper = isText ? .text(pick(RandomFilters.texts)) : number()
        } else {
            lower = scalar(field)
            upper = scalar(field)
        }
        let which = Int.random(in: 0...3, using: &generator)
        return Filter.Bounds(
            lower: which == 0 ? nil : lower, lowerIsIncluded: chance(2), upper: which == 1 ? nil : upper, upperIsIncluded: chance(2))
    }

    mutating func filter(depth: Int = 0) -> Filter {
        let field = field()
        switch Int.random(in: 0...(depth < 4 ? 9 : 4), using: &generator) {
        case 0: return .equals(field, scalar(field))
        case 1: return .anyOf(field, (0..<Int.random(in: 0...4, using: &generator)).map { _ in scalar(field) })
        case 2:
            let listField: Field = chance(2) ? .tags : .metadata([pick(RandomFilters.names)])
            return .allOf(listField, (0..<Int.random(in: 0...2, using: &generator)).map { _ in scalar(listField) })
        case 3:
            let ordered: Field = pick([
                .importance, .accessCount, .createdAt, .updatedAt, .lastAccessedAt, .expiresAt, .metadata(["n"]), .metadata(["é"]), .metadata(["list"]),
            ])
            return .range(ordered, bounds(ordered))
        case 4: return .exists(field)
        case 5, 6: return .and((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        case 7, 8: return .or((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        default: return .not(filter(depth: depth + 1))
        }
    }
}
