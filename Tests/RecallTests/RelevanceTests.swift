import Recall
import Testing

@Suite struct RelevanceTests {
    @Test("a row that is like the question in all has relevance 1, and one that is in nothing 0")
    func ends() {
        let scale = RelevanceScale(cosineDeviation: 0.1, lexicalDeviation: 0.8, lexicalMax: 12)
        #expect(abs(scale.relevance(cosine: 1, lexical: 12) - 1) < 1e-12 && scale.relevance(cosine: 0, lexical: 0) == 0)
        // Both brought to one spread, 0.7 to 0.3.
        #expect(abs((scale.cosine * 0.1) / (scale.lexical * 0.8) - 7.0 / 3) < 1e-12)
    }

    @Test("a leg that is the same for all rows counts in its share of the most that it can say, and one that says nothing leaves all to the other")
    func oneLeg() {
        #expect(RelevanceScale(cosineDeviation: 0.1, lexicalDeviation: 0, lexicalMax: 0).cosine == 1)
        for scale in [
            RelevanceScale(cosineDeviation: 0, lexicalDeviation: 2, lexicalMax: 4), RelevanceScale(cosineDeviation: 9, lexicalDeviation: 0, lexicalMax: 4),
            RelevanceScale(cosineDeviation: 0, lexicalDeviation: 0, lexicalMax: 4),
        ] { #expect(abs(scale.cosine - 0.7) < 1e-12 && abs(scale.lexical - 0.075) < 1e-12) }
        #expect(RelevanceScale(cosineDeviation: 0, lexicalDeviation: 0, lexicalMax: 0).relevance(cosine: 0.5, lexical: 0) == 0.5)
    }

    @Test("measures of rankings are what their names say")
    func measures() {
        var measures = RetrievalMeasures()
        measures.add(["a", "x", "b"] + (0..<20).map { "y\($0)" } + ["c"], relevant: ["a", "b", "c", "d"])
        #expect(measures.recall == [0.25, 0.5, 0.5, 0.5, 0.75] && measures.reciprocalRank == 1 && measures.allFoundAtTen == 0)
        // (1 + 1/2) / (1 + 1/log2 3 + 1/2 + 1/log2 5)
        #expect(abs(measures.gainAtTen - 1.5 / 2.5616063) < 1e-6)
        measures.add(["x", "a"], relevant: ["a"])
        #expect(measures.count == 2 && measures.reciprocalRank == 0.75 && measures.allFoundAtTen == 0.5 && measures.recall[0] == 0.125)
        measures.add([], relevant: [])
        #expect(measures.count == 2)
        measures.add([], relevant: ["a"])
        #expect(measures.count == 3 && measures.reciprocalRank == 0.5)
    }
}
