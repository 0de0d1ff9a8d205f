/// Why a text is no JSON that we take, and at which byte.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case unexpectedEnd
        case unexpectedCharacter
        case invalidNumber
        case invalidEscape
        case invalidText
        case duplicateName(String)
        case tooDeep(depthMax: Int)
        case tooMany(valuesMax: Int)
        case trailingCharacters
    }

    public let reason: Reason
    public let offset: Int

    public var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "the text ends too early"
            case .unexpectedCharacter: "unexpected character"
            case .invalidNumber: "not a finite number"
            case .invalidEscape: "invalid escape"
            case .invalidText: "not valid UTF-8, or a control character in a string"
            case .duplicateName(let name): "the name \"\(name)\" stands twice"
            case .tooDeep(let depthMax): "nested deeper than \(depthMax)"
            case .tooMany(let valuesMax): "more than \(valuesMax) values"
            case .trailingCharacters: "something follows the value"
            }
        return "invalid JSON at byte \(offset): \(what)"
    }
}

extension JSON {
    /// Strict RFC 8259; one value, nothing after it. Integers that fit 64 bits stay integers.
    public init(parsing bytes: [UInt8], depthMax: Int = Limits.jsonDepthMax, valuesMax: Int = Limits.jsonValuesMax) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, depthMax: depthMax, valuesMax: valuesMax)
        self = try parser.document()
    }

    public init(parsing text: String, depthMax: Int = Limits.jsonDepthMax) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), depthMax: depthMax)
    }

    /// As another program may have stored it: a number that no double holds is kept as its digits, a text.
    public init(stored text: String) throws(JSONError) {
        var parser = JSONParser(bytes: Array(text.utf8), depthMax: Limits.jsonDepthMax, valuesMax: Limits.jsonValuesMax)
        parser.keepsDigits = true
        self = try parser.document()
    }
}

private struct JSONParser {
    /// Of numbers that are not finite as doubles.
    var keepsDigits = false
    let bytes: [UInt8]
    let depthMax: Int
    /// A value takes many times more memory than the two bytes that are enough to write one.
    let valuesMax: Int
    var values = 0
    var position = 0

    mutating func document() throws(JSONError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error(.trailingCharacters) }
        return value
    }

    private func error(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: position) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth <= depthMax else { throw error(.tooDeep(depthMax: depthMax)) }
        values += 1
        guard values <= valuesMax else { throw error(.tooMany(valuesMax: valuesMax)) }
        skipSpace()
        guard let byte = current else { throw error(.unexpectedEnd) }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error(.unexpectedCharacter)
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        for character in word.utf8 {
            guard let byte = current else { throw error(.unexpectedEnd) }
            guard byte == character else { throw error(.unexpectedCharacter) }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard let byte = current else { throw error(.unexpectedEnd) }
            guard byte == UInt8(ascii: "\"") else { throw error(.unexpectedCharacter) }
            let name = try string()
            guard names.insert(name).inserted else { throw error(.duplicateName(name)) }
            skipSpace()
            guard take(":") else { throw error(current == nil ? .unexpectedEnd : .unexpectedCharacter) }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw error(current == nil ? .unexpectedEnd : .unexpectedCharacter) }
        }
    }

    private mutating func list(depth: Int) throws(JSONError) -> JSON {
        position += 1
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .list(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .list(values) }
            guard take(",") else { throw error(current == nil ? .unexpectedEnd : .unexpectedCharacter) }
        }
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = position
        var isInteger = true
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        if isInteger, let value = integer(start..<position) { return .integer(value) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            guard keepsDigits else { throw error(.invalidNumber) }
            return .text(text)
        }
        return .number(value)
    }

    /// Nil where it does not fit 64 bits.
    private func integer(_ range: Range<Int>) -> Int64? {
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? range.dropFirst() : range[...]) {
            let digit = Int64(bytes[index] - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            // Towards the sign, so that the least of all fits too.
            let (sum, carry) = product.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw error(.invalidNumber) }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var content: [UInt8] = []
        var start = position
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                content += bytes[start..<position]
                guard let text = String(validating: content, as: UTF8.self) else { throw error(.invalidText) }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                content += bytes[start..<position]
                position += 1
                content += try escape()
                start = position
            case 0..<0x20: throw error(.invalidText)
            default: position += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = current else { throw error(.unexpectedEnd) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take("\\"), take("u") else { throw error(.invalidEscape) }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw error(.invalidEscape) }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error(.invalidEscape) }
            return Array(String(Character(scalar)).utf8)
        default: throw error(.invalidEscape)
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw error(.unexpectedEnd) }
            guard let digit = hexadecimalValue(byte) else { throw error(.invalidEscape) }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
