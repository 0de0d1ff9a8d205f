import Recall
import Records
import Testing

@Suite struct QuestionTimeTests {
    /// A Thursday.
    private static let now = Timestamp("2026-03-12T15:30:00Z")!

    @Test("times are read from questions", arguments: [
        ("What did we decide on 8 May?", "2025-05-08", "2025-05-09"), ("on May 8th, what happened", "2025-05-08", "2025-05-09"), ("the 8th of February", "2026-02-08", "2026-02-09"),
        ("on 12 March, what did he say", "2026-03-12", "2026-03-13"), ("on 13 March, what did he say", "2025-03-13", "2025-03-14"), ("on 2024-02-29", "2024-02-29", "2024-03-01"),
        ("on 8 May 2023", "2023-05-08", "2023-05-09"), ("Who called in May?", "2025-05-01", "2025-06-01"), ("in early February", "2026-02-01", "2026-03-01") ,
        ("what did I do in 2024?", "2024-01-01", "2025-01-01"), ("in March 2024", "2024-03-01", "2024-04-01"), ("What did she buy yesterday?", "2026-03-11", "2026-03-12"),
        ("what was said today", "2026-03-12", "2026-03-13"), ("the day before yesterday", "2026-03-10", "2026-03-11"), ("What happened last Tuesday?", "2026-03-10", "2026-03-11"),
        ("last Thursday", "2026-03-05", "2026-03-06"), ("what did he say on Monday 2 February", "2026-02-02", "2026-02-03"), ("last week", "2026-03-02", "2026-03-09"),
        ("this week", "2026-03-09", "2026-03-16"), ("last weekend", "2026-03-07", "2026-03-09"), ("last month", "2026-02-01", "2026-03-01"), ("last year", "2025-01-01", "2026-01-01"),
        ("three days ago", "2026-03-09", "2026-03-10"), ("a week ago", "2026-03-02", "2026-03-09"), ("2 months ago", "2026-01-01", "2026-02-01"), ("three months ago", "2025-12-01", "2026-01-01"),
        ("a couple of days ago", "2026-03-10", "2026-03-11"), ("two years ago", "2024-01-01", "2025-01-01"),
        ("between 3 May and 5 May", "2025-05-03", "2025-05-06"), ("from Monday 2 March to 4 March", "2026-03-02", "2026-03-05"), ("what is on this Thursday", "2026-03-12", "2026-03-13"),
        ("on 29 February", "2024-02-29", "2024-03-01"), ("the second of March", "2026-03-02", "2026-03-03"), ("in the last three days", "2026-03-09", "2026-03-13"),
        ("the past 2 weeks", "2026-02-26", "2026-03-13"), ("It was 8 May. Then?", "2025-05-08", "2025-05-09"),
    ])
    func spans(question: String, from: String, until: String) throws {
        let wanted = try #require(Timestamp(from))..<#require(Timestamp(until))
        #expect(QuestionTime.find(in: question, now: QuestionTimeTests.now) == .span(wanted))
    }

    @Test("since a time is until now")
    func since() throws {
        #expect(QuestionTime.find(in: "what changed since last Tuesday", now: QuestionTimeTests.now) == .span(try #require(Timestamp("2026-03-10"))..<QuestionTimeTests.now))
        #expect(QuestionTime.find(in: "what changed after 8 March", now: QuestionTimeTests.now) == .span(try #require(Timestamp("2026-03-09"))..<QuestionTimeTests.now))
        #expect(QuestionTime.find(in: "what changed since May", now: QuestionTimeTests.now) == .span(try #require(Timestamp("2025-05-01"))..<QuestionTimeTests.now))
    }

    @Test("sessions are counted from the first or from the last", arguments: [
        ("Two sessions ago, what was it?", -3), ("in the first session", 0), ("in our last conversation", -1), ("the previous chat", -2), ("what was said in the third session", 2),
    ])
    func sessions(question: String, place: Int) {
        #expect(QuestionTime.find(in: question, now: QuestionTimeTests.now) == .session(place))
    }

    @Test("what only looks like a time is none", arguments: [
        "", "When did Dana run the marathon?", "may I march in?", "you may 8", "the august committee", "How many days ago was it?", "on 31 February", "before May", "until last week", "room 2024",
        "in 12", "mar the wall", "a friday feeling", "99999999999999999999 days ago", "sessions", "ago", "on 45 May", "1000000 weeks ago", "1.5 weeks ago",
    ])
    func none(question: String) {
        #expect(QuestionTime.find(in: question, now: QuestionTimeTests.now) == nil)
    }

    @Test("at the edges of time nothing breaks", arguments: [Timestamp.range.lowerBound, Timestamp.range.upperBound, Timestamp(microseconds: 0), Timestamp(microseconds: .min), Timestamp(microseconds: .max)])
    func edges(now: Timestamp) {
        for question in ["last year", "two years ago", "1000 months ago", "1000 weeks ago", "on 29 February", "last Tuesday", "in May", "this month", "since yesterday"] {
            if case .span(let span)? = QuestionTime.find(in: question, now: now) { #expect(span.lowerBound <= span.upperBound) }
        }
    }
}
