/// The header of RFC 9110, section 10.2.3: seconds, or a date in one of the three forms of section 5.6.7.
enum RetryAfter {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// How many seconds to wait, at least 0; nil for what is neither. `now` is in seconds since 1970.
    static func seconds(_ value: String, now: Double) -> Double? {
        let text = value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        guard !text.isEmpty else { return nil }
        // Some send fractions, which the standard does not know.
        if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }) {
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
        return date(text).map { max(0, $0 - now) }
    }

    /// Seconds since 1970.
    static func date(_ text: String) -> Double? {
        let parts = text.lowercased().split { $0 == " " || $0 == "," }
        // Sun, 06 Nov 1994 08:49:37 GMT
        if parts.count == 6, parts[5] == "gmt" { return date(day: parts[1], month: parts[2], year: parts[3], time: parts[4]) }
        // Sun Nov  6 08:49:37 1994
        if parts.count == 5 { return date(day: parts[2], month: parts[1], year: parts[4], time: parts[3]) }
        // Sunday, 06-Nov-94 08:49:37 GMT
        if parts.count == 4, parts[3] == "gmt" {
            let fields = parts[1].split(separator: "-")
            guard fields.count == 3, fields[2].count == 2, let year = number(fields[2], 0...99) else { return nil }
            return date(day: fields[0], month: fields[1], year: String(year + (year < 70 ? 2_000 : 1_900))[...], time: parts[2])
        }
        return nil
    }

    private static func date(day: Substring, month: Substring, year: Substring, time: Substring) -> Double? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let day = number(day, 1...31), let month = months.firstIndex(of: String(month)), let year = number(year, 1_970...9_999), clock.count == 3,
            let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59), let second = number(clock[2], 0...60)
        else { return nil }
        return Double(((days(year: year, month: month + 1, day: day) * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// Days since 1970 in the Gregorian calendar, whose years here begin in March so that the leap day is their last.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
        guard text.count <= 4, text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), range.contains(number) else { return nil }
        return number
    }
}
