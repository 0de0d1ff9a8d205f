import Drawing
import Testing

@Suite("A picture of recall and speed")
struct RecallPlotTests {
    @Test("every series has its line and its name, every point its place, and names cannot break the picture")
    func draws() throws {
        let points = [
            RecallPlot.Point(series: "a & <b>", recall: 0.9, rate: 1_000), .init(series: "a & <b>", recall: 0.8, rate: 10_000), .init(series: "c", recall: 1, rate: 99),
            .init(series: "c", recall: 0.5, rate: 5), .init(series: "nowhere", recall: 0.1, rate: 5), .init(series: "c", recall: 0.95, rate: .infinity),
        ]
        let svg = try #require(RecallPlot(title: "\"t\"", points)).svg
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains(">a &amp; &lt;b&gt;</text>") && svg.contains(">&quot;t&quot;</text>") && svg.contains(">c</text>") && !svg.contains("nowhere"))
        #expect(svg.split(separator: "<circle").count == 4 && svg.split(separator: "<polyline").count == 3)
        // From the slower and better to the faster and worse: a line goes from left to right.
        #expect(svg.contains("points=\"80.00,"))
        #expect(svg.contains(">10,000</text>") && svg.contains(">10</text>") && svg.contains(">0.85</text>"))
    }

    @Test("where there is nothing to draw there is no picture")
    func empty() {
        #expect(RecallPlot(title: "t", []) == nil)
        #expect(RecallPlot(title: "t", [.init(series: "a", recall: 0.3, rate: 5), .init(series: "a", recall: .nan, rate: 5)]) == nil)
    }
}
