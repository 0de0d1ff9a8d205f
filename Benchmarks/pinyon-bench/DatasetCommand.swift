import Embedding
import Foundation
import Records
import Vectors

/// Makes the sets that are measured on, each in a folder: base.npy and query.npy for the index, docs.jsonl and queries.jsonl for suggestions.
struct DatasetCommand {
    private let name: String
    private let folder: String
    private let options: Options

    init(_ words: some Collection<String>) throws {
        let words = Array(words)
        guard words.count >= 2, !words[1].hasPrefix("--") else { throw BenchError("dataset needs a name, wordnet, mixture or foldoc, and a folder") }
        (name, folder) = (words[0], words[1])
        guard let known = DatasetCommand.options[name] else { throw BenchError("there is no set \(name); there are wordnet, mixture and foldoc") }
        options = try Options(words.dropFirst(2), known)
    }

    private static let options: [String: [String: Options.Value]] = [
        "wordnet": ["model": .text, "source": .text, "queries": .integer(1...100_000)],
        "mixture": [
            "rows": .integer(1...100_000_000), "queries": .integer(1...1_000_000), "dimension": .integer(1...16_000), "clusters": .integer(1...1_000_000),
            "seed": .integer(0...Int.max),
        ],
        "foldoc": ["source": .text, "queries": .integer(1...100_000), "seed": .integer(0...Int.max)],
    ]

