import Foundation

/// Recall against queries a second, a line for each engine, as a picture that any browser opens.
struct Plot {
    struct Row: Codable {
        var engine: String
        var params: String
        var dataset: String
        var recall10: Double
        var qps_1thread: Double
    }

    private static let (width, height) = (900.0, 560.0)
    private static let (left, right, top, bottom) = (80.0, 250.0, 50.0, 60.0)
    private static let colours = ["#111111", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7f7f7f", "#bcbd22", "#6a3d9a"]
    /// What recalls below this have to say is of no use.
    private static let recallMin = 0.8

    static func rows(_ path: String) throws -> [Row] {
        guard let data = FileManager.default.contents(atPath: path) else { throw BenchError("\(path) cannot be read") }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return try lines.enumerated().map { number, line in
            do { return try JSONDecoder().decode(Row.self, from: Data(line.utf8)) } catch {
                throw BenchError("\(path), line \(number + 1): it is no row with engine, params, dataset, recall10 and qps_1thread")
            }
        }
    }

    static func write(_ rows: [Row], to path: String) throws {
        let shown = rows.filter { $0.recall10 >= recallMin && $0.qps_1thread > 0 }
        guard !shown.isEmpty else { throw BenchError("there is no row with a recall of \(recallMin) or more to draw") }
        do { try svg(shown).write(toFile: path, atomically: true, encoding: .utf8) } catch { throw BenchError("\(path) cannot be written: \(error.localizedDescription)") }
    }

    private static func svg(_ rows: [Row]) -> String {
        let rates = rows.map(\.qps_1thread)
        let (low, high) = (floor(log10(rates.min() ?? 1)), ceil(log10(rates.max() ?? 10)))
        let across = { (recall: Double) in left + (recall - recallMin) / (1 - recallMin) * (width - left - right) }
        let up = { (rate: Double) in height - bottom - (log10(rate) - low) / max(1, high - low) * (height - top - bottom) }
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"\(Int(height))\" font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            "<text x=\"\(left)\" y=\"28\" font-size=\"16\">\(escaped(rows[0].dataset)): queries a second on one thread, by recall</text>",
        ]
        for power in Int(low)...Int(high) {
            let y = up(pow(10, Double(power)))
            parts.append("<line x1=\"\(left)\" y1=\"\(y)\" x2=\"\(width - right)\" y2=\"\(y)\" stroke=\"#ddd\"/>")
            parts.append("<text x=\"\(left - 8)\" y=\"\(y + 4)\" text-anchor=\"end\">\(grouped(power))</text>")
        }
        for step in 0...4 {
            let recall = recallMin + Double(step) * (1 - recallMin) / 4
            let x = across(recall)
            parts.append("<line x1=\"\(x)\" y1=\"\(top)\" x2=\"\(x)\" y2=\"\(height - bottom)\" stroke=\"#ddd\"/>")
            parts.append("<text x=\"\(x)\" y=\"\(height - bottom + 20)\" text-anchor=\"middle\">\(String(format: "%.2f", recall))</text>")
        }
        parts.append("<text x=\"\((left + width - right) / 2)\" y=\"\(height - 16)\" text-anchor=\"middle\">recall</text>")
        for (place, engine) in engines(rows).enumerated() {
            let colour = colours[place % colours.count]
            let points = rows.filter { $0.engine == engine }.sorted { $0.recall10 < $1.recall10 }.map { (across($0.recall10), up($0.qps_1thread)) }
            let path = points.map { String(format: "%.1f,%.1f", $0.0, $0.1) }.joined(separator: " ")
            parts.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(engine.hasPrefix("pinyon") ? 3 : 1.5)\"/>")
            for point in points { parts.append(String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"\(colour)\"/>", point.0, point.1)) }
            let y = top + 12 + Double(place) * 22
            parts.append("<line x1=\"\(width - right + 16)\" y1=\"\(y)\" x2=\"\(width - right + 40)\" y2=\"\(y)\" stroke=\"\(colour)\" stroke-width=\"3\"/>")
            parts.append("<text x=\"\(width - right + 48)\" y=\"\(y + 4)\">\(escaped(engine))</text>")
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    /// In the order in which they come.
    private static func engines(_ rows: [Row]) -> [String] {
        var seen: Set<String> = []
        return rows.map(\.engine).filter { seen.insert($0).inserted }
    }

    private static func grouped(_ power: Int) -> String {
        power < 3 ? String(Int(pow(10, Double(power)))) : String(Int(pow(10, Double(power - 3)))) + ",000"
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
}
