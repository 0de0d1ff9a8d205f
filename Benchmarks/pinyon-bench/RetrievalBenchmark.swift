import Embedding
import Foundation
import Vectors

/// How well each precision of the local encoder ranks, on labelled sets: nDCG at 10 of a brute-force search, in hundredths.
///
/// A set NAME is NAME.docs.jsonl with `id` and `text`, and NAME.queries.jsonl with `text` and `relevant`, a list of ids.
struct RetrievalBenchmark {
    private struct Document: Decodable {
        let id: String
        let text: String
    }

    private struct Query: Decodable {
        let text: String
        let relevant: [String]
    }

    let folder: String

    func run(_ embedders: [LocalEmbedder]) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".docs.jsonl") }.map { String($0.dropLast(11)) }.sorted()
        guard !names.isEmpty else { throw BenchError("\(folder) has no set: a set is NAME.docs.jsonl and NAME.queries.jsonl") }
        print("\nnDCG@10 in hundredths, and how far it is from f32")
        var first: [String: Double] = [:]
        for embedder in embedders {
            for name in names {
                let documents: [Document] = try lines("\(folder)/\(name).docs.jsonl").filter { (document: Document) in !document.text.allSatisfy(\.isWhitespace) }
                let queries: [Query] = try lines("\(folder)/\(name).queries.jsonl")
                let value = try gain(embedder, documents, queries) * 100
                let base = first[name] ?? value
                first[name] = base
                print(String(format: "  %@ %-12@ %7.2f  %+.2f", embedder.precision.padding(toLength: 6, withPad: " ", startingAt: 0), name as NSString, value, value - base))
            }
        }
    }

    private func lines<Line: Decodable>(_ path: String) throws -> [Line] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// The mean over all queries that have something relevant.
    private func gain(_ embedder: LocalEmbedder, _ documents: [Document], _ queries: [Query]) throws -> Double {
        let queries = queries.filter { !$0.relevant.isEmpty }
        let rows = try vectors(embedder, documents.map(\.text))
        let asked = try vectors(embedder, queries.map(\.text))
        let gains = zip(queries, asked).map { query, vector in
            let scores = rows.map { zip($0, vector).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
            let best = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }.prefix(10)
            let relevant = Set(query.relevant)
            let found = best.enumerated().reduce(0.0) { $0 + (relevant.contains(documents[$1.element].id) ? 1 / log2(Double($1.offset + 2)) : 0) }
            return found / (0..<min(10, relevant.count)).reduce(0.0) { $0 + 1 / log2(Double($1 + 2)) }
        }
        return gains.reduce(0, +) / Double(gains.count)
    }

    private func vectors(_ embedder: LocalEmbedder, _ texts: [String]) throws -> [[Float]] {
        let parts = (0..<2).map { Array(texts[(texts.count * $0 / 2)..<(texts.count * ($0 + 1) / 2)]) }
        let results = Results()
        DispatchQueue.concurrentPerform(iterations: 2) { part in results.set(part, Result { try embedder.embed(parts[part], isWanted: { true }) }) }
        return try results.all.flatMap { try $0.get() }
    }

    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var results: [Int: Result<[[Float]], any Error>] = [:]

        func set(_ part: Int, _ result: Result<[[Float]], any Error>) { lock.withLock { results[part] = result } }

        var all: [Result<[[Float]], any Error>] { lock.withLock { results.sorted { $0.key < $1.key }.map(\.value) } }
    }
}