    func run() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        switch name {
        case "wordnet": try wordnet()
        case "foldoc": try foldoc()
        default: try mixture()
        }
    }

    // MARK: The glosses of WordNet

    private static let textsAtOnce = 4_096

    /// "words: gloss" of every synset, in the order of the files; every so many-th is held out as a query.
    private func wordnet() throws {
        guard let model = options["model"] else { throw BenchError("wordnet needs --model FOLDER, a folder such as `pinyon model list` shows") }
        let source = options["source"] ?? "/usr/share/wordnet"
        let texts = try ["noun", "verb", "adj", "adv"].flatMap { try glosses("\(source)/data.\($0)") }
        let held = options.integer("queries", 1_000)
        guard held > 0, texts.count > held else { throw BenchError("\(source) has \(texts.count) synsets, of which \(held) cannot be held out") }
        let step = texts.count / held
        let isQuery = { (place: Int) in place % step == step / 2 && place / step < held }
        let embedder = try LocalEmbedder(folder: model, precision: .f32)
        try write(texts.indices.filter { !isQuery($0) }.map { texts[$0] }, "base.npy", embedder)
        try write(texts.indices.filter(isQuery).map { texts[$0] }, "query.npy", embedder)
    }

    private func glosses(_ path: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path), let text = String(bytes: data, encoding: .utf8) else {
            throw BenchError("\(path) cannot be read; Debian's package wordnet-base has it")
        }
        return text.split(separator: "\n").compactMap { line in
            // The licence at the head is indented.
            guard !line.hasPrefix(" "), let bar = line.range(of: " | ") else { return nil }
            let fields = line[..<bar.lowerBound].split(separator: " ")
            guard fields.count > 4, let count = Int(fields[3], radix: 16), fields.count > 4 + 2 * count else { return nil }
            let words = (0..<count).map { fields[4 + 2 * $0].replacingOccurrences(of: "_", with: " ") }
            return words.joined(separator: ", ") + ": " + line[bar.upperBound...].trimmingCharacters(in: .whitespaces)
        }
    }

    private func write(_ texts: [String], _ name: String, _ embedder: LocalEmbedder) throws {
        let writer = try NPYWriter("\(folder)/\(name)", type: "<f4", rows: texts.count, columns: embedder.model.dimension)
        for start in stride(from: 0, to: texts.count, by: DatasetCommand.textsAtOnce) {
            let part = texts[start..<min(start + DatasetCommand.textsAtOnce, texts.count)]
            // Texts of about one length go through the encoder together.
            let order = part.indices.sorted { texts[$0].utf8.count < texts[$1].utf8.count }
            let threads = 2
            var vectors = [[Float]](repeating: [], count: part.count)
            let calls = stride(from: 0, to: order.count, by: embedder.limits.textsMax).map { Array(order[$0..<min($0 + embedder.limits.textsMax, order.count)]) }
            let results = try Parallel.map(calls, threads: threads) { call in try embedder.embed(call.map { texts[$0] }, isWanted: { true }) }
            for (call, result) in zip(calls, results) { for (place, vector) in zip(call, result) { vectors[place - part.startIndex] = vector } }
            try writer.write(vectors.flatMap { $0 })
            print("\(name): \(start + part.count) of \(texts.count)")
        }
        try writer.close()
    }

    // MARK: The Free On-line Dictionary of Computing

    private func foldoc() throws {
        let source = options["source"] ?? folder
        let set = try FoldocSet(index: "\(source)/foldoc.index", text: "\(source)/foldoc.dict")
        try set.write(to: folder, seed: UInt64(options.integer("seed", 1)), queries: options.integer("queries", 500))
        print("\(set.entries.count) terms")
    }

    // MARK: A mixture of clusters

    private static let rowsAtOnce = 4_096

    /// Rows are centre + deviation, both Gaussian with the spectrum i^−1.2, the centres' carrying as much as the deviations, and sizes of clusters by Zipf's law.
    private func mixture() throws {
        let (rows, queries) = (options.integer("rows", 200_000), options.integer("queries", 1_000))
        let (dimension, clusters) = (options.integer("dimension", 1_536), options.integer("clusters", 2_000))
        var random = SeededRandom(seed: UInt64(options.integer("seed", 1)))
        let deviations = (1...dimension).map { Float(pow(Double($0), -0.6)) }
        // Any matrix of Gaussian numbers turns the axes, so that no spectrum shows along them.
        let turn = FloatBlock(count: dimension * dimension)
        for place in 0..<turn.count { turn[place] = random.gaussian() / Float(dimension).squareRoot() }
        let centres = (0..<clusters).map { _ in deviations.map { $0 * random.gaussian() } }
        var sizes: [Double] = []
        for cluster in 1...clusters { sizes.append((sizes.last ?? 0) + 1 / pow(Double(cluster), 0.5)) }
        for (name, count) in [("base.npy", rows), ("query.npy", queries)] {
            let writer = try NPYWriter("\(folder)/\(name)", type: "<f4", rows: count, columns: dimension)
            for start in stride(from: 0, to: count, by: DatasetCommand.rowsAtOnce) {
                let part = min(DatasetCommand.rowsAtOnce, count - start)
                let (straight, turned) = (FloatBlock(count: part * dimension), FloatBlock(count: part * dimension))
                for row in 0..<part {
                    let wanted = random.unit() * (sizes.last ?? 1)
                    let centre = centres[min(clusters - 1, sizes.firstPlace { $0 > wanted })]
                    for column in 0..<dimension { straight[row * dimension + column] = centre[column] + deviations[column] * random.gaussian() }
                }
                BLAS.multiply(
                    Rows(straight, stride: dimension), 0..<part, byTransposed: Rows(turn, stride: dimension), 0..<dimension, width: dimension,
                    into: Rows(turned, stride: dimension))
                try writer.write(turned[0..<part * dimension])
                print("\(name): \(start + part) of \(count)")
            }
            try writer.close()
        }
    }
}

/// Gaussian numbers by Box and Muller, from those of SplitMix64.
struct SeededRandom {
    private var source: SplitMix
    private var spare: Float?

    init(seed: UInt64) { source = SplitMix(seed) }

    /// Above 0, and at most 1.
    mutating func unit() -> Double { Double((source.next() >> 11) + 1) * 0x1p-53 }

    mutating func gaussian() -> Float {
        if let value = spare {
            spare = nil
            return value
        }
        let (length, angle) = ((-2 * log(unit())).squareRoot(), 2 * Double.pi * unit())
        spare = Float(length * sin(angle))
        return Float(length * cos(angle))
    }
}
