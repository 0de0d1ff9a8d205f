import Records
import Wire

private let id = Identifier.golden(1).bytes
private let agent = rawField(17, Identifier.golden(0xA).bytes)
/// What every memory that is written has.
private let draft = agent + rawField(21, "x")

private func remember(_ name: String, _ memory: [UInt8], _ code: ErrorCode = .invalidField, _ field: String? = nil) -> GoldenCase {
    GoldenCase(.remember, name, rawField(16, memory), code, field.map { "memories[0].\($0)" })
}

private func update(_ name: String, _ memory: [UInt8], _ field: String) -> GoldenCase {
    GoldenCase(.update, name, rawField(16, memory), .invalidField, field)
}

extension GoldenCase {
    static let brokenMemories: [GoldenCase] = [
        GoldenCase(.remember, "no memories", [], .invalidField, "memories"),
        remember("no agent", rawField(21, "x"), .invalidField, "agent"),
        remember("no content", agent, .invalidField, "content"),
        remember("empty content", agent + rawField(21, ""), .invalidField, "content"),
        remember("content that is no text", agent + rawField(21, [0x78, 0xC0, 0x80]), .invalidField, "content"),
        remember("content with NUL", agent + rawField(21, [0]), .invalidField, "content"),
        remember("an empty memory", [], .invalidField, "agent"),
        remember("a nested field longer than its memory", agent + rawField(21, Array("x".utf8), length: 9), .malformedBody),
        remember("a nested header cut short", draft + [21, 0, 0, 0], .malformedBody),
        remember("nested padding cut short", agent + little(21 as UInt16) + [0, 0] + little(1 as UInt32) + [0x78], .malformedBody),
        remember("nested padding that is not zero", agent + rawField(21, [0x78], padding: 9), .malformedBody),
        remember("nested reserved bytes", agent + rawField(21, [0x78], reserved: 0x100), .malformedBody),
        remember("a nested unknown critical field", draft + rawField(0xFABC, "?"), .unknownCriticalField),
        remember("content twice", draft + rawField(21, "y"), .malformedBody),
        remember("memory type 5", draft + rawField(20, [5]), .unknownField, "type"),
        remember("a memory type of four bytes", draft + rawField(20, little(2 as UInt32)), .invalidField, "type"),
        remember("an id of twelve bytes", draft + rawField(16, Array(id.prefix(12))), .invalidField, "id"),
        remember("importance 1.5", draft + rawField(22, little((1.5).bitPattern)), .invalidField, "importance"),
        remember("importance below zero", draft + rawField(22, little((-0.25).bitPattern)), .invalidField, "importance"),
        remember("importance NaN", draft + rawField(22, little(Double.nan.bitPattern)), .invalidField, "importance"),
        remember("importance of four bytes", draft + rawField(22, little(Float(1).bitPattern)), .invalidField, "importance"),
        remember("an empty tag", draft + rawField(23, ""), .invalidField, "tags"),
        remember("a tag that is no text", draft + rawField(23, [0xF8]), .invalidField, "tags"),
        remember("a tag of 101 bytes", draft + rawField(23, String(repeating: "t", count: 101)), .invalidField, "tags"),
        remember("the same tag twice", draft + rawField(23, "t") + rawField(23, "t"), .invalidField, "tags"),
        remember("65 tags", draft + (0..<65).flatMap { rawField(23, "t\($0)") }, .invalidField, "tags"),
        remember("metadata that is no JSON", draft + rawField(24, "{a:1}"), .invalidField, "metadata"),
        remember("metadata cut short", draft + rawField(24, "{\"a\":"), .invalidField, "metadata"),
        remember("empty metadata", draft + rawField(24, ""), .invalidField, "metadata"),
        remember("metadata with a name twice", draft + rawField(24, "{\"a\":1,\"a\":2}"), .invalidField, "metadata"),
        remember("metadata that is a list", draft + rawField(24, "[1]"), .invalidField, "metadata"),
        remember("metadata that is null", draft + rawField(24, "null"), .invalidField, "metadata"),
        remember("metadata with NUL", draft + rawField(24, "{\"a\":\"\\u0000\"}"), .invalidField, "metadata"),
        remember("metadata with half a surrogate pair", draft + rawField(24, "{\"a\":\"\\ud800\"}"), .invalidField, "metadata"),
        remember("metadata nested 33 deep", draft + rawField(
            24, "{\"a\":" + String(repeating: "[", count: 33) + String(repeating: "]", count: 33) + "}"), .invalidField, "metadata"),
        remember("metadata of 65537 bytes", draft + rawField(
            24, "{\"a\":\"" + String(repeating: "m", count: 65_529) + "\"}"), .invalidField, "metadata"),
        remember("a time of four bytes", draft + rawField(25, little(1 as Int32)), .invalidField, "created_at"),
        remember("a time after the year 9999", draft + rawField(25, little(Int64.max)), .invalidField, "created_at"),
        remember("a time before the year 1", draft + rawField(27, little(Int64.min)), .invalidField, "expires_at"),
        remember("a vector of seven bytes", draft + rawField(31, [0, 0, 0, 0, 0, 0, 0]), .invalidField, "vector"),
        remember("a vector of zeros", draft + rawField(31, rawVector([0])), .invalidField, "vector"),
        remember("a vector with infinity", draft + rawField(31, rawVector([1, .infinity])), .invalidField, "vector"),
        GoldenCase(.remember, "the second of two", rawField(16, draft) + rawField(16, agent), .invalidField, "memories[1].content"),
        GoldenCase(.update, "no memory", [], .invalidField, "memory"),
        GoldenCase(.update, "two memories", rawField(16, rawField(16, id) + rawField(21, "x")) + rawField(16, rawField(16, id)), .malformedBody),
        update("65 fields to empty", rawField(16, id) + rawField(33, (0..<65).flatMap { _ in little(18 as UInt16) }), "cleared"),
        update("no id", rawField(21, "x"), "id"),
        update("a field that cannot be emptied", rawField(16, id) + rawField(33, little(21 as UInt16)), "cleared"),
        update("half a tag of an emptied field", rawField(16, id) + rawField(33, [18]), "cleared"),
        update("an expected version of four bytes", rawField(16, id) + rawField(34, little(1 as UInt32)), "if_version"),
        update("replaces_tags 7", rawField(16, id) + rawField(35, [7]), "replaces_tags"),
        update("empty content", rawField(16, id) + rawField(21, ""), "content"),
        update("importance 2", rawField(16, id) + rawField(22, little((2.0).bitPattern)), "importance"),
        update("metadata that is a text", rawField(16, id) + rawField(24, "\"a\""), "metadata"),
        update("a vector with NaN", rawField(16, id) + rawField(31, rawVector([.nan])), "vector"),
    ]
}
