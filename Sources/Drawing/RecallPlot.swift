internal import Glibc

/// Recall against queries a second, a line for each series, as an SVG that any browser opens.
public struct RecallPlot {
    public struct Point: Sendable {
        public let series: String
        public let recall: Double
        /// Queries a second.
        public let rate: Double

        public init(series: String, recall: Double, rate: Double) {
            self.series = series
            self.recall = recall
            self.rate = rate
        }
    }

    private static let (width, height) = (900.0, 560.0)
    private static let (left, right, top, bottom) = (80.0, 260.0, 50.0, 60.0)
    private static let colours = ["#111111", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7f7f7f", "#bcbd22", "#6a3d9a", "#e7298a", "#17becf"]
    private static let steps = 5
    /// What is drawn; no engine was ever slower or faster.
    private static let rates = 1e-6...1e12

    private let title: String
    private let points: [Point]
    /// Where the axis of recall begins.
    private let recallMin: Double

    /// Nil when there is no point to draw: below a recall of `recallMin` nothing is of use.
    public init?(title: String, _ points: [Point], recallMin: Double = 0.8) {
        self.title = title
        self.recallMin = recallMin
        self.points = points.filter { $0.recall >= recallMin && $0.recall <= 1 && RecallPlot.rates.contains($0.rate) }
        if self.points.isEmpty { return nil }
    }

    public var svg: String {
        let rates = points.map(\.rate)
        let low = log10(rates.min() ?? 1).rounded(.down), high = max(low + 1, log10(rates.max() ?? 10).rounded(.up))
        let across = { (recall: Double) in
            RecallPlot.left + (recall - recallMin) / (1 - recallMin) * (RecallPlot.width - RecallPlot.left - RecallPlot.right)
        }
        let up = { (rate: Double) in
            RecallPlot.height - RecallPlot.bottom - (log10(rate) - low) / (high - low) * (RecallPlot.height - RecallPlot.top - RecallPlot.bottom)
        }
        return (frame + axes(Int(low)...Int(high), across, up) + series.enumerated().flatMap { line($1, $0, across, up) } + ["</svg>", ""]).joined(separator: "\n")
    }

    private var frame: [String] {
        [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(RecallPlot.width))\" height=\"\(Int(RecallPlot.height))\" font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            "<text x=\"\(RecallPlot.left)\" y=\"28\" font-size=\"16\">\(RecallPlot.escaped(title))</text>",
        ]
    }

    private func axes(_ powers: ClosedRange<Int>, _ across: (Double) -> Double, _ up: (Double) -> Double) -> [String] {
        let (left, right, bottom) = (RecallPlot.left, RecallPlot.width - RecallPlot.right, RecallPlot.height - RecallPlot.bottom)
        let rows = powers.flatMap { power -> [String] in
            let y = RecallPlot.number(up(pow(10, Double(power))))
            return [
                "<line x1=\"\(left)\" y1=\"\(y)\" x2=\"\(right)\" y2=\"\(y)\" stroke=\"#ddd\"/>",
                "<text x=\"\(left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(RecallPlot.power(power))</text>",
            ]
        }
        let columns = (0..<RecallPlot.steps).flatMap { step -> [String] in
            let recall = recallMin + Double(step) * (1 - recallMin) / Double(RecallPlot.steps - 1)
            let x = RecallPlot.number(across(recall))
            return [
                "<line x1=\"\(x)\" y1=\"\(RecallPlot.top)\" x2=\"\(x)\" y2=\"\(bottom)\" stroke=\"#ddd\"/>",
                "<text x=\"\(x)\" y=\"\(bottom + 20)\" text-anchor=\"middle\">\(RecallPlot.number(recall))</text>",
            ]
        }
        return rows + columns + [
            "<text x=\"\((left + right) / 2)\" y=\"\(bottom + 44)\" text-anchor=\"middle\">recall</text>",
            "<text x=\"\(left)\" y=\"\(RecallPlot.top - 8)\" text-anchor=\"end\">queries/s</text>",
        ]
    }

    private func line(_ name: String, _ place: Int, _ across: (Double) -> Double, _ up: (Double) -> Double) -> [String] {
        let colour = RecallPlot.colours[place % RecallPlot.colours.count]
        let own = points.filter { $0.series == name }.sorted { ($0.recall, $1.rate) < ($1.recall, $0.rate) }
        let places = own.map { (RecallPlot.number(across($0.recall)), RecallPlot.number(up($0.rate))) }
        let y = RecallPlot.top + 12 + Double(place) * 22
        let key = RecallPlot.width - RecallPlot.right + 16
        return ["<polyline points=\"\(places.map { "\($0.0),\($0.1)" }.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"]
            + places.map { "<circle cx=\"\($0.0)\" cy=\"\($0.1)\" r=\"3\" fill=\"\(colour)\"/>" }
            + [
                "<line x1=\"\(key)\" y1=\"\(y)\" x2=\"\(key + 24)\" y2=\"\(y)\" stroke=\"\(colour)\" stroke-width=\"3\"/>",
                "<text x=\"\(key + 32)\" y=\"\(y + 4)\">\(RecallPlot.escaped(name))</text>",
            ]
    }

    /// In the order in which they come.
    private var series: [String] {
        var seen: Set<String> = []
        return points.map(\.series).filter { seen.insert($0).inserted }
    }

    /// With two digits after the point.
    private static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let digits = String(abs(hundredths) % 100)
        return "\(hundredths < 0 ? "-" : "")\(abs(hundredths) / 100).\(digits.count < 2 ? "0" : "")\(digits)"
    }

    private static func power(_ power: Int) -> String {
        if power < 0 { return "10^\(power)" }
        // A comma before every three digits.
        return String("1\(String(repeating: "0", count: power))".reversed().enumerated().flatMap { place, digit in place > 0 && place % 3 == 0 ? [",", digit] : [digit] }.reversed())
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
