/// A moment, in microseconds since 1970-01-01T00:00:00Z, which is what PostgreSQL's timestamptz resolves.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// 0001-01-01 to the last microsecond of 9999: what ISO 8601 writes with four digits, and all that is accepted from outside.
    public static let range = Timestamp(microseconds: -62_135_596_800_000_000)...Timestamp(microseconds: 253_402_300_799_999_999)

    /// Days since 1970-01-01, in UTC.
    public var day: Int64 { microseconds.flooredQuotient(86_400_000_000) }

    /// Its first moment, in UTC; the first or last there is where it lies beyond.
    public init(day: Int64) {
        let (product, isBeyond) = day.multipliedReportingOverflow(by: 86_400_000_000)
        self = isBeyond ? (day < 0 ? Timestamp.range.lowerBound : Timestamp.range.upperBound) : Timestamp(microseconds: product)
    }

    public func adding(seconds: Int64) -> Timestamp {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, carry) = microseconds.addingReportingOverflow(overflow ? (seconds < 0 ? .min : .max) : product)
        return Timestamp(microseconds: carry ? (seconds < 0 ? .min : .max) : sum)
    }
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// ISO 8601 in UTC: seconds, and as many digits of a fraction as are needed.
    public var description: String {
        let day = self.day
        // The first day of all begins before the first microsecond that fits, so the product may wrap; the difference does not.
        let rest = microseconds &- day &* 86_400_000_000
        let (year, month, dayOfMonth) = Timestamp.civil(day: day)
        let seconds = rest / 1_000_000
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
        text += "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        let fraction = rest % 1_000_000
        if fraction != 0 {
            var digits = padded(fraction, 6)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// `2026-03-01T12:30:00Z`, with an optional fraction and `+02:00` in place of `Z`; or a bare date, its midnight in UTC.
    public init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"), let day = scanner.digits(2),
            year >= 1, (1...12).contains(month), (1...Timestamp.days(in: month, of: year)).contains(day)
        else { return nil }
        var total = Timestamp.dayNumber(year: year, month: month, day: day) * 86_400_000_000
        if !scanner.isAtEnd {
            guard scanner.take("T") || scanner.take("t") || scanner.take(" "), let hour = scanner.digits(2), hour < 24, scanner.take(":"),
                let minute = scanner.digits(2), minute < 60, scanner.take(":"), let second = scanner.digits(2), second < 60
            else { return nil }
            total += (hour * 3_600 + minute * 60 + second) * 1_000_000
            if scanner.take(".") {
                guard let fraction = scanner.fraction() else { return nil }
                total += fraction
            }
            guard let offset = scanner.offsetSeconds(), scanner.isAtEnd else { return nil }
            total -= offset * 1_000_000
        }
        guard Timestamp.range.contains(Timestamp(microseconds: total)) else { return nil }
        self.init(microseconds: total)
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin on the first of March.
    public static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The inverse of `civil(day:)`.
    public static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    public static func days(in month: Int64, of year: Int64) -> Int64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: leap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

/// Reads the fixed-width digits of a date.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = nextDigit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Microseconds from one to nine digits after the point; what is finer is cut off.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = nextDigit() {
            count += 1
            if count <= 6 { value = value * 10 + digit }
        }
        guard (1...9).contains(count) else { return nil }
        for _ in 0..<max(0, 6 - count) { value *= 10 }
        return value
    }

    mutating func offsetSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let negative = take("-")
        guard negative || take("+"), let hours = digits(2), hours < 24, take(":"), let minutes = digits(2), minutes < 60 else { return nil }
        return (hours * 3_600 + minutes * 60) * (negative ? -1 : 1)
    }

    private mutating func nextDigit() -> Int64? {
        guard let character = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
        rest.removeFirst()
        return Int64(character - UInt8(ascii: "0"))
    }
}
