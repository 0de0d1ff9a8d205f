import Records
import Testing

@Suite("JSON")
struct JSONTests {
    @Test("values are read as what they are")
    func values() throws {
        #expect(try JSON(parsing: #" {"a": [1, -2.5, true, false, null, "x"], "b": {}, "c": []} "#) == ["a": [1, -2.5, true, false, nil, "x"], "b": [:], "c": []])
        #expect(try JSON(parsing: "9223372036854775807") == .integer(.max))
        #expect(try JSON(parsing: "-9223372036854775808") == .integer(.min))
        #expect(try JSON(parsing: "9223372036854775808") == .number(0x1p63))
        #expect(try JSON(parsing: "1e2") == .number(100))
        #expect(try JSON(parsing: "-0") == .integer(0))
        #expect(try JSON(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == .text("\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600}"))
    }

    @Test(
        "what is not strict JSON is refused",
        arguments: [
            "", " ", "tru", "truex", "nul", "True", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "{\"a\":1,\"a\":2}", "1 2", "01", "-", "-01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1e999", "-1e999", "NaN", "Infinity", "\"", "\"\\\"",
            "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"\u{0}\"", "[1]x", "//", "\u{FEFF}1",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test("bytes that are not UTF-8 are refused", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF8, 0x88, 0x80, 0x80, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
    }

    @Test("nesting is limited, and a hostile depth costs no stack")
    func depth() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSON(parsing: nested(33)) }
        let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(34)) }
        #expect(error?.reason == .tooDeep(depthMax: 32))
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test("an error names the byte")
    func offset() {
        let inside = #expect(throws: JSONError.self) { try JSON(parsing: "[1, x]") }
        #expect(inside?.reason == .unexpectedCharacter && inside?.offset == 4)
        let after = #expect(throws: JSONError.self) { try JSON(parsing: "1 2") }
        #expect(after?.reason == .trailingCharacters && after?.offset == 2)
    }

    @Test("random values survive printing and reading")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let value = JSONTests.random(depth: 0, &generator)
            #expect(try JSON(parsing: value.description) == value)
        }
    }

    @Test("random damage is refused or read, never worse")
    func damage() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<3_000 {
            var bytes = Array(JSONTests.random(depth: 0, &generator).description.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                if Bool.random(using: &generator) { bytes[place] = UInt8.random(in: 0...255, using: &generator) } else { bytes.remove(at: place) }
            }
            if let value = try? JSON(parsing: bytes) { #expect((try? JSON(parsing: value.description)) == value) }
        }
    }

    @Test("printing is compact, keeps the order of members and escapes what must be")
    func printing() {
        let value = JSON.object([.init("b", 1), .init("a", ["\u{1}\u{7F}\"\\\n", 1.5, nil])])
        #expect(value.description == #"{"b":1,"a":["\u0001\u007f\"\\\n",1.5,null]}"#)
        #expect(JSON.number(.nan).description == "null")
        #expect(JSON.number(.infinity).description == "null")
        #expect(JSON.number(1e18).description == "1000000000000000000.0" && JSON.number(-1e16).description == "-10000000000000000.0")
        #expect(JSON.number(1e19).description == "1e+19" && JSON.number(1e-7).description == "1e-07")
    }

    @Test("objects are equal whatever the order of their members, at every depth, and by nothing else")
    func equality() {
        let one: JSON = ["a": 1, "b": [["x": nil, "y": 2.5], "t"], "c": [:]]
        let other: JSON = ["c": [:], "b": [["y": 2.5, "x": nil], "t"], "a": 1]
        #expect(one == other && one.hashValue == other.hashValue && Set([one, other]).count == 1)
        let strange: [JSON] = [
            ["a": 1, "b": [["x": nil, "y": 2.5], "t"]], ["a": 1, "b": ["t", ["x": nil, "y": 2.5]], "c": [:]], ["a": 2, "b": [["x": nil, "y": 2.5], "t"], "c": [:]],
            ["a": 1, "b": [["x": nil, "y": 2.5], "t"], "c": []], ["a": 1.0, "b": [["x": nil, "y": 2.5], "t"], "c": [:]],
        ]
        for value in strange { #expect(value != one && one != value) }
    }

    @Test("paths lead to what they name")
    func paths() {
        let value: JSON = ["a": ["b": 2], "c": [1]]
        #expect(value.value(at: ["a", "b"]) == 2)
        #expect(value.value(at: [String]()) == value)
        #expect(value.value(at: ["a", "x"]) == nil)
        #expect(value.value(at: ["c", "0"]) == nil)
    }

    static func random(depth: Int, _ generator: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0...(depth < 4 ? 7 : 4), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2: .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator))
        case 3: .number(Double.random(in: -1e6...1e6, using: &generator))
        case 4: .text(text(&generator))
        case 5: .list((0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth: depth + 1, &generator) })
        default: .object((0..<Int.random(in: 0...4, using: &generator)).map { .init("\($0)" + text(&generator), random(depth: depth + 1, &generator)) })
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x10FFFF
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator)) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    @Test("integers are read to the ends of 64 bits, and beyond them as numbers")
    func integerEnds() throws {
        for value in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] { #expect(try JSON(parsing: String(value)) == .integer(value)) }
        #expect(try JSON(parsing: "9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try JSON(parsing: "-9223372036854775809") == .number(-9_223_372_036_854_775_808))
        #expect(try JSON(parsing: "-0") == .integer(0))
    }

    @Test("more values than the limit are refused, however small they are")
    func valueCount() throws {
        let list = { (count: Int) in "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]" }
        #expect(try JSON(parsing: list(Limits.jsonValuesMax - 1)).list?.count == Limits.jsonValuesMax - 1)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: list(Limits.jsonValuesMax)) }
        #expect(error?.reason == .tooMany(valuesMax: Limits.jsonValuesMax))
    }
}
