import Records

/// A closed range of integers; empty when the lower end is above the upper.
///
/// A range over an integer column comes down to this whatever its bounds are written as: `> 2.5` is `≥ 3`.
struct IntegerInterval: Hashable, Sendable {
    var lower: Int64 = .min
    var upper: Int64 = .max

    static let empty = IntegerInterval(lower: .max, upper: .min)

    @inline(__always)
    func contains(_ value: Int64) -> Bool { lower <= value && value <= upper }

    init(lower: Int64 = .min, upper: Int64 = .max) {
        self.lower = lower
        self.upper = upper
    }

    /// Nothing, when a bound is no number.
    init(numbers bounds: Filter.Bounds) {
        self.init()
        if let bound = bounds.lower { restrict(lower: bound, included: bounds.lowerIsIncluded) }
        if let bound = bounds.upper { restrict(upper: bound, included: bounds.upperIsIncluded) }
    }

    /// Over microseconds; nothing, when a bound is no time.
    init(times bounds: Filter.Bounds) {
        func integer(_ scalar: Scalar?) -> Scalar? {
            guard let scalar else { return nil }
            guard case .time(let time) = scalar else { return .number(.nan) }
            return .integer(time.microseconds)
        }
        self.init(
            numbers: Filter.Bounds(
                lower: integer(bounds.lower), lowerIsIncluded: bounds.lowerIsIncluded, upper: integer(bounds.upper),
                upperIsIncluded: bounds.upperIsIncluded))
    }

    private mutating func restrict(lower bound: Scalar, included: Bool) {
        switch bound {
        case .integer(let value):
            if included { lower = value } else { value == .max ? (self = .empty) : (lower = value + 1) }
        case .number(let value):
            let first = included ? value.rounded(.up) : value.rounded(.down)
            guard !value.isNaN, first < 0x1p63 else { return self = .empty }
            guard first >= -0x1p63 else { return }
            lower = Int64(first)
            if !included { lower == .max ? (self = .empty) : (lower += 1) }
        case .bool, .text, .identifier, .time: self = .empty
        }
    }

    private mutating func restrict(upper bound: Scalar, included: Bool) {
        guard self != .empty else { return }
        switch bound {
        case .integer(let value):
            if included { upper = value } else { value == .min ? (self = .empty) : (upper = value - 1) }
        case .number(let value):
            let last = included ? value.rounded(.down) : value.rounded(.up)
            guard !value.isNaN, last >= -0x1p63 else { return self = .empty }
            guard last < 0x1p63 else { return }
            upper = Int64(last)
            if !included { upper == .min ? (self = .empty) : (upper -= 1) }
        case .bool, .text, .identifier, .time: self = .empty
        }
    }
}

/// A closed range of doubles; empty when the lower end is above the upper. Integers beyond 2⁵³ are compared exactly, not rounded first.
struct DoubleInterval: Hashable, Sendable {
    var lower: Double = -.infinity
    var upper: Double = .infinity

    static let empty = DoubleInterval(lower: .infinity, upper: -.infinity)

    @inline(__always)
    func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

    private init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// Nothing, when a bound is no number.
    init(numbers bounds: Filter.Bounds) {
        let lower = bounds.lower.map { DoubleInterval.lowerEnd($0, included: bounds.lowerIsIncluded) } ?? -.infinity
        let upper = bounds.upper.map { DoubleInterval.upperEnd($0, included: bounds.upperIsIncluded) } ?? .infinity
        if let lower, let upper { self.init(lower: lower, upper: upper) } else { self = .empty }
    }

    /// The smallest double that the bound admits.
    private static func lowerEnd(_ bound: Scalar, included: Bool) -> Double? {
        switch bound {
        case .integer(let value):
            let nearest = Double(value)
            let isAdmitted = included ? !isBelow(nearest, value) : isAbove(nearest, value)
            return isAdmitted ? nearest : nearest.nextUp
        case .number(let value):
            guard !value.isNaN, included || value < .infinity else { return nil }
            return included ? value : value.nextUp
        case .bool, .text, .identifier, .time: return nil
        }
    }

    /// The largest double that the bound admits.
    private static func upperEnd(_ bound: Scalar, included: Bool) -> Double? {
        switch bound {
        case .integer(let value):
            let nearest = Double(value)
            let isAdmitted = included ? !isAbove(nearest, value) : isBelow(nearest, value)
            return isAdmitted ? nearest : nearest.nextDown
        case .number(let value):
            guard !value.isNaN, included || value > -.infinity else { return nil }
            return included ? value : value.nextDown
        case .bool, .text, .identifier, .time: return nil
        }
    }

    /// Whether the double nearest to `value` lies below it. The nearest is 2⁶³ at most, which only a larger one than any integer is.
    private static func isBelow(_ nearest: Double, _ value: Int64) -> Bool { nearest < 0x1p63 && Int64(nearest) < value }

    private static func isAbove(_ nearest: Double, _ value: Int64) -> Bool { nearest >= 0x1p63 || Int64(nearest) > value }
}

/// A number by its mathematical value: 3 and 3.0 are one, 2⁵³ and 2⁵³ + 1 are two.
enum NumberKey: Hashable, Sendable {
    case integer(Int64)
    /// With a fraction, or beyond 64 bits.
    case number(Double)

    init(_ value: Double) {
        if let integer = Int64(exactly: value) { self = .integer(integer) } else { self = .number(value) }
    }

    /// Nil for what is no number.
    init?(_ scalar: Scalar) {
        switch scalar {
        case .integer(let value): self = .integer(value)
        case .number(let value): self.init(value)
        case .bool, .text, .identifier, .time: return nil
        }
    }

    /// Nil where it is no integer of 64 bits.
    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// Nil where a double would have to round it.
    var double: Double? {
        switch self {
        case .integer(let value): Double(exactly: value)
        case .number(let value): value
        }
    }
}
