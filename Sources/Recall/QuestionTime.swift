public import Records

/// A time that a question names, in English: "on 8 May", "last Tuesday", "in March 2025", "three weeks ago", "since June", "two sessions ago".
///
/// Without a year it is the last such time that is not to come. Days are those of UTC.
public enum QuestionTime: Hashable, Sendable {
    case span(Range<Timestamp>)
    /// A session by its place in time: 0 is the first, −1 the last.
    case session(Int)

    /// The first that the question names; nil where it names none.
    public static func find(in question: String, now: Timestamp) -> QuestionTime? {
        let reader = TimeReader(question, now: now)
        for place in reader.words.indices {
            if let found = reader.session(at: place) ?? reader.span(at: place) { return found }
        }
        return nil
    }
}

/// The words of a question, read from one place on.
private struct TimeReader {
    struct Word {
        let text: String
        let isCapital: Bool
    }

    let words: [Word]
    private let now: Timestamp
    private let today: (year: Int64, month: Int64, day: Int64)

    init(_ question: String, now: Timestamp) {
        // A point between digits belongs to the number.
        let parts = question.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }.map { $0.trimmed(".") }
        words = parts.filter { !$0.isEmpty }.map { Word(text: $0.lowercased(), isCapital: $0.first?.isUppercase ?? false) }
        self.now = now
        today = Timestamp.civil(day: now.day)
    }

    private func word(_ place: Int) -> String { words.indices.contains(place) ? words[place].text : "" }

    // MARK: Sessions

    private static let sessions: Set<String> = ["session", "sessions", "conversation", "conversations", "chat", "chats"]
    private static let ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
    private static let numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

    func session(at place: Int) -> QuestionTime? {
        guard TimeReader.sessions.contains(word(place)) else { return nil }
        if word(place + 1) == "ago", let count = count(place - 1) { return .session(-1 - Int(count)) }
        switch word(place - 1) {
        case "last", "latest": return .session(-1)
        case "previous": return .session(-2)
        default: return TimeReader.ordinals.firstIndex(of: word(place - 1)).map { .session($0) }
        }
    }

    // MARK: Spans

    func span(at place: Int) -> QuestionTime? {
        guard let days = days(at: place), days.lowerBound <= now.day else { return nil }
        let between = ["last", "this", "past", "early", "late", "mid"] + TimeReader.weekdays
        let leading = between.contains(word(place - 1)) ? word(place - 2) : word(place - 1)
        // What lies on the other side of a time is nearly everything.
        guard !["before", "until", "till"].contains(leading) || word(place - 2) == "day" else { return nil }
        let end = Timestamp(day: days.upperBound)
        switch leading {
        case "since": return .span(Timestamp(day: days.lowerBound)..<max(now, end))
        case "after": return .span(end..<max(now, end))
        case "between", "from": return .span(Timestamp(day: days.lowerBound)..<max(end, Timestamp(day: other(end: place)?.upperBound ?? days.upperBound)))
        default: return .span(Timestamp(day: days.lowerBound)..<end)
        }
    }

    /// Of a time that has two ends, the one behind "and" or "to".
    private func other(end place: Int) -> Range<Int64>? {
        for next in place + 1..<place + 6 where words.indices.contains(next) && ["and", "to", "until", "till"].contains(word(next - 1)) {
            if let days = days(at: next) { return days }
        }
        return nil
    }

    private func days(at place: Int) -> Range<Int64>? { date(at: place) ?? monthOrYear(at: place) ?? ago(at: place) ?? relative(at: place) }

    private func range(_ day: Int64, count: Int64 = 1) -> Range<Int64> { day..<day + count }

    /// 2025-05-08, 8 May 2025, 8th of May, May 8.
    private func date(at place: Int) -> Range<Int64>? {
        let parts = word(place).split(separator: "-").compactMap { Int64($0) }
        if parts.count == 3, word(place).count == 10, let day = TimeReader.day(parts[0], parts[1], parts[2]) { return range(day) }
        if parts.count == 2, word(place).count == 7, (1...12).contains(parts[1]) { return month(parts[1], of: parts[0]) }
        if let day = dayOfMonth(place) {
            let next = word(place + 1) == "of" ? place + 2 : place + 1
            if let month = TimeReader.month(word(next)) { return dated(day, month, year(next + 1)) }
        }
        if words[place].isCapital, let month = TimeReader.month(word(place)), let day = dayOfMonth(place + 1) { return dated(day, month, year(place + 2)) }
        return nil
    }

    private func dated(_ day: Int64, _ month: Int64, _ year: Int64?) -> Range<Int64>? {
        if let year { return TimeReader.day(year, month, day).map { range($0) } }
        // A 29 February is not in every year.
        for back in 0...8 { if let found = TimeReader.day(today.year - Int64(back), month, day), found <= now.day { return range(found) } }
        return nil
    }

    /// In May, in early May 2025, last May, in 2025. Some months are other words too: those stand behind a word like these.
    private func monthOrYear(at place: Int) -> Range<Int64>? {
        if let year = year(place), ["in", "during", "since", "of"].contains(word(place - 1)) { return TimeReader.day(year, 1, 1).map { $0..<(TimeReader.day(year + 1, 1, 1) ?? $0 + 366) } }
        guard let month = TimeReader.month(word(place)) else { return nil }
        if let year = year(place + 1) { return self.month(month, of: year) }
        let leading: Set<String> = ["in", "during", "since", "of", "early", "late", "mid", "last", "this", "until", "till", "before", "after"]
        guard words[place].isCapital, leading.contains(word(place - 1)) else { return nil }
        return self.month(month, of: month <= today.month ? today.year : today.year - 1)
    }

    private func month(_ month: Int64, of year: Int64) -> Range<Int64>? { TimeReader.day(year, month, 1).map { range($0, count: Timestamp.days(in: month, of: year)) } }

    /// Three days ago, a week ago.
    private func ago(at place: Int) -> Range<Int64>? {
        if ["last", "past"].contains(word(place - 2)), let count = count(place - 1), let days = (["days": 1, "weeks": 7, "months": 30] as [String: Int64])[word(place)], count <= 1_000 {
            return range(now.day - count * days, count: count * days + 1)
        }
        guard word(place + 1) == "ago", let count = count(place - 1), count <= 1_000 else { return nil }
        switch word(place) {
        case "day", "days": return range(now.day - count)
        // Nobody counts weeks to the day.
        case "week", "weeks": return range(now.day - 7 * count - 3, count: 7)
        case "month", "months": return monthsBack(count)
        case "year", "years": return year(back: count)
        default: return nil
        }
    }

    private func relative(at place: Int) -> Range<Int64>? {
        let weekday = (now.day + 3) % 7
        switch (word(place - 1), word(place)) {
        case ("before", "yesterday"): return range(now.day - 2)
        case (_, "yesterday"), ("last", "night"): return range(now.day - 1)
        case (_, "today"), (_, "tonight"), ("this", "morning"), ("this", "afternoon"), ("this", "evening"): return range(now.day)
        case ("this", "week"): return range(now.day - weekday, count: 7)
        case ("last", "week"), ("past", "week"): return range(now.day - weekday - 7, count: 7)
        case ("last", "weekend"): return range(now.day - weekday - 2, count: 2)
        case ("this", "month"): return monthsBack(0)
        case ("last", "month"): return monthsBack(1)
        case ("this", "year"): return year(back: 0)
        case ("last", "year"): return year(back: 1)
        case ("last", _), ("on", _), ("this", _), ("since", _):
            guard let wanted = TimeReader.weekdays.firstIndex(of: word(place)), words[place].isCapital, dayOfMonth(place + 1) == nil else { return nil }
            let back = (weekday - Int64(wanted) + 7) % 7
            return range(now.day - (back == 0 && word(place - 1) == "last" ? 7 : back))
        default: return nil
        }
    }

    private func monthsBack(_ count: Int64) -> Range<Int64>? {
        let months = today.year * 12 + today.month - 1 - count
        return month(months % 12 + 1, of: months / 12)
    }

    private func year(back count: Int64) -> Range<Int64>? { TimeReader.day(today.year - count, 1, 1).flatMap { first in TimeReader.day(today.year - count + 1, 1, 1).map { first..<$0 } } }

    // MARK: Parts

    private func count(_ place: Int) -> Int64? {
        switch word(place) {
        case "a", "an": 1
        case "couple", "of": word(place) == "couple" || word(place - 1) == "couple" ? 2 : nil
        default: Int64(word(place)) ?? TimeReader.numbers.firstIndex(of: word(place)).map { Int64($0 + 1) }
        }
    }

    private func dayOfMonth(_ place: Int) -> Int64? {
        if word(place + 1) == "of", let ordinal = TimeReader.ordinals.firstIndex(of: word(place)) { return Int64(ordinal + 1) }
        var text = word(place)[...]
        for ending in ["st", "nd", "rd", "th"] where text.hasSuffix(ending) { text = text.dropLast(2) }
        guard text.count <= 2, let day = Int64(text), (1...31).contains(day) else { return nil }
        return day
    }

    private func year(_ place: Int) -> Int64? {
        guard word(place).count == 4, let year = Int64(word(place)), (1_900...2_199).contains(year) else { return nil }
        return year
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let monthNames = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private static func month(_ word: String) -> Int64? { (monthNames.firstIndex(of: word) ?? months.firstIndex(of: word)).map { Int64($0 + 1) } }

    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        guard (1...9_998).contains(year), (1...12).contains(month), (1...Timestamp.days(in: month, of: year)).contains(day) else { return nil }
        return Timestamp.dayNumber(year: year, month: month, day: day)
    }
}

extension Substring {
    fileprivate func trimmed(_ sign: Character) -> Substring {
        var rest = self
        while rest.first == sign { rest.removeFirst() }
        while rest.last == sign { rest.removeLast() }
        return rest
    }
}
