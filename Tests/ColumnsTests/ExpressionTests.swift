import Columns
import Records
import Testing

@Suite("Filters over columns")
struct ExpressionTests {
    /// A chunk of these rows and the tags' numbers.
    private func chunk(_ rows: [Attributes]) -> (ColumnChunk, TagTable) {
        let chunk = ColumnChunk()
        var tags = TagTable()
        for row in rows { chunk.append(row, tagCodes: tags.add(row.tags)) }
        return (chunk, tags)
    }

    private func selected(_ filter: Filter, _ rows: [Attributes]) -> [Int] {
        let (chunk, tags) = chunk(rows)
        let result = Expression(filter, tags: tags.codes).select(in: chunk, among: Bitmap(below: rows.count))
        return rows.indices.filter { result[$0] }
    }

    private func row(tags: [String] = [], importance: Double = 0, accessCount: Int64 = 0, metadata: JSON = .emptyObject) -> Attributes {
        Attributes(
            id: Identifier(high: 0, low: 1), agent: Identifier(high: 0, low: 2), type: .fact, tags: tags, importance: importance,
            accessCount: accessCount, createdAt: Timestamp(microseconds: 0), updatedAt: Timestamp(microseconds: 0), metadata: metadata)
    }

    @Test("random filters over random rows of every kind select what an independent evaluator admits", arguments: 0..<8, Kind.searchable)
    func agreesWithNaive(round: Int, kind: Kind) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = RandomFilters(generator: SeededGenerator(seed: seed), kind: kind)
        let rows = (0..<[1, 63, 64, 65, 200, 700, 1_000, 1_024][round]).map { random.row($0) }
        let (chunk, tags) = chunk(rows.map(\.attributes))
        var candidates = Bitmap(below: rows.count)
        for row in rows.indices where random.chance(5) { candidates[row] = false }
        for _ in 0..<100 {
            let filter = random.filter()
            try filter.check(on: kind)
            let result = Expression(filter, on: kind, tags: tags.codes).select(in: chunk, among: candidates)
            let wrong = rows.indices.filter { result[$0] != (candidates[$0] && NaiveFilter(row: rows[$0].row).admits(filter)) }
            #expect(wrong.isEmpty, "seed \(seed), \(filter), rows \(wrong.prefix(3).map { rows[$0].row })")
            if !wrong.isEmpty { return }
        }
    }

    @Test("what a kind has no column for is asked for like the rest, and is no part of the metadata")
    func extras() throws {
        func message(_ id: UInt64, _ values: [RecordField: Value]) -> Attributes {
            var record = Record(.message, id: Identifier(high: 0, low: id), organization: Identifier(high: 1, low: 1), createdAt: Timestamp(microseconds: 0), values: values)
            record[.metadata] = .json(["a": 1])
            return Attributes(record)
        }
        let rows = [
            message(1, [.model: .text("large"), .qualityScore: .number(9), .edited: .flag(true), .editedAt: .time(Timestamp(microseconds: 5))]), message(2, [.role: .text("user")]),
        ]
        func found(_ filter: Filter) throws -> [Int] {
            try filter.check(on: .message)
            let (chunk, tags) = chunk(rows)
            let result = Expression(filter, on: .message, tags: tags.codes).select(in: chunk, among: Bitmap(below: rows.count))
            return rows.indices.filter { result[$0] }
        }
        #expect(try found(.equals(.plain(.model), .text("large"))) == [0])
        #expect(try found(.not(.range(.plain(.qualityScore), .init(lower: .integer(8))))) == [1])
        #expect(try found(.equals(.plain(.edited), .bool(false))) == [1])
        #expect(try found(.range(.plain(.editedAt), .init(upper: .time(Timestamp(microseconds: 5))))) == [0])
        #expect(try found(.equals(.plain(.role), .text("user"))) == [1])
        #expect(try found(.exists(.metadata(["model_used"]))) == [])
        #expect(throws: FieldError.self) { try found(.exists(.metadata(["\u{0}model_used"]))) }
        #expect(throws: FieldError.self) { try found(.exists(.plain(.importance))) }
    }

    @Test("integers beyond 2^53 are compared exactly with numbers")
    func largeIntegers() {
        let rows = [9_007_199_254_740_992, 9_007_199_254_740_993, Int64.max].map { row(accessCount: $0, metadata: ["n": .integer($0)]) }
        for field in [Field.accessCount, .metadata(["n"])] {
            #expect(selected(.equals(field, .number(0x1p53)), rows) == [0])
            #expect(selected(.range(field, .init(lower: .number(0x1p53), lowerIsIncluded: false)), rows) == [1, 2])
            #expect(selected(.range(field, .init(lower: .number(0x1p63))), rows) == [])
            #expect(selected(.range(field, .init(upper: .number(0x1p63), upperIsIncluded: false)), rows) == [0, 1, 2])
        }
        let numbers = [row(metadata: ["n": .number(0x1p53)]), row(metadata: ["n": .number(0x1p63)])]
        #expect(selected(.equals(.metadata(["n"]), .integer(9_007_199_254_740_993)), numbers) == [])
        #expect(selected(.range(.metadata(["n"]), .init(upper: .integer(9_007_199_254_740_993))), numbers) == [0])
        #expect(selected(.range(.metadata(["n"]), .init(lower: .integer(.max), lowerIsIncluded: false)), numbers) == [1])
    }

    @Test("texts that are canonically equal but differ in bytes are different: values, tags and names")
    func bytes() {
        let (composed, decomposed) = ("é", "e\u{301}")
        let rows = [row(tags: [composed], metadata: .object([.init(composed, "x")])), row(tags: [decomposed], metadata: ["v": .text(decomposed)])]
        #expect(selected(.equals(.tags, .text(composed)), rows) == [0])
        #expect(selected(.equals(.tags, .text(decomposed)), rows) == [1])
        #expect(selected(.exists(.metadata([decomposed])), rows) == [])
        #expect(selected(.equals(.metadata(["v"]), .text(composed)), rows) == [])
        #expect(selected(.equals(.metadata(["v"]), .text(decomposed)), rows) == [1])
        #expect(Expression(.equals(.metadata(["v"]), .text(composed)), tags: TagCodes()) != Expression(.equals(.metadata(["v"]), .text(decomposed)), tags: TagCodes()))
    }

    @Test("text ranges follow the order of unicode scalars, not of UTF-16 or of a language")
    func textOrder() {
        let rows = ["Z", "a", "ä", "\u{FFFF}", "\u{10000}"].map { row(metadata: ["v": .text($0)]) }
        #expect(selected(.range(.metadata(["v"]), .init(lower: .text("a"), lowerIsIncluded: false)), rows) == [2, 3, 4])
        #expect(selected(.range(.metadata(["v"]), .init(lower: .text("\u{FFFF}"), lowerIsIncluded: false)), rows) == [4])
    }

    @Test("a comparison with what is absent is false and its negation true; null counts as absent")
    func absent() {
        let rows = [row(), row(metadata: ["v": .null]), row(metadata: ["v": 1]), row(metadata: ["v": []])]
        let path = Field.metadata(["v"])
        #expect(selected(.exists(path), rows) == [2, 3])
        #expect(selected(.equals(path, .integer(1)), rows) == [2])
        #expect(selected(.not(.equals(path, .integer(1))), rows) == [0, 1, 3])
        #expect(selected(.exists(.user), rows) == [])
        #expect(selected(.not(.equals(.user, .identifier(Identifier(high: 0, low: 0)))), rows) == [0, 1, 2, 3])
        #expect(selected(.allOf(path, []), rows) == [3])
        #expect(selected(.allOf(.tags, []), rows) == [0, 1, 2, 3])
    }

    @Test("a filter that was never checked selects something or nothing, and harms nothing")
    func unchecked() {
        let rows = [row(tags: ["a"], importance: 0.5, accessCount: 3)]
        for field in RecordField.allCases.map(Field.plain) + [.metadata([]), .metadata(["v"])] {
            for value in [Scalar.bool(true), .number(.nan), .number(.infinity), .number(-.infinity), .integer(.min), .text("x"), .time(.init(microseconds: .min))] {
                for filter in [
                    Filter.equals(field, value), .allOf(field, [value]), .range(field, .init(lower: value, lowerIsIncluded: false)),
                    .range(field, .init(upper: value, upperIsIncluded: false)), .range(field, .init()),
                ] { _ = selected(filter, rows) }
            }
        }
        #expect(selected(.range(.accessCount, .init(lower: .number(.nan))), rows) == [])
        #expect(selected(.range(.accessCount, .init(upper: .number(.infinity))), rows) == [0])
        #expect(selected(.range(.importance, .init(lower: .number(-.infinity), lowerIsIncluded: false)), rows) == [0])
    }

    @Test("a row is of a moment as its expiry, its validity and what was known then say, each as memories themselves judge it")
    func moments() {
        var generator = SeededGenerator(seed: 41)
        func time() -> Timestamp? { Bool.random(using: &generator) ? Timestamp(microseconds: .random(in: 0...12, using: &generator)) : nil }
        let rows = (0..<600).map { _ in
            var row = row()
            row.createdAt = Timestamp(microseconds: .random(in: 0...12, using: &generator))
            row.expiresAt = time()
            row.validity = Validity(from: time(), to: time(), closedAt: time())
            if row.validity.to == nil { row.validity.closedAt = nil }
            return row
        }
        let (chunk, _) = chunk(rows)
        for valid in Int64(-1)...13 {
            for known in [nil, 0, 5, 6, 12] as [Int64?] {
                let moment = Moment(Timestamp(microseconds: valid), known: known.map { Timestamp(microseconds: $0) })
                let alive = chunk.alive(at: moment, among: Bitmap(below: rows.count))
                for (place, row) in rows.enumerated() {
                    let isAlive = row.validity.holds(at: moment) && row.expiresAt.map { $0 > moment.valid } ?? true && moment.known.map { row.createdAt <= $0 } ?? true
                    #expect(alive[place] == isAlive, "row \(place) at \(moment)")
                }
            }
        }
        #expect(chunk.alive(at: Moment(Timestamp(microseconds: .max)), among: Bitmap(below: rows.count)).count == rows.count { $0.expiresAt == nil && $0.validity.to == nil })
        #expect(rows.indices.allSatisfy { chunk.start($0) == rows[$0].validity.from })
    }

    @Test("pinned is true or false of every row")
    func pinned() {
        var rows = [row(), row()]
        rows[1].isPinned = true
        #expect(selected(.equals(.plain(.isPinned), .bool(true)), rows) == [1])
        #expect(selected(.equals(.plain(.isPinned), .bool(false)), rows) == [0])
        #expect(selected(.anyOf(.plain(.isPinned), [.bool(true), .bool(false)]), rows) == [0, 1])
        #expect(selected(.exists(.plain(.isPinned)), rows) == [0, 1])
    }
}
