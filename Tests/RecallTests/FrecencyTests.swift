import Recall
import Records
import Testing

@Suite struct FrecencyTests {
    private static let start = Timestamp(microseconds: 1_760_000_000_000_000)

    private func after(days: Int64) -> Timestamp { FrecencyTests.start.adding(seconds: days * 86_400) }

    @Test("one use weighs one, half of that after 30 days, and a second use then makes it one and a half")
    func golden() {
        let once = Frecency(uses: 1, last: FrecencyTests.start)
        #expect(once.unitAt == FrecencyTests.start)
        #expect(once.weight(at: after(days: 30)) == 0.5)
        #expect(once.weight(at: after(days: 60)) == 0.25)
        let twice = once.used(at: after(days: 30))
        #expect(abs(twice.weight(at: after(days: 30)) - 1.5) < 1e-9)
        // 30 days and log2(1.5) half-lives of 30 days behind the first use.
        #expect(twice.unitAt.microseconds == FrecencyTests.start.microseconds + 4_108_222_801_869)
    }

    @Test("eight uses at once weigh one after three half-lives")
    func many() {
        #expect(Frecency(uses: 8, last: FrecencyTests.start).unitAt == after(days: 90))
        #expect(Frecency(uses: 1, last: FrecencyTests.start).used(7, at: FrecencyTests.start).unitAt == after(days: 90))
    }

    @Test("whatever weighs more now weighs more at any time")
    func order() {
        let often = Frecency(uses: 10, last: FrecencyTests.start)
        let lately = Frecency(uses: 1, last: after(days: 120))
        #expect(often < lately)
        for day in [0, 100, 1_000] as [Int64] { #expect(often.weight(at: after(days: day)) < lately.weight(at: after(days: day))) }
    }

    @Test("no number of uses and no time takes it beyond the times that there are")
    func bounds() {
        #expect(Frecency(uses: .max, last: Timestamp.range.upperBound).unitAt == Timestamp.range.upperBound)
        #expect(Frecency().used(at: FrecencyTests.start).unitAt == FrecencyTests.start)
        #expect(Frecency(uses: 0, last: Timestamp.range.lowerBound).unitAt == Timestamp.range.lowerBound)
        let ahead = Frecency(unitAt: Timestamp.range.upperBound)
        #expect(ahead.used(at: FrecencyTests.start) == ahead)
    }
}
