import Records
import Wire

/// A node and the field it names, by hand; what follows is up to the node.
func rawFilter(_ node: UInt8, _ path: [String], _ rest: [UInt8] = []) -> [UInt8] {
    [node, UInt8(path.count)] + path.flatMap { little(UInt16($0.utf8.count)) + Array($0.utf8) } + rest
}

private func integer(_ value: Int64) -> [UInt8] { [2] + little(value) }
private func number(_ value: Double) -> [UInt8] { [3] + little(value.bitPattern) }
private func text(_ value: String) -> [UInt8] { [4] + little(UInt32(value.utf8.count)) + Array(value.utf8) }
private func time(_ value: Int64) -> [UInt8] { [6] + little(value) }
private let identifier = [5] + Identifier.golden(1).bytes
private let user = rawFilter(5, ["user"])

private func filter(_ name: String, _ bytes: [UInt8], _ field: String = "filter", _ code: ErrorCode = .invalidField) -> GoldenCase {
    GoldenCase(.search, "filter: \(name)", rawField(16, rawVector([1])) + rawField(0x8013, bytes), code, field)
}

extension GoldenCase {
    static let brokenFilters: [GoldenCase] = [
        filter("nothing at all", []),
        filter("node 0", [0]),
        filter("node 9", [9] + user),
        filter("an unknown field", rawFilter(5, ["colour"]), "filter.colour", .unknownField),
        filter("a plain field with a path", rawFilter(5, ["tags", "x"]), "filter.tags.x", .unknownField),
        filter("metadata without a path", rawFilter(5, ["metadata"]), "filter.metadata", .unknownField),
        filter("a field of no parts", [5, 0]),
        filter("a field of ten parts", rawFilter(5, ["metadata"] + [String](repeating: "a", count: 9))),
        filter("an empty name in a path", rawFilter(5, ["metadata", ""]), "filter.metadata"),
        filter("a name of 256 bytes in a path", rawFilter(5, ["metadata", String(repeating: "n", count: 256)]), "filter.metadata"),
        filter("a name that is no text", [5, 1] + little(2 as UInt16) + [0xC3, 0x28]),
        filter("a text that is no text", rawFilter(1, ["metadata", "a"], [4] + little(1 as UInt32) + [0xFF])),
        filter("cut short in a field", Array(user.dropLast())),
        filter("cut short before a value", rawFilter(1, ["tags"])),
        filter("cut short in an integer", rawFilter(1, ["access_count"], Array(integer(1).dropLast()))),
        filter("cut short in an identifier", rawFilter(1, ["id"], Array(identifier.dropLast()))),
        filter("cut short in a text", rawFilter(1, ["tags"], Array(text("tea").dropLast()))),
        filter("cut short after not", [8]),
        filter("bytes that follow", user + [0]),
        filter("nested seventeen deep", [UInt8](repeating: 8, count: 16) + user),
        filter("twenty thousand nots", [UInt8](repeating: 8, count: 20_000)),
        filter("a count of parts that is a lie", [6] + little(200 as UInt32) + user),
        filter("a count of parts beyond every limit", [7] + little(UInt32.max) + user),
        filter("a count of values that is a lie", rawFilter(2, ["tags"], little(1_000 as UInt32))),
        filter("a count of values beyond every limit", rawFilter(3, ["tags"], little(UInt32.max))),
        filter("257 nodes", [6] + little(256 as UInt32) + [UInt8]((0..<256).flatMap { _ in user })),
        filter("a range without bounds", rawFilter(4, ["importance"], [0]), "filter.importance"),
        filter("unknown flags of a range", rawFilter(4, ["importance"], [17] + integer(1))),
        filter("a range of texts", rawFilter(4, ["tags"], [1] + text("a")), "filter.tags"),
        filter("a range of metadata between kinds", rawFilter(4, ["metadata", "n"], [5] + integer(1) + text("a")), "filter.metadata.n"),
        filter("a range of truth values", rawFilter(4, ["metadata", "n"], [1, 1, 1]), "filter.metadata.n"),
        filter("value kind 0", rawFilter(1, ["tags"], [0])),
        filter("value kind 7", rawFilter(1, ["tags"], [7])),
        filter("a truth value of 2", rawFilter(1, ["metadata", "a"], [1, 2])),
        filter("an identifier compared with text", rawFilter(1, ["agent"], text("a")), "filter.agent"),
        filter("a type that is none", rawFilter(1, ["type"], text("dream")), "filter.type"),
        filter("a type compared with a number", rawFilter(1, ["type"], integer(2)), "filter.type"),
        filter("tags compared with a number", rawFilter(2, ["tags"], little(1 as UInt32) + number(1)), "filter.tags"),
        filter("a number compared with text", rawFilter(1, ["importance"], text("1")), "filter.importance"),
        filter("a time compared with a number", rawFilter(1, ["created_at"], integer(1)), "filter.created_at"),
        filter("a time beyond the calendar", rawFilter(1, ["updated_at"], time(.max)), "filter.updated_at"),
        filter("metadata compared with an identifier", rawFilter(1, ["metadata", "a"], identifier), "filter.metadata.a"),
        filter("metadata compared with NaN", rawFilter(1, ["metadata", "a"], number(.nan)), "filter.metadata.a"),
        filter("all-of a single value's field", rawFilter(3, ["type"], little(1 as UInt32) + text("fact")), "filter.type"),
    ]
}
