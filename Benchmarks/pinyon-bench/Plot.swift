import Drawing
import Foundation

/// Rows of engines as a picture.
struct Plot {
    struct Row: Codable {
        var engine: String
        var params: String
        var dataset: String
        var recall10: Double
        var qps_1thread: Double
    }

    static func rows(_ path: String) throws -> [Row] {
        guard let data = FileManager.default.contents(atPath: path) else { throw BenchError("\(path) cannot be read") }
        return try String(decoding: data, as: UTF8.self).split(separator: "\n").enumerated().map { number, line in
            do { return try JSONDecoder().decode(Row.self, from: Data(line.utf8)) } catch {
                throw BenchError("\(path), line \(number + 1): it is no row with engine, params, dataset, recall10 and qps_1thread")
            }
        }
    }

    static func write(_ rows: [Row], to path: String) throws {
        let points = rows.map { RecallPlot.Point(series: $0.engine, recall: $0.recall10, rate: $0.qps_1thread) }
        let sets = Set(rows.map(\.dataset)).sorted()
        guard sets.count <= 1 else { throw BenchError("the rows are of several sets, \(sets.joined(separator: ", ")); a picture shows one") }
        for engine in Set(rows.map(\.engine)).sorted() where !rows.contains(where: { $0.engine == engine && $0.recall10 >= 0.8 }) {
            FileHandle.standardError.write(Data("\(engine) never reaches a recall of 0.8, and is not drawn\n".utf8))
        }
        guard let plot = RecallPlot(title: "\(sets.first ?? ""): queries a second on one thread, by recall", points) else {
            throw BenchError("there is no row with a recall of 0.8 or more to draw")
        }
        do { try plot.svg.write(toFile: path, atomically: true, encoding: .utf8) } catch { throw BenchError("\(path) cannot be written: \(error.localizedDescription)") }
    }
}
