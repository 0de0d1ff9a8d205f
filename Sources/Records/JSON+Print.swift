extension JSON: CustomStringConvertible {
    /// Compact, on one line, as it is stored and sent. What is no finite number is written as null.
    public var description: String {
        var text = ""
        append(to: &text)
        return text
    }

    private func append(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += JSON.text(of: value)
        case .text(let value): JSON.appendQuoted(value, to: &text)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.append(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                JSON.appendQuoted(member.name, to: &text)
                text += ":"
                member.value.append(to: &text)
            }
            text += "}"
        }
    }

    /// What is whole and would be written with an exponent is written out with a fraction, so that no reader takes it for an integer.
    private static func text(of value: Double) -> String {
        guard value.isFinite else { return "null" }
        guard abs(value) >= 1e16, let whole = Int64(exactly: value) else { return String(value) }
        return "\(whole).0"
    }

    private static func appendQuoted(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}": text += "\\u00" + hexadecimalPair(UInt8(scalar.value))
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
