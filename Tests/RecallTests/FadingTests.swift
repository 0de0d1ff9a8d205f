import Foundation
import Recall
import Records
import Testing

@Suite struct FadingTests {
    private static let day: Int64 = 86_400
    private static let start = Timestamp(microseconds: 1_760_000_000_000_000)

    private func after(days: Int64) -> Timestamp { FadingTests.start.adding(seconds: days * FadingTests.day) }

    /// Anything that a memory can be.
    private func facts(_ generator: inout SystemRandomNumberGenerator) -> MemoryFacts {
        let created = FadingTests.start.adding(seconds: Int64.random(in: 0...(1_000 * FadingTests.day), using: &generator))
        let isUsed = Bool.random(using: &generator)
        return MemoryFacts(
            type: MemoryType.allCases.randomElement(using: &generator)!, importance: Double.random(in: 0...1, using: &generator),
            accessCount: isUsed ? Int64.random(in: 1...1_000, using: &generator) : 0, createdAt: created,
            lastAccessedAt: isUsed ? created.adding(seconds: Int64.random(in: 0...(400 * FadingTests.day), using: &generator)) : nil,
            isPinned: Int.random(in: 0..<10, using: &generator) == 0)
    }

    @Test("a fact of importance 0.8 that was last used 90 days ago is half of it; used ten times, it is 0.729630 of it")
    func golden() throws {
        let fading = Fading()
        var facts = MemoryFacts(type: .fact, importance: 0.8, createdAt: FadingTests.start)
        #expect(fading.strength(.fact, accessCount: 0) == 90)
        #expect(fading.retention(facts, at: after(days: 90)) == 0.5)
        #expect(fading.importance(facts, at: after(days: 90)) == 0.4)
        #expect(fading.forgetAt(facts) == after(days: 360))
        facts.accessCount = 10
        #expect(abs(fading.strength(.fact, accessCount: 10) - 197.905) < 0.0005)
        #expect(abs(fading.retention(facts, at: after(days: 90)) - 0.729630) < 0.0000005)
    }

    @Test("each type has its half-life, and use lengthens it to three times of it at most")
    func halfLives() throws {
        var fading = Fading()
        for (type, days) in [(MemoryType.conversation, Int64(7)), (.task, 14), (.fact, 90), (.preference, 180)] {
            #expect(fading.retention(MemoryFacts(type: type, createdAt: FadingTests.start), at: after(days: days)) == 0.5)
            #expect(fading.strength(type, accessCount: 54) == Double(3 * days) && fading.strength(type, accessCount: .max) == Double(3 * days))
            #expect(fading.strength(type, accessCount: 53) < Double(3 * days))
        }
        try fading.halfLives.set(.task, days: 2)
        #expect(fading.retention(MemoryFacts(type: .task, createdAt: FadingTests.start), at: after(days: 4)) == 0.25)
        #expect(fading.halfLives[.fact] == 90)
    }

    @Test("what is pinned never fades, and nothing has faded before it was used")
    func pinned() {
        let fading = Fading()
        var facts = MemoryFacts(type: .conversation, importance: 0.1, createdAt: after(days: 10))
        #expect(fading.retention(facts, at: FadingTests.start) == 1 && fading.retention(facts, at: facts.createdAt) == 1)
        facts.isPinned = true
        #expect(fading.retention(facts, at: after(days: 10_000)) == 1 && fading.forgetAt(facts) == nil)
    }

    @Test("a memory is kept for a day even if it is worth nothing, and for ever where the threshold is 0")
    func firstDay() throws {
        var fading = Fading()
        for importance in [0, 0.01, 0.05, 0.050001] {
            #expect(fading.forgetAt(MemoryFacts(type: .conversation, importance: importance, createdAt: FadingTests.start)) == after(days: 1))
        }
        let used = MemoryFacts(type: .conversation, importance: 0, accessCount: 1, createdAt: FadingTests.start, lastAccessedAt: after(days: 5))
        #expect(fading.forgetAt(used) == after(days: 5))
        try fading.set(threshold: 0)
        #expect(fading.forgetAt(used) == nil)
    }

