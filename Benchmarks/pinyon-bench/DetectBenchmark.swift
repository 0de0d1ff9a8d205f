import Foundation
import Records
import Terminology

/// How long it takes to find the terms of a dictionary in a text, in this process; the first time, which makes the tables, apart. With --json each round is a row.
struct DetectBenchmark {
    static let options: [String: Options.Value] = ["terms": .text, "text": .text, "language": .text, "rounds": .integer(1...10_000), "json": .file]

    private struct Term: Decodable {
        let text: String
    }

    let options: Options
    private static let batchRows = 500

    init(_ options: Options) throws {
        self.options = options
        try options.checkWritable(["json"])
    }

    func run() throws {
        guard let termsFile = options["terms"], let textFile = options["text"] else { throw BenchError("detect needs --terms FILE.jsonl, of lines with text, and --text FILE") }
        let terms = try String(contentsOfFile: termsFile, encoding: .utf8).split(separator: "\n").map { try JSONDecoder().decode(Term.self, from: Data($0.utf8)).text }
        let text = try String(contentsOfFile: textFile, encoding: .utf8)
        let request = DetectRequest(text, language: options["language"])
        try request.check()
        let user = Identifier(high: 0, low: 0)
        let book = TermBook()
        // As an import brings them: in several tables.
        let entries = terms.enumerated().map { TermChange.put(TermEntry(id: Identifier(high: 0, low: UInt64($0.offset)), owner: user, term: $0.element)) }
        for batch in entries.parts(of: DetectBenchmark.batchRows) { book.apply(batch) }
        let plain = book.byteCount
        let (first, _) = time { book.detect(request, for: user, shouldStop: { false }) }
        let rounds = (0..<options.integer("rounds", 11)).map { _ in time { book.detect(request, for: user, shouldStop: { false }) } }
        let (times, found) = (rounds.map(\.0).sorted(), rounds.last?.1)
        let row: [String: Any] = [
            "terms": terms.count, "bytes": text.utf8.count, "occurrences": found?.occurrences.count ?? 0, "first_ms": first, "median_ms": times[times.count / 2], "slowest_ms": times[times.count - 1],
            "bytes_per_entry": plain / max(1, terms.count), "table_bytes_per_entry": (book.byteCount - plain) / max(1, terms.count),
        ]
        if let path = options["json"] {
            let line = try JSONSerialization.data(withJSONObject: row, options: .sortedKeys) + Data("\n".utf8)
            if path == "-" { FileHandle.standardOutput.write(line) } else { try line.write(to: URL(fileURLWithPath: path)) }
            return
        }
        print("\(terms.count) terms in \(text.utf8.count) bytes: \(found?.occurrences.count ?? 0) occurrences")
        print(String(format: "median %.1f ms, slowest %.1f, first %.1f with its tables", times[times.count / 2], times[times.count - 1], first))
        print("\(row["bytes_per_entry"] ?? 0) bytes an entry, and \(row["table_bytes_per_entry"] ?? 0) for what finds them in texts")
    }

    private func time<Value>(_ work: () -> Value) -> (Double, Value) {
        let began = DispatchTime.now().uptimeNanoseconds
        let value = work()
        return (Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6, value)
    }
}
