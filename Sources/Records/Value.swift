/// What one field of a record holds.
public enum Value: Hashable, Sendable {
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case identifier(Identifier)
    case time(Timestamp)
    case texts([String])
    case json(JSON)
    case bytes([UInt8])
    case vector([Float])
}

/// What a field may hold. Bounds are named limits; what is beyond them is an error with the field's name.
public enum ValueType: Hashable, Sendable {
    case flag
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>)
    /// Not empty.
    case text(bytesMax: Int)
    case choice([String])
    case identifier
    case time
    /// None twice.
    case texts(countMax: Int, bytesMax: Int)
    case object(bytesMax: Int)
    case list(bytesMax: Int)
    case bytes(count: Int)
    case vector
}

extension ValueType {
    /// Refuses a value of another type or beyond the bounds.
    public func check(_ value: Value, _ field: String) throws(FieldError) {
        switch (self, value) {
        case (.flag, .flag), (.identifier, .identifier): break
        case (.integer(let range), .integer(let value)):
            guard range.contains(value) else { throw FieldError(field, .outOfRange("from \(range.lowerBound) to \(range.upperBound)")) }
        case (.number(let range), .number(let value)):
            guard range.contains(value) else { throw FieldError(field, .outOfRange("from \(range.lowerBound) to \(range.upperBound)")) }
        case (.text(let bytesMax), .text(let value)): try Checks.text(value, field, bytesMax: bytesMax)
        case (.choice(let known), .text(let value)):
            guard known.contains(value) else { throw FieldError(field, .unknown(known: known)) }
        case (.time, .time(let value)): try Checks.time(value, field)
        case (.texts(let countMax, let bytesMax), .texts(let values)): try Checks.texts(values, field, countMax: countMax, bytesMax: bytesMax)
        case (.object(let bytesMax), .json(let value)):
            guard case .object = value else { throw FieldError(field, .malformed("it must be a JSON object")) }
            try Checks.json(value, field, bytesMax: bytesMax)
        case (.list(let bytesMax), .json(let value)):
            guard case .list = value else { throw FieldError(field, .malformed("it must be a JSON list")) }
            try Checks.json(value, field, bytesMax: bytesMax)
        case (.bytes(let count), .bytes(let value)):
            guard value.count == count else { throw FieldError(field, .malformed("it has \(count) bytes")) }
        case (.vector, .vector(let value)): try Checks.vector(value, field)
        case (.flag, _), (.integer, _), (.number, _), (.text, _), (.choice, _), (.identifier, _), (.time, _), (.texts, _), (.object, _), (.list, _),
            (.bytes, _), (.vector, _):
            throw FieldError(field, .malformed("it must be \(description)"))
        }
    }
}

extension ValueType {
    /// Long texts are for searches by meaning, and structures are reached through paths.
    var isFilterable: Bool {
        switch self {
        case .flag, .integer, .number, .choice, .identifier, .time, .texts: true
        case .text(let bytesMax): bytesMax <= Limits.titleBytesMax
        case .object, .list, .bytes, .vector: false
        }
    }
}

extension ValueType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .flag: "true or false"
        case .integer(let range): range.upperBound == .max ? "an integer from \(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): range.upperBound.isInfinite || range.upperBound > 1e15 ? "a number from \(range.lowerBound)" : "a number from \(range.lowerBound) to \(range.upperBound)"
        case .text(let bytesMax): "a text of 1 to \(bytesMax) bytes"
        case .choice(let known): "one of \(known.joined(separator: ", "))"
        case .identifier: "an identifier"
        case .time: "a time"
        case .texts(let countMax, let bytesMax): "at most \(countMax) texts of 1 to \(bytesMax) bytes"
        case .object(let bytesMax): "a JSON object of at most \(bytesMax) bytes"
        case .list(let bytesMax): "a JSON list of at most \(bytesMax) bytes"
        case .bytes(let count): "\(count) bytes"
        case .vector: "a vector"
        }
    }
}