    @Test("at the moment when it is forgotten its importance falls below the threshold, and a moment before it does not")
    func moment() throws {
        var generator = SystemRandomNumberGenerator()
        var fading = Fading()
        for _ in 0..<2_000 {
            try fading.set(threshold: Double.random(in: 0.001...1))
            let facts = facts(&generator)
            guard let moment = fading.forgetAt(facts) else {
                #expect(facts.isPinned)
                continue
            }
            #expect(moment >= facts.createdAt.adding(seconds: FadingTests.day))
            #expect(fading.importance(facts, at: moment) <= fading.threshold + 1e-12)
            let isFirstDay = moment == facts.createdAt.adding(seconds: FadingTests.day)
            if !isFirstDay, moment > facts.lastUsedAt { #expect(fading.importance(facts, at: moment.adding(seconds: -2)) > fading.threshold) }
        }
    }

    @Test("retention never grows with time, and grows with use")
    func monotone() {
        var generator = SystemRandomNumberGenerator()
        let fading = Fading()
        for _ in 0..<2_000 {
            var facts = facts(&generator)
            let times = (0..<10).map { _ in FadingTests.start.adding(seconds: Int64.random(in: 0...(3_000 * FadingTests.day))) }.sorted()
            let left = times.map { fading.retention(facts, at: $0) }
            #expect(zip(left, left.dropFirst()).allSatisfy { $0 >= $1 } && left.allSatisfy { (0...1).contains($0) })
            facts.accessCount += 1
            #expect(zip(times, left).allSatisfy { fading.retention(facts, at: $0) >= $1 })
        }
    }

    @Test("among memories of equal strength the order by effective importance stays as it is once all were used for the last time")
    func order() {
        var generator = SystemRandomNumberGenerator()
        let fading = Fading()
        for _ in 0..<200 {
            let all = (0..<20).map { _ in
                var facts = facts(&generator)
                (facts.type, facts.accessCount, facts.isPinned) = (.preference, 3, false)
                return facts
            }
            let last = all.map(\.lastUsedAt).max() ?? FadingTests.start
            func order(_ days: Int64) -> [Int] {
                all.indices.sorted { fading.importance(all[$0], at: last.adding(seconds: days * FadingTests.day)) > fading.importance(all[$1], at: last.adding(seconds: days * FadingTests.day)) }
            }
            #expect(order(0) == order(40) && order(40) == order(365))
        }
    }

    @Test("moments at the ends of time are moments still, or never")
    func ends() throws {
        var fading = Fading()
        for type in MemoryType.allCases { try fading.halfLives.set(type, days: HalfLives.range.upperBound) }
        for created in [Timestamp.range.lowerBound, Timestamp.range.upperBound, Timestamp(microseconds: .min), Timestamp(microseconds: .max)] {
            let facts = MemoryFacts(type: .fact, importance: 1, accessCount: .max, createdAt: created)
            #expect(fading.forgetAt(facts).map { $0 >= created } ?? true)
            for time in [Timestamp(microseconds: .min), FadingTests.start, Timestamp(microseconds: .max)] {
                #expect((0...1).contains(fading.retention(facts, at: time)))
            }
        }
    }

    @Test("what is no half-life, threshold or weight is refused by its name")
    func refusals() throws {
        var fading = Fading()
        for days in [0, -1, 36_501, Double.nan, .infinity] {
            #expect(throws: FieldError.self) { try fading.halfLives.set(.fact, days: days) }
        }
        for threshold in [-0.1, 1.1, Double.nan] {
            #expect(throws: FieldError.self) { try fading.set(threshold: threshold) }
        }
        #expect(fading == Fading())
        for (relevance, importance, recency, field) in [(-1.0, 1.0, 1.0, "weights.relevance"), (0, 0, 0, "weights"), (1, .nan, 0, "weights.importance"), (1, 0, .infinity, "weights.recency")] {
            do throws(FieldError) {
                _ = try RecallWeights(relevance: relevance, importance: importance, recency: recency)
                Issue.record("\(relevance), \(importance), \(recency) were taken")
            } catch {
                #expect(error.field == field)
            }
        }
    }

    @Test("a score is 0.7 of relevance, 0.2 of what importance is left and 0.1 of retention, unless it is told otherwise")
    func score() throws {
        #expect(abs(RecallWeights.standard.score(relevance: 0.5, importance: 0.4, retention: 0.5) - 0.48) < 1e-12)
        #expect(try RecallWeights(relevance: 0, importance: 0, recency: 2).score(relevance: 1, importance: 1, retention: 0.25) == 0.5)
    }
}
