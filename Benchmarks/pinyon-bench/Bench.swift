import Foundation

/// `pinyon-bench service` measures a real server, `pinyon-bench embedding` the local encoder, `pinyon-bench index` the index; the other verbs are the peers that it starts beside it.
@main
struct Bench {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch arguments.first {
            case "service":
                var benchmark = try ServiceBenchmark(Options(arguments.dropFirst(), ServiceBenchmark.options))
                try await benchmark.run()
            case "embedding": try await EmbeddingBenchmark(try Options(arguments.dropFirst(), EmbeddingBenchmark.options)).run()
            case "index": try IndexBenchmark(try Options(arguments.dropFirst(), IndexBenchmark.options)).run()
            case "detect": try DetectBenchmark(try Options(arguments.dropFirst(), DetectBenchmark.options)).run()
            case "plot":
                let words = Array(arguments.dropFirst())
                guard words.count == 2 else { throw BenchError("plot needs a file of rows and the picture's file") }
                try Plot.write(try Plot.rows(words[0]), to: words[1])
            case "dataset": try DatasetCommand(arguments.dropFirst()).run()
            case "echo": try EchoServer.run(Options(arguments.dropFirst(), ["tls-cert": .text, "tls-key": .text, "port-file": .text]))
            default:
                print(
                    """
                    usage: pinyon-bench service [--seconds S] [--rounds N] [--rows N] [--dimension N] [--conversations N] [--messages N] [--users N]
                                                [--only ping|get|search|remember|conversations|recall|suggest] [--dataset DIR] [--json FILE] [--binary FILE]
                                                [--store postgres://… [--organizations N] [--psql FILE]]
                           pinyon-bench embedding --model FOLDER [--threads N] [--rounds N] [--seconds S] [--precision P] [--json FILE]
                                                  [--retrieval FOLDER] [--only rates] [--binary FILE]
                           pinyon-bench index --dataset DIR [--k N] [--rounds N] [--threads N] [--lists N] [--rows N] [--recall SHARE] [--json [FILE]]
                                              [--style codes|flat] [--measure settings|filters|changes] [--plot FILE.svg] [--with FILE.jsonl]
                           pinyon-bench detect --terms FILE.jsonl --text FILE [--language TAG] [--rounds N] [--json [FILE]]
                           pinyon-bench dataset wordnet DIR --model FOLDER [--source FOLDER] [--queries N]
                           pinyon-bench dataset mixture DIR [--rows N] [--queries N] [--dimension N] [--clusters N] [--seed N]
                           pinyon-bench dataset foldoc DIR [--source FOLDER] [--queries N] [--seed N]
                           pinyon-bench plot FILE.jsonl FILE.svg

                    service starts the server and its peers, and prints requests per second and percentiles for ping, get, remember and search, at 1 and 16
                    connections, depth 1 and 32, plain and TLS; then for opening, listing and appending to conversations, of which there are 5,000
                    with 200,000 messages. With --store, all is about a PostgreSQL database, beside psql and pgvector on the same tables. With --dataset, searches are for query.npy among base.npy. embedding prints the sentences per second of each precision of the local encoder, how long one sentence takes
                    alone and through the service, and with --retrieval how well each precision ranks labelled sets; scripts/peers has its peers. index builds an index of base.npy in DIR and asks for
                    query.npy, at recalls and numbers of probes from low to high (gt.npy, where it is there, is compared with the exact answers); --json without a file prints
                    rows in place of lines, and --with adds other engines' to the picture. detect finds the terms of a dictionary in a text. dataset makes such sets. --json keeps every raw row.
                    """)
                exit(arguments.first == "--help" ? 0 : 2)
            }
        } catch {
            FileHandle.standardError.write(Data("pinyon-bench: \(error)\n".utf8))
            exit(1)
        }
    }
}

/// `--name value` pairs, of names that the verb knows.
struct Options {
    enum Value {
        case text
        /// A file, or lines on standard output where none is named.
        case file
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
    }

    private var values: [String: String] = [:]

    init(_ arguments: some Collection<String>, _ known: [String: Value]) throws {
        var rest = Array(arguments)[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), let value = known[String(word.dropFirst(2))] else {
                throw BenchError("\(word) is no option here; there are \(known.keys.sorted().map { "--" + $0 }.joined(separator: ", "))")
            }
            let name = String(word.dropFirst(2))
            if case .file = value, rest.first?.hasPrefix("--") ?? true {
                values[name] = "-"
                continue
            }
            guard let text = rest.popFirst() else { throw BenchError("\(word) needs a value") }
            try Options.check(text, value, word)
            values[name] = text
        }
    }

    private static func check(_ text: String, _ value: Value, _ word: String) throws {
        switch value {
        case .text, .file: break
        case .integer(let range):
            guard let number = Int(text), range.contains(number) else {
                throw BenchError("\(word) is a whole number from \(range.lowerBound)\(range.upperBound == .max ? " on" : " to \(range.upperBound)"), not \(text)")
            }
        case .number(let range):
            guard let number = Double(text), range.contains(number) else { throw BenchError("\(word) is a number from \(range.lowerBound) to \(range.upperBound), not \(text)") }
        }
    }

    /// Refuses a file that could not be written when all is measured.
    func checkWritable(_ names: [String]) throws {
        for name in names {
            guard let path = values[name], path != "-" else { continue }
            let place = FileManager.default.fileExists(atPath: path) ? path : URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: place) else { throw BenchError("--\(name) \(path) cannot be written") }
        }
    }

    subscript(name: String) -> String? { values[name] }

    func integer(_ name: String, _ fallback: Int) -> Int { values[name].flatMap { Int($0) } ?? fallback }

    func number(_ name: String, _ fallback: Double) -> Double { values[name].flatMap { Double($0) } ?? fallback }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
