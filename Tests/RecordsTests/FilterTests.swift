import Records
import Testing

@Suite("Filter")
struct FilterTests {
    private let id = Identifier(high: 1, low: 2)

    private func read(_ text: String) throws -> Filter { try Filter(JSON(parsing: text)) }

    @Test("the JSON form says what it means")
    func json() throws {
        #expect(try read(#"{"type": "fact"}"#) == .equals(.type, .text("fact")))
        #expect(try read(#"{"type": ["fact", "task"]}"#) == .anyOf(.type, [.text("fact"), .text("task")]))
        #expect(try read(#"{"agent": "\#(id)"}"#) == .equals(.agent, .identifier(id)))
        #expect(try read(#"{"user": null}"#) == .not(.exists(.user)))
        #expect(try read(#"{"session": {"exists": true}}"#) == .exists(.session))
        #expect(try read(#"{"session": {"exists": false}}"#) == .not(.exists(.session)))
        #expect(try read(#"{"tags": {"all": ["a", "b"]}}"#) == .allOf(.tags, [.text("a"), .text("b")]))
        #expect(try read(#"{"importance": {"gte": 0.5, "lt": 1}}"#)
            == .and([.range(.importance, .init(lower: .number(0.5))), .range(.importance, .init(upper: .integer(1), upperIsIncluded: false))]))
        #expect(try read(#"{"created_at": {"gt": "2026-01-01"}}"#)
            == .range(.createdAt, .init(lower: .time(Timestamp(microseconds: 1_767_225_600_000_000)), lowerIsIncluded: false)))
        #expect(try read(#"{"metadata.project.name": "x", "metadata.n": 3}"#)
            == .and([.equals(.metadata(["project", "name"]), .text("x")), .equals(.metadata(["n"]), .integer(3))]))
        #expect(try read(#"{"or": [{"type": "fact"}, {"not": {"tags": {"any": ["a"]}}}]}"#)
            == .or([.equals(.type, .text("fact")), .not(.anyOf(.tags, [.text("a")]))]))
        #expect(try read("{}") == .and([]))
    }

    @Test("what is written as JSON is read as the same filter")
    func written() throws {
        let time = Timestamp(microseconds: 1_767_225_600_000_000)
        let filters: [Filter] = [
            .equals(.agent, .identifier(id)), .anyOf(.type, [.text("fact"), .text("task")]), .allOf(.tags, [.text("a")]), .exists(.session), .not(.exists(.user)),
            .and([]), .or([.equals(.metadata(["a", "b"]), .number(0.5)), .not(.equals(.metadata(["c"]), .bool(true)))]),
            .range(.createdAt, .init(lower: .time(time), lowerIsIncluded: false)), .range(.importance, .init(upper: .number(0.25))),
        ]
        for filter in filters { #expect(try Filter(filter.json) == filter) }
        #expect(try Filter(Filter.and(filters).json) == .and(filters))
    }

    @Test(
        "what cannot be applied is an error",
        arguments: [
            "[]", "1", "null", #"{"nope": 1}"#, #"{"metadata": 1}"#, #"{"metadata.": 1}"#, #"{"metadata.a..b": 1}"#, #"{"type": "poem"}"#, #"{"type": 1}"#,
            #"{"agent": "x"}"#, #"{"agent": 5}"#, #"{"importance": "high"}"#, #"{"importance": true}"#, #"{"created_at": 5}"#,
            #"{"created_at": "yesterday"}"#, #"{"tags": 1}"#, #"{"tags": {}}"#, #"{"tags": {"near": "a"}}"#, #"{"type": {"gt": "fact"}}"#,
            #"{"tags": {"gt": "a"}}"#, #"{"importance": {"all": [1]}}"#, #"{"user": {"exists": 1}}"#, #"{"and": {}}"#, #"{"or": [1]}"#, #"{"not": []}"#,
            #"{"metadata.a": {"gt": true}}"#, #"{"metadata.a": [null]}"#, #"{"metadata.a": {"eq": [1]}}"#, #"{"metadata.a": {"eq": {"b": 1}}}"#,
        ])
    func refused(text: String) {
        #expect(throws: FieldError.self) { try read(text) }
    }

    @Test("trees and lists are limited")
    func limits() {
        var deep = Filter.exists(.user)
        for _ in 1..<Limits.filterDepthMax { deep = .not(deep) }
        let fits = deep
        #expect(throws: Never.self) { try fits.check() }
        let tooDeep = Filter.not(deep)
        #expect(throws: FieldError.self) { try tooDeep.check() }
        let leaves = [Filter](repeating: .exists(.user), count: Limits.filterNodesMax - 1)
        #expect(throws: Never.self) { try Filter.and(leaves).check() }
        #expect(throws: FieldError.self) { try Filter.or(leaves + [.exists(.user)]).check() }
        let values = [Scalar](repeating: .text("a"), count: Limits.filterValuesMax)
        #expect(throws: Never.self) { try Filter.anyOf(.tags, values).check() }
        #expect(throws: FieldError.self) { try Filter.anyOf(.tags, values + [.text("b")]).check() }
        #expect(throws: FieldError.self) { try Filter.exists(.metadata([])).check() }
        #expect(throws: FieldError.self) { try Filter.exists(.metadata(Array(repeating: "a", count: Limits.filterPathMax + 1))).check() }
        #expect(throws: FieldError.self) { try Filter.exists(.metadata([""])).check() }
        #expect(throws: FieldError.self) { try Filter.exists(.metadata([String(repeating: "a", count: Limits.nameBytesMax + 1)])).check() }
    }

    @Test("deeply nested JSON is refused before it is walked")
    func deepJSON() throws {
        var json: JSON = ["type": "fact"]
        for _ in 0..<Limits.filterDepthMax { json = ["not": json] }
        let deep = json
        #expect(throws: FieldError.self) { try Filter(deep) }
    }

    @Test("ranges need a bound, of one type, that can be ordered")
    func ranges() {
        let path = Field.metadata(["a"])
        let bad: [Filter] = [
            .range(.importance, .init()), .range(.id, .init(lower: .identifier(id))), .range(path, .init(lower: .integer(1), upper: .text("a"))),
            .range(path, .init(lower: .bool(true))), .range(.createdAt, .init(lower: .integer(1))), .range(.importance, .init(lower: .number(.nan))),
            .equals(path, .identifier(id)), .equals(path, .number(.nan)), .allOf(.type, [.text("fact")]),
        ]
        for filter in bad { #expect(throws: FieldError.self, "\(filter)") { try filter.check() } }
        #expect(throws: Never.self) { try Filter.range(path, .init(lower: .integer(1), upper: .number(2.5))).check() }
        #expect(throws: Never.self) { try Filter.range(path, .init(lower: .text("a"), upper: .text("b"))).check() }
    }

    @Test("field names come back as they went in")
    func names() {
        for field in Schema.of(.memory).filterFields.map(Field.plain) + [.metadata(["a"]), .metadata(["a", "b"])] { #expect(Field(name: field.name) == field) }
        for name in ["", "metadata", "metadata.", "metadata..a", "Type", "colour"] { #expect(Field(name: name) == nil) }
    }
}
