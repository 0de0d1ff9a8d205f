import Records

/// What a filter asks of the value at a metadata path.
enum MetadataTest: Hashable, Sendable {
    case exists
    /// The value, or an element of the list, is one of these.
    case any(MetadataValues)
    /// The list holds each of these.
    case all(MetadataValues)
    case numbers(IntegerInterval, DoubleInterval)
    case texts(lower: ByteText?, lowerIsIncluded: Bool, upper: ByteText?, upperIsIncluded: Bool)

    /// Nil when the bounds are of no type, or not of one, that can be ordered.
    init?(range bounds: Filter.Bounds) {
        let ends = [bounds.lower, bounds.upper].compactMap { $0 }
        if ends.allSatisfy(\.isNumber) {
            self = .numbers(IntegerInterval(numbers: bounds), DoubleInterval(numbers: bounds))
        } else if ends.allSatisfy({ $0.plainText != nil }) {
            self = .texts(
                lower: bounds.lower?.plainText.map(ByteText.init), lowerIsIncluded: bounds.lowerIsIncluded,
                upper: bounds.upper?.plainText.map(ByteText.init), upperIsIncluded: bounds.upperIsIncluded)
        } else {
            return nil
        }
    }

    func passes(_ metadata: JSON, path: [ByteText]) -> Bool {
        guard let value = metadata.value(atBytes: path) else { return false }
        switch self {
        case .exists: return value != .null
        case .any(let wanted):
            guard case .list(let elements) = value else { return wanted.contains(value) }
            return elements.contains(where: wanted.contains)
        case .all(let wanted):
            guard case .list(let elements) = value else { return false }
            return wanted.areAll(in: elements)
        case .numbers(let integers, let doubles):
            switch value {
            case .integer(let number): return integers.contains(number)
            case .number(let number): return doubles.contains(number)
            case .null, .bool, .text, .list, .object: return false
            }
        case .texts(let lower, let lowerIsIncluded, let upper, let upperIsIncluded):
            guard case .text(let text) = value else { return false }
            if let lower, lowerIsIncluded ? ByteText.isOrdered(text, before: lower.text) : !ByteText.isOrdered(lower.text, before: text) { return false }
            if let upper, upperIsIncluded ? ByteText.isOrdered(upper.text, before: text) : !ByteText.isOrdered(text, before: upper.text) { return false }
            return true
        }
    }
}

/// Values of a filter, sorted into what JSON tells apart.
struct MetadataValues: Hashable, Sendable {
    private var bools: Set<Bool> = []
    private var numbers: Set<NumberKey> = []
    private var texts: Set<ByteText> = []
    /// Whether every value is of a type that metadata can hold.
    private(set) var isComplete = true

    init(_ values: [Scalar]) {
        for value in values {
            switch value {
            case .bool(let value): bools.insert(value)
            case .integer(let value): numbers.insert(.integer(value))
            case .number(let value): if value.isNaN { isComplete = false } else { numbers.insert(NumberKey(value)) }
            case .text(let value): texts.insert(ByteText(value))
            case .identifier, .time: isComplete = false
            }
        }
    }

    func contains(_ value: JSON) -> Bool {
        switch value {
        case .bool(let value): bools.contains(value)
        case .integer(let value): numbers.contains(.integer(value))
        case .number(let value): numbers.contains(NumberKey(value))
        case .text(let value): texts.contains(ByteText(value))
        case .null, .list, .object: false
        }
    }

    func areAll(in elements: [JSON]) -> Bool {
        var missing = self
        for element in elements {
            switch element {
            case .bool(let value): missing.bools.remove(value)
            case .integer(let value): missing.numbers.remove(.integer(value))
            case .number(let value): missing.numbers.remove(NumberKey(value))
            case .text(let value): missing.texts.remove(ByteText(value))
            case .null, .list, .object: continue
            }
        }
        return missing.bools.isEmpty && missing.numbers.isEmpty && missing.texts.isEmpty
    }
}

extension JSON {
    /// What stands at the end of a path of member names, compared by their bytes.
    func value(atBytes path: [ByteText]) -> JSON? {
        var current = self
        for name in path {
            guard case .object(let members) = current,
                let member = members.first(where: { ByteText.areIdentical($0.name, name.text) })
            else { return nil }
            current = member.value
        }
        return current
    }
}
