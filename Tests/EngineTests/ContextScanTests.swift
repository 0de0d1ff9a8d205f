import Columns
import Lexical
import Recall
import Records
import Testing
import VectorIndex

@testable import Engine

@Suite("Messages are scored with their neighbours")
struct ContextScanTests {
    private static let time = Timestamp(microseconds: 1_760_000_000_000_000)
    private static let vocabulary = (0..<60).map { "word\($0)" }

    private struct Said {
        let id: Identifier
        let conversation: Int
        let vector: [Float]
    }

    private struct Talk {
        let words = LexicalIndex(kind: .message)
        let vectors = CosineIndex(kind: .message, dimension: 16)
        /// In the order in which they were said.
        private(set) var messages: [Said] = []

        init(count: Int, conversations: Int, using generator: inout SystemRandomNumberGenerator) {
            let analyzer = TextAnalyzer()
            var changes: [RowChange] = []
            for number in 0..<count {
                let said = Said(
                    id: Identifier(high: 1, low: UInt64.random(in: 0...UInt64.max, using: &generator)), conversation: Int.random(in: 0..<conversations, using: &generator),
                    vector: (0..<16).map { _ in Float.random(in: -1...1, using: &generator) })
                let time = ContextScanTests.time.adding(seconds: Int64(number))
                var attributes = Attributes(id: said.id, agent: nil, type: .fact, createdAt: time, updatedAt: time)
                attributes.session = Identifier(high: 2, low: UInt64(said.conversation))
                let text = (0..<8).map { _ in ContextScanTests.vocabulary.randomElement(using: &generator)! }.joined(separator: " ")
                changes.append(RowChange(index: .put(attributes, vector: said.vector), words: .put(attributes, analyzer.analyze(text))))
                messages.append(said)
            }
            words.apply(changes.map(\.words))
            vectors.apply(changes.map(\.index))
        }

        func ask(_ text: String, _ vector: [Float], k: Int, exact: Bool) throws -> HybridSearch.Answer {
            let query = IndexQuery(vector: vector, k: k, time: ContextScanTests.time.adding(seconds: 1_000_000), exact: exact)
            return try HybridSearch(text: text, words: words).byBoth(query, in: vectors)
        }
    }

    private func question(using generator: inout SystemRandomNumberGenerator) -> (text: String, vector: [Float]) {
        ((0..<3).map { _ in ContextScanTests.vocabulary.randomElement(using: &generator)! }.joined(separator: " "), (0..<16).map { _ in Float.random(in: -1...1, using: &generator) })
    }

    @Test("the score is that of the formula, by hand, for every message")
    func formula() throws {
        var generator = SystemRandomNumberGenerator()
        let talk = Talk(count: 700, conversations: 30, using: &generator)
        for _ in 0..<10 {
            let (text, vector) = question(using: &generator)
            let answer = try talk.ask(text, vector, k: 700, exact: false)
            let cosines = talk.vectors.cosines(of: vector, talk.messages.map(\.id)).compactMap(\.self)
            let own = zip(talk.messages, cosines).map { Double($1) * answer.scale.cosine + Double(answer.scores.score(of: $0.id)) * answer.scale.lexical }
            let mean = own.reduce(0, +) / Double(own.count)
            var wanted: [Identifier: Double] = [:]
            for thread in Dictionary(grouping: talk.messages.indices, by: { talk.messages[$0].conversation }).values {
                for (place, index) in thread.enumerated() {
                    let (before, after) = (place > 0 ? own[thread[place - 1]] : mean, place + 1 < thread.count ? own[thread[place + 1]] : mean)
                    wanted[talk.messages[index].id] = (own[index] + 0.5 * before + 0.25 * after) / 1.75
                }
            }
            #expect(answer.answer.hits.count == 700 && answer.answer.report.isExact && answer.answer.report.mode == .hybrid)
            #expect(answer.answer.hits.allSatisfy { abs(Double($0.score) - (wanted[$0.id] ?? 9)) < 1e-4 })
            #expect(zip(answer.answer.hits, answer.answer.hits.dropFirst()).allSatisfy { $0.score > $1.score || $0.score == $1.score && $0.id < $1.id })
            #expect(try talk.ask(text, vector, k: 10, exact: false).answer.hits == Array(answer.answer.hits.prefix(10)))
        }
    }

    @Test("of more messages than are scored one by one, nearly all of the best are found, and the report says that it may not be all")
    func many() throws {
        var generator = SystemRandomNumberGenerator()
        let talk = Talk(count: 5_500, conversations: 100, using: &generator)
        var found = 0
        for _ in 0..<20 {
            let (text, vector) = question(using: &generator)
            let (fast, exact) = (try talk.ask(text, vector, k: 10, exact: false), try talk.ask(text, vector, k: 10, exact: true))
            #expect(!fast.answer.report.isExact && exact.answer.report.isExact && fast.answer.hits.count == 10)
            #expect(exact.answer.report.rowsScored == 5_500 && fast.answer.report.rowsScored <= 5_500)
            found += Set(fast.answer.hits.map(\.id)).intersection(exact.answer.hits.map(\.id)).count
        }
        #expect(found >= 190, "\(found) of 200")
    }
}
