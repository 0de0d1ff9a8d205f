internal import Records

/// Times as sets of conversations write them; UTC where no zone is said.
enum WrittenTime {
    static func read(_ text: String) -> Timestamp? {
        if let found = Timestamp(text) ?? Timestamp(text + "Z") ?? Timestamp(text + ":00Z") { return found }
        var (date, clock, isAfternoon): (Timestamp?, Int64?, Bool?)
        var (day, month, year): (Int64?, Int64?, Int64?)
        for part in text.lowercased().split(whereSeparator: { " ,()".contains($0) }) {
            let numbers = part.split(whereSeparator: { "/-:".contains($0) }).map { Int64($0) }
            switch numbers.count {
            case 3 where !part.contains(":"): date = Timestamp(String(part).split(separator: "/").joined(separator: "-"))
            case 2, 3: clock = WrittenTime.clock(numbers)
            default:
                if part == "am" || part == "pm" { isAfternoon = part == "pm" }
                if let place = WrittenTime.months.firstIndex(where: { part.hasPrefix($0) }) { month = Int64(place + 1) }
                if let number = numbers.first ?? nil { if number > 31 { year = number } else { day = number } }
            }
        }
        if let year, let month, let day { date = Timestamp("\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))") }
        guard let date else { return nil }
        var seconds = clock ?? 0
        if let isAfternoon { seconds = seconds % 43_200 + (isAfternoon ? 43_200 : 0) }
        return date.adding(seconds: seconds)
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    private static func clock(_ numbers: [Int64?]) -> Int64? {
        guard let hour = numbers[0], let minute = numbers[1], (0..<24).contains(hour), (0..<60).contains(minute) else { return nil }
        return hour * 3_600 + minute * 60 + (numbers.count > 2 ? numbers[2] ?? 0 : 0)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String { String(repeating: "0", count: max(0, width - String(number).count)) + String(number) }
}
