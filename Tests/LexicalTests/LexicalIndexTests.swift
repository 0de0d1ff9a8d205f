import Columns
import Foundation
@testable import Lexical
import Records
import Testing

@Suite struct LexicalIndexTests {
    private static let time = Timestamp(microseconds: 1_760_000_000_000_000)
    private static let agents = (0..<3).map { Identifier(high: 9, low: UInt64($0)) }
    private static let vocabulary = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima"]

    private struct Row {
        var attributes: Attributes
        var words: [String]
    }

    /// What an index is to hold, and the formula by itself.
    private struct Oracle {
        var rows: [Identifier: Row] = [:]

        func scores(_ question: [String], _ isAdmitted: (Row) -> Bool) -> (scores: [Identifier: Double], deviation: Double, scopeCount: Int) {
            let scope = rows.values.filter(isAdmitted)
            let mean = Double(scope.reduce(0) { $0 + $1.words.count }) / Double(max(1, scope.count))
            var scores: [Identifier: Double] = [:]
            for word in Set(question) {
                let having = scope.filter { $0.words.contains(word) }
                let (with, without) = (Double(having.count), Double(scope.count - having.count))
                let idf: Double = log(1 + (without + 0.5) / (with + 0.5))
                let said = Double(question.filter { $0 == word }.count)
                for row in having {
                    let f = Double(row.words.filter { $0 == word }.count)
                    let length = 0.5 + 0.5 * Double(row.words.count) / mean
                    let part: Double = f * 2.2 / (f + 1.2 * length)
                    scores[row.attributes.id, default: 0] += said * idf * part
                }
            }
            let all = scope.map { scores[$0.attributes.id] ?? 0 }
            let average = all.reduce(0, +) / Double(max(1, all.count))
            let variance = all.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(max(1, all.count))
            return (scores, variance.squareRoot(), scope.count)
        }
    }

    private func row(_ id: UInt64, using generator: inout SystemRandomNumberGenerator) -> Row {
        let expiresAt = Int.random(in: 0..<8, using: &generator) == 0 ? LexicalIndexTests.time.adding(seconds: Int64.random(in: -5...5, using: &generator)) : nil
        let attributes = Attributes(
            id: Identifier(high: 1, low: id), agent: LexicalIndexTests.agents.randomElement(using: &generator), type: .fact,
            tags: Bool.random(using: &generator) ? ["t\(Int.random(in: 0..<40, using: &generator))"] : [], createdAt: LexicalIndexTests.time, updatedAt: LexicalIndexTests.time, expiresAt: expiresAt)
        return Row(attributes: attributes, words: (0..<Int.random(in: 0...20, using: &generator)).map { _ in LexicalIndexTests.vocabulary.randomElement(using: &generator)! })
    }

    @Test("scores are those of the formula over the rows that the filter admits, whatever was put, changed and removed before")
    func formula() {
        var generator = SystemRandomNumberGenerator()
        let (index, analyzer) = (LexicalIndex(), TextAnalyzer())
        var oracle = Oracle()
        for round in 0..<14 {
            var changes: [LexicalChange] = []
            for _ in 0..<400 {
                let id = UInt64.random(in: 0..<2_500, using: &generator)
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    changes.append(.remove(Identifier(high: 1, low: id)))
                    oracle.rows[Identifier(high: 1, low: id)] = nil
                } else {
                    let row = row(id, using: &generator)
                    changes.append(.put(row.attributes, analyzer.analyze(row.words.joined(separator: " "))))
                    oracle.rows[row.attributes.id] = row
                }
            }
            index.apply(changes)
            #expect(index.rowCount == oracle.rows.count)
            let question = (0..<Int.random(in: 1...4, using: &generator)).map { _ in LexicalIndexTests.vocabulary.randomElement(using: &generator)! }
            let agent = LexicalIndexTests.agents[round % 3]
            for filter in [nil, Filter.equals(.agent, .identifier(agent))] {
                let found = index.scores(of: question.joined(separator: " "), filter: filter, at: Moment(LexicalIndexTests.time), analyzer)
                let wanted = oracle.scores(question) { row in
                    (filter == nil || row.attributes.agent == agent) && row.attributes.expiresAt.map { $0 > LexicalIndexTests.time } ?? true
                }
                #expect(found.scopeCount == wanted.scopeCount && abs(found.deviation - wanted.deviation) < 1e-5)
                #expect(Set(found.rows.map(found.identifier)) == Set(wanted.scores.keys) && found.count == wanted.scores.count)
                #expect(found.rows.allSatisfy { abs(Double(found.score($0)) - (wanted.scores[found.identifier($0)] ?? 0)) < 1e-5 && Double(found.score($0)) <= found.scoreMax + 1e-5 })
                let best = found.best(10).map(found.score)
                #expect(best == found.rows.map(found.score).sorted(by: >).prefix(10).map(\.self))
                let least = best.last ?? 0
                #expect(found.scopes(atLeast: least).reduce(0) { $0 + $1.rows.count } == found.rows.count { found.score($0) >= least })
            }
        }
    }

    @Test("rows beyond many segments are found, and those of a segment that crumbles move")
    func segments() {
        let (index, analyzer) = (LexicalIndex(), TextAnalyzer())
        func id(_ number: Int) -> Identifier { Identifier(high: 2, low: UInt64(number)) }
        func put(_ number: Int) -> LexicalChange {
            .put(
                Attributes(id: id(number), agent: nil, type: .fact, createdAt: LexicalIndexTests.time, updatedAt: LexicalIndexTests.time),
                analyzer.analyze("common word\(number)"))
        }
        func found(_ question: String) -> [Identifier] {
            let scores = index.scores(of: question, filter: nil, at: Moment(LexicalIndexTests.time))
            return scores.rows.map(scores.identifier)
        }
        index.apply((0..<5_000).map(put))
        for number in [0, 1_023, 1_024, 4_999] {
            #expect(found("word\(number)") == [id(number)])
        }
        #expect(index.scores(of: "commons", filter: nil, at: Moment(LexicalIndexTests.time)).count == 5_000)
        index.apply((0..<5_000).filter { $0 % 3 != 0 }.map { .remove(id($0)) })
        #expect(index.rowCount == 1_667)
        #expect(Set(found("common")) == Set((0..<5_000).filter { $0 % 3 == 0 }.map(id)))
        index.apply((0..<5_000).map { .remove(id($0)) })
        #expect(index.rowCount == 0 && index.scores(of: "common", filter: nil, at: Moment(LexicalIndexTests.time)).count == 0)
    }
}

extension LexicalScores {
    /// By number.
    fileprivate var rows: [Int] { scopes(atLeast: -.infinity).flatMap(\.numbers) }
}
