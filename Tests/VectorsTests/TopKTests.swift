import Testing
import Vectors

@Suite("Top k")
struct TopKTests {
    @Test("it keeps what a full sort would put first, ties by id, whatever the order of the offers")
    func agreesWithSorting() {
        var generator = SeededGenerator(seed: 6)
        for round in 0..<200 {
            let count = Int.random(in: 0...60, using: &generator)
            let k = Int.random(in: 0...20, using: &generator)
            let entries = (0..<count).map { (score: Float(Int.random(in: 0...7, using: &generator)), id: $0) }
            var top = TopK<Int>(k: k)
            for entry in entries.shuffled(using: &generator) { top.offer(score: entry.score, id: entry.id) }
            let expected = entries.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(k)
            #expect(top.sorted.map(\.id) == expected.map(\.id), "round \(round)")
            #expect(top.count == expected.count)
        }
    }

    @Test("nothing below the threshold enters, and there is none before it is full")
    func threshold() {
        var top = TopK<Int>(k: 2)
        #expect(top.threshold == -.infinity)
        top.offer(score: 1, id: 1)
        #expect(top.threshold == -.infinity)
        top.offer(score: 3, id: 2)
        #expect(top.threshold == 1)
        top.offer(score: 2, id: 3)
        #expect(top.threshold == 2)
        #expect(TopK<Int>(k: 0).threshold == .infinity)
    }
}
