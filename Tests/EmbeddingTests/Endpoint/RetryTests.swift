@testable import Embedding
import Testing

@Suite("Pauses, their length and their end")
struct RetryTests {
    @Test("pauses may double with every retry up to a bound, and are anything from zero to that")
    func backoff() {
        #expect((0..<8).map { RetryPlan.pause(retry: $0, random: 1) } == [0.5, 1, 2, 4, 8, 16, 20, 20])
        #expect(RetryPlan.pause(retry: 3, random: 0) == 0)
        #expect(RetryPlan.pause(retry: 3, random: 0.25) == 1)
        #expect(RetryPlan.pause(retry: 1_000_000, random: 1) == 20)
    }

    @Test("a plan gives up after its retries, at a refusal, and when the endpoint wants too long a pause")
    func plan() {
        var plan = RetryPlan(retriesMax: 2)
        let gone = TryFailure.unavailable(why: "gone")
        #expect(plan.pause(after: gone, random: 1) == 0.5)
        #expect(plan.pause(after: .unavailable(why: "busy", retryAfter: 30), random: 1) == 30)
        #expect(plan.pause(after: gone, random: 1) == nil)

        var fresh = RetryPlan(retriesMax: 9)
        #expect(fresh.pause(after: .refused(why: "no"), random: 1) == nil)
        #expect(fresh.pause(after: .cancelled, random: 1) == nil)
        #expect(fresh.pause(after: .unavailable(why: "busy", retryAfter: 30.5), random: 1) == nil)
        #expect(fresh.pause(after: .unavailable(why: "bad certificate", isWorthRetry: false), random: 1) == nil)
        #expect(fresh.pause(after: .unavailable(why: "busy", retryAfter: 0), random: 0.5) == 0.25)
        #expect(fresh.pause(after: .badAnswer(why: "what"), random: 1) == 1)
        #expect(fresh.pause(after: .badAnswer(why: "what"), random: 1) == nil)
    }

    @Test(
        "how long to wait is read from seconds and from dates in all their forms",
        arguments: [
            ("120", 120.0), ("0", 0.0), (" 3 ", 3.0), ("1.5", 1.5),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0), ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0), ("Sun Nov  6 08:49:47 1994", 10.0),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0.0), ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400.0), ("Wed, 28 Feb 1996 23:59:60 GMT", 41_440_223.0),
        ])
    func retryAfter(_ text: String, _ seconds: Double) throws {
        #expect(RetryAfter.seconds(text, now: 784_111_777) == seconds)
    }

    @Test("dates are counted in the Gregorian calendar")
    func dates() {
        #expect(RetryAfter.date("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(RetryAfter.date("Tue, 29 Feb 2000 12:00:00 GMT") == 951_825_600)
        #expect(RetryAfter.date("Wed, 01 Mar 2000 00:00:00 GMT") == 951_868_800)
        #expect(RetryAfter.date("Fri, 31 Dec 2100 23:59:59 GMT") == 4_133_980_799)
    }

    @Test(
        "what is neither a number of seconds nor a date is no answer to how long",
        arguments: [
            "", " ", "soon", "-1", "1e3", "0x10", "1.2.3", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 99999 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-xx 08:49:37 GMT", String(repeating: "9", count: 400),
        ])
    func noRetryAfter(_ text: String) { #expect(RetryAfter.seconds(text, now: 0) == nil) }
}

@Suite("The circuit breaker")
struct CircuitBreakerTests {
    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker(failuresMax: 3, coolingSeconds: 10)
        for moment in [1.0, 2, 3] { breaker.failed(at: moment) }
        return breaker
    }

    @Test("it opens after so many failures in a row, and a success in between starts the count again")
    func opens() {
        var breaker = CircuitBreaker(failuresMax: 3, coolingSeconds: 10)
        breaker.failed(at: 1)
        breaker.failed(at: 2)
        breaker.succeeded()
        breaker.failed(at: 3)
        breaker.failed(at: 4)
        #expect(breaker.ask(at: 4) == .granted)
        breaker.failed(at: 5)
        #expect(breaker.state == .open(until: 15))
        #expect(breaker.ask(at: 6) == .denied(seconds: 9))
    }

    @Test("after its time one try is let through, and its success closes it")
    func closes() {
        var breaker = opened()
        #expect(breaker.ask(at: 12.5) == .denied(seconds: 0.5))
        #expect(breaker.ask(at: 13) == .granted)
        #expect(breaker.ask(at: 13) == .denied(seconds: 1))
        breaker.succeeded()
        #expect(breaker.state == .closed(failures: 0))
        #expect(breaker.ask(at: 13) == .granted)
    }

    @Test("when that try fails, it is open for its time again")
    func reopens() {
        var breaker = opened()
        #expect(breaker.ask(at: 20) == .granted)
        breaker.failed(at: 25)
        #expect(breaker.state == .open(until: 35))
    }

    @Test("when that try is given up, the next one is let through in its place")
    func abandoned() {
        var breaker = opened()
        #expect(breaker.ask(at: 20) == .granted)
        breaker.abandoned(at: 21)
        #expect(breaker.ask(at: 21) == .granted)
    }

    @Test("tries that were under way when it opened do not make it stay open longer")
    func late() {
        var breaker = opened()
        breaker.failed(at: 9)
        breaker.abandoned(at: 9)
        #expect(breaker.state == .open(until: 13))
    }
}
