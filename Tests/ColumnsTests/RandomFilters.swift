import Columns
import Records

/// Rows and filters from a small world, so that they meet often, with the values at which comparisons go wrong.
struct RandomFilters {
    var generator: SeededGenerator
    var kind = Kind.memory

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

    mutating func row(_ number: Int) -> (row: NaiveFilter.Row, attributes: Attributes) {
        if kind == .memory {
            let memory = memory(number)
            return (.memory(memory), Attributes(memory))
        }
        let record = record(number)
        return (.record(record), Attributes(record))
    }

    private mutating func memory(_ id: Int) -> Memory {
        Memory(
            id: Identifier(high: UInt64(id % 2), low: UInt64(id)), organization: Identifier(high: 9, low: 9), agent: identifier(),
            user: chance(2) ? identifier() : nil, session: chance(2) ? identifier() : nil, type: pick(MemoryType.allCases), content: "",
            importance: pick(RandomFilters.numbers), accessCount: pick(RandomFilters.integers), lastAccessedAt: chance(2) ? time() : nil,
            tags: (0..<Int.random(in: 0...3, using: &generator)).map { _ in pick(RandomFilters.texts) }, metadata: object(depth: 0), createdAt: time(),
            updatedAt: time(), expiresAt: chance(2) ? time() : nil, isPinned: chance(2),
            validity: Validity(from: chance(2) ? time() : nil, to: chance(2) ? time() : nil, closedAt: chance(2) ? time() : nil), supersededBy: chance(2) ? identifier() : nil,
            sourceMessage: chance(2) ? identifier() : nil)
    }

    /// What a kind's rows must have they have; the rest comes and goes.
    private mutating func record(_ id: Int) -> Record {
        var record = Record(
            kind, id: Identifier(high: UInt64(id % 2), low: UInt64(id)), organization: Identifier(high: 9, low: 9), createdAt: time(), updatedAt: time())
        for rule in record.schema.rules where rule.isRequired || chance(2) {
            switch rule.type {
            case .flag: record[rule.field] = .flag(chance(2))
            case .integer: record[rule.field] = .integer(pick(RandomFilters.integers))
            case .number: record[rule.field] = .number(pick(RandomFilters.numbers))
            case .text: record[rule.field] = .text(pick(RandomFilters.texts))
            case .choice(let known): record[rule.field] = .text(pick(known))
            case .identifier: record[rule.field] = .identifier(identifier())
            case .time: record[rule.field] = .time(time())
            case .texts: record[rule.field] = .texts((0..<Int.random(in: 0...3, using: &generator)).map { _ in pick(RandomFilters.texts) })
            case .object: record[rule.field] = .json(object(depth: 0))
            case .list, .bytes, .vector: break
            }
        }
        return record
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
        let schema = Schema.of(kind)
        guard schema[.metadata] != nil, chance(2) else { return .plain(pick(schema.filterFields)) }
        return .metadata((0..<(chance(4) ? 2 : 1)).map { _ in pick(RandomFilters.names) })
    }

    private func type(_ field: Field) -> ValueType? {
        if case .plain(let plain) = field { Schema.of(kind).type(of: plain) } else { nil }
    }

    mutating func number() -> Scalar { chance(2) ? .integer(pick(RandomFilters.integers)) : .number(pick(RandomFilters.numbers)) }

    /// A value that passes the check for the field.
    mutating func scalar(_ field: Field) -> Scalar {
        switch type(field) {
        case .identifier?: .identifier(identifier())
        case .choice(let known)?: .text(pick(known))
        case .text?, .texts?: .text(pick(RandomFilters.texts + ["nowhere"]))
        case .flag?: .bool(chance(2))
        case .integer?, .number?: number()
        case .time?: .time(time())
        case nil, .object?, .list?, .bytes?, .vector?: chance(4) ? .bool(chance(2)) : chance(2) ? number() : .text(pick(RandomFilters.texts))
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
            let lists: [Field] = Schema.of(kind).filterFields.filter { if case .texts? = type(.plain($0)) { true } else { false } }.map { .plain($0) }
            let paths: [Field] = Schema.of(kind)[.metadata] == nil ? [] : [.metadata([pick(RandomFilters.names)])]
            guard !(lists + paths).isEmpty else { return .exists(field) }
            let listField = pick(lists + paths)
            return .allOf(listField, (0..<Int.random(in: 0...2, using: &generator)).map { _ in scalar(listField) })
        case 3:
            let plain: [Field] = Schema.of(kind).filterFields.filter { isOrdered($0) }.map { .plain($0) }
            let paths: [Field] = Schema.of(kind)[.metadata] == nil ? [] : [.metadata(["n"]), .metadata(["é"]), .metadata(["list"])]
            let ordered = pick(plain + paths)
            return .range(ordered, bounds(ordered))
        case 4: return .exists(field)
        case 5, 6: return .and((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        case 7, 8: return .or((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter(depth: depth + 1) })
        default: return .not(filter(depth: depth + 1))
        }
    }

    private func isOrdered(_ field: RecordField) -> Bool {
        switch type(.plain(field)) {
        case .integer?, .number?, .time?: true
        case nil, .flag?, .text?, .choice?, .identifier?, .texts?, .object?, .list?, .bytes?, .vector?: false
        }
    }
}
