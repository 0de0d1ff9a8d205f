import Columns
@testable import Lexical
import Records
import Testing

@Suite struct NeighbourTests {
    private static let time = Timestamp(microseconds: 1_760_000_000_000_000)

    private struct Message {
        let conversation: Identifier?
        let time: Timestamp
    }

    @Test("each message knows what was said before and after it, whatever came, moved and went, and nothing beyond what a filter admits")
    func neighbours() {
        var generator = SystemRandomNumberGenerator()
        let (index, analyzer) = (LexicalIndex(kind: .message), TextAnalyzer())
        var messages: [Identifier: Message] = [:]
        for round in 0..<12 {
            var changes: [LexicalChange] = []
            for _ in 0..<500 {
                let id = Identifier(high: 1, low: UInt64.random(in: 0..<3_000, using: &generator))
                guard Int.random(in: 0..<(round > 6 ? 2 : 4), using: &generator) > 0 else {
                    messages[id] = nil
                    changes.append(.remove(id))
                    continue
                }
                let conversation = Bool.random(using: &generator) ? Identifier(high: 2, low: UInt64.random(in: 0..<20, using: &generator)) : nil
                let message = Message(conversation: conversation, time: NeighbourTests.time.adding(seconds: Int64.random(in: 0..<50, using: &generator)))
                messages[id] = message
                var attributes = Attributes(id: id, agent: nil, type: .fact, createdAt: message.time, updatedAt: message.time)
                attributes.session = conversation
                changes.append(.put(attributes, analyzer.analyze("word")))
            }
            index.apply(changes)
            check(index, messages, nil) { _ in true }
            let conversation = Identifier(high: 2, low: UInt64(round))
            check(index, messages, .not(.equals(.plain(.conversation), .identifier(conversation)))) { $0.conversation != conversation }
            let border = NeighbourTests.time.adding(seconds: 25)
            check(index, messages, .range(.createdAt, Filter.Bounds(lower: .time(border)))) { $0.time >= border }
        }
    }

    private func check(_ index: LexicalIndex, _ messages: [Identifier: Message], _ filter: Filter?, _ isAdmitted: (Message) -> Bool) {
        let scores = index.scores(of: "word", filter: filter, at: Moment(NeighbourTests.time))
        #expect(scores.scopeCount == messages.values.count(where: isAdmitted))
        let threads = Dictionary(grouping: messages.filter { $0.value.conversation != nil }, by: \.value.conversation)
        for thread in threads.values {
            let ordered = thread.sorted { $0.value.time != $1.value.time ? $0.value.time < $1.value.time : $0.key < $1.key }
            for (place, message) in ordered.enumerated() where isAdmitted(message.value) {
                let row = scores.row(of: message.key)
                let found = row.map(scores.neighbours)
                func wanted(_ place: Int) -> Identifier? { ordered.indices.contains(place) && isAdmitted(ordered[place].value) ? ordered[place].key : nil }
                guard found.map({ $0.before.map(scores.identifier) }) == .some(wanted(place - 1)), found.map({ $0.after.map(scores.identifier) }) == .some(wanted(place + 1)) else {
                    Issue.record("\(message.key) has other neighbours")
                    return
                }
            }
        }
        for (id, _) in messages where messages[id]?.conversation == nil {
            guard let row = scores.row(of: id) else { continue }
            let found = scores.neighbours(row)
            #expect(found.before == nil && found.after == nil)
        }
    }

    @Test("words of more than a third of the rows are left out of a question, as long as something is left, and where there are rows enough to tell")
    func common() {
        let (index, analyzer) = (LexicalIndex(kind: .message), TextAnalyzer())
        func put(_ range: Range<Int>) {
            index.apply(range.map { number in
                let attributes = Attributes(id: Identifier(high: 3, low: UInt64(number)), agent: nil, type: .fact, createdAt: NeighbourTests.time, updatedAt: NeighbourTests.time)
                return .put(attributes, analyzer.analyze("harbour thing\(number)", saidBy: number % 2 == 0 ? "Dana" : "Marco"))
            })
        }
        func meaning(_ question: String) -> String { index.withoutCommonWords(question, filter: nil, at: Moment(NeighbourTests.time)) }
        put(0..<10)
        #expect(meaning("What of Dana's thing7 harbours?") == "What of Dana's thing7 harbours?")
        put(10..<40)
        #expect(meaning("What of Dana's thing7 harbours?") == "What of thing7")
        #expect(meaning("Dana and Marco") == "Dana and Marco" && meaning("unknown words") == "unknown words" && meaning("") == "")
    }
}
