internal import Records

extension JSON {
    /// For people: texts without quotes, objects as `name value` pairs.
    var shown: String {
        switch self {
        case .text(let text): text
        case .object(let members): members.map { "\($0.name) \($0.value.shown)" }.joined(separator: "  ")
        case .null, .bool, .integer, .number, .list: description
        }
    }
}
