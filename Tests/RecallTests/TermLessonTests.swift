import Recall
import Records
import Testing

@Suite struct TermLessonTests {
    private let user = Identifier(high: 1, low: 1)
    private let term = Identifier(high: 1, low: 2)

    private func lesson(_ reactions: [TermReaction]) -> TermLesson {
        var lesson = TermLesson(of: term, by: user, context: "technical")
        for reaction in reactions { lesson.add(reaction) }
        return lesson
    }

    @Test(
        "confidence is the share of those who take it, and two rejections since the last time that it was accepted sink it",
        arguments: [
            ([], 0.5, false), ([.accepted], 0.6667, false), ([.rejected], 0.3333, false), ([.rejected, .rejected], 0.25, true), ([.rejected, .accepted, .rejected], 0.4, false),
            ([.rejected, .rejected, .accepted], 0.4, false), ([.accepted, .rejected, .ignored, .rejected], 0.381, true), ([.ignored, .ignored, .ignored, .ignored], 0.3333, false),
        ] as [([TermReaction], Double, Bool)])
    func confidence(reactions: [TermReaction], confidence: Double, isSunk: Bool) {
        let lesson = lesson(reactions)
        #expect(lesson.confidence == confidence)
        #expect(lesson.isSunk == isSunk)
        #expect(lesson.occurrences == Int64(reactions.count))
    }

    @Test("what is kept of it is read again, and what somebody else wrote in its place is not believed")
    func data() {
        let kept = lesson([.accepted, .rejected, .rejected, .ignored])
        func record(_ data: JSON, type: String = TermLesson.type) -> Record {
            Record(
                .pattern, id: kept.id, organization: user, createdAt: Timestamp(microseconds: 0),
                values: [.user: .identifier(user), .type: .text(type), .data: .json(data)])
        }
        #expect(TermLesson(record(kept.data(naming: "kernel"))) == kept)
        #expect(kept.data(naming: "kernel")["term"]?.text == "kernel")
        #expect(TermLesson(record(kept.data(naming: "kernel"), type: "ai_preference")) == nil)
        #expect(TermLesson(record(["term_id": "no id"])) == nil)
        let odd = TermLesson(record(["term_id": .text(term.description), "rejected": -5, "accepted": "many", "rejected_since": 9]))
        #expect(odd?.rejected == 0 && odd?.accepted == 0 && odd?.isSunk == true && odd?.context == nil)
    }

    @Test("one pattern for each user, term and context, by a name that never changes")
    func names() {
        #expect(lesson([]).id.description == lesson([.accepted]).id.description)
        let names = [
            TermLesson(of: term, by: user, context: "technical"), TermLesson(of: term, by: user, context: nil), TermLesson(of: term, by: user, context: ""),
            TermLesson(of: user, by: term, context: nil), TermLesson(of: term, by: user, context: "technica"),
        ].map(\.id)
        #expect(Set(names + [WordCounts.id(of: user)]).count == names.count + 1)
        #expect(TermLesson(of: term, by: user, context: "technical").id.description == "71e81329-5076-8469-9422-a8bb9e282e0c")
        #expect(names.allSatisfy { $0.high >> 12 & 0xF == 8 && $0.low >> 62 == 2 })
    }

    @Test("words are counted, the least gives way where there are too many, and what is written often stays")
    func words() {
        var counts = WordCounts()
        for number in 0..<10_000 {
            counts.add("rare\(number)")
            if number % 20 == 0 { counts.add("kubectl") }
        }
        #expect(counts.counts.count == Limits.countedWordsMax)
        #expect(counts.ordered.first?.word == "kubectl")
        #expect(counts.counts["kubectl"] ?? 0 >= 500)
        counts.remove("kubectl")
        #expect(counts.counts["kubectl"] == nil)
        let record = Record(
            .pattern, id: WordCounts.id(of: user), organization: user, createdAt: Timestamp(microseconds: 0),
            values: [.user: .identifier(user), .type: .text(WordCounts.type), .data: .json(counts.data)])
        #expect(WordCounts(record) == counts)
        #expect(counts.data.description.utf8.count <= Limits.metadataBytesMax)
        var long = WordCounts()
        for number in 0..<Limits.countedWordsMax { long.add(String(repeating: "w", count: 58) + String(100_000 + number), .max) }
        long.add("one more", .max)
        #expect(long.data.description.utf8.count <= Limits.metadataBytesMax)
    }
}
