internal import Embedding
internal import Records

enum EmbedCommand {
    static let verb = Verb(
        name: "embed", summary: "Print the vectors of texts, without a server", words: "[TEXT]", wordsMax: 1,
        options: [
            Option("config", "FILE", "the file of settings; /etc/pinyon.conf if that is there", isSetting: true),
            Option("file", "FILE", "a text on each line (- reads standard input)"),
            Option("query", nil, "as a text that is searched with, and not as one that is stored"),
            Option("json", nil, "one JSON object a line, with the whole vector"),
        ] + EmbedderSettings.options,
        notes: "The vectors are those that a server with the same settings stores, or, with --query, searches with.",
        run: run)

    private static let linesAtOnce = 256
    private static let bytesAtOnce = 4 * 1_024 * 1_024

    private struct Line {
        let number: Int64
        let text: String
    }

    @Sendable static func run(_ arguments: Arguments) async throws {
        guard (arguments["file"] == nil) != arguments.words.isEmpty else { throw UsageError("give a text, or a file of them with --file") }
        guard let embedder = try EmbedderSettings.embedder(arguments) else { throw UsageError("the embedder none makes no vectors") }
        let prefix = arguments.has("query") ? embedder.model.queryPrefix : embedder.model.passagePrefix
        guard let path = arguments["file"] else {
            return try print([Line(number: 1, text: arguments.words[0])], embedder, prefix, arguments) { _ in "the text" }
        }
        let place = { (number: Int64) in "\(path == "-" ? "standard input" : path), line \(number)" }
        let reader = try LineReader(path)
        var lines: [Line] = []
        var bytes = 0
        while let line = try reader.next() {
            guard !line.isTooLong else { throw Failure("\(place(line.number)) is longer than \(LineReader.lineBytesMax) bytes") }
            guard let text = String(validating: line.bytes.last == UInt8(ascii: "\r") ? line.bytes.dropLast() : line.bytes, as: UTF8.self) else {
                throw Failure("\(place(line.number)) is no UTF-8 text")
            }
            lines.append(Line(number: line.number, text: text))
            bytes += text.utf8.count
            guard lines.count >= linesAtOnce || bytes >= bytesAtOnce else { continue }
            try print(lines, embedder, prefix, arguments, place)
            lines = []
            bytes = 0
        }
        try print(lines, embedder, prefix, arguments, place)
    }

    private static func print(_ lines: [Line], _ embedder: any Embedder, _ prefix: String, _ arguments: Arguments, _ place: (Int64) -> String) throws {
        for (line, vector) in zip(lines, try embedder.vectors(of: lines.map { prefix + $0.text }) { place(lines[$0].number) }) {
            if arguments.has("json") {
                Swift.print(["line": .integer(line.number), "text": .text(line.text), "vector": JSON(vector)] as JSON)
            } else {
                let first = vector.prefix(4).map { JSON([$0]).list?.first?.description ?? "" }.joined(separator: ", ")
                Swift.print("\(vector.count) dimensions, \(first)\(vector.count > 4 ? ", …" : "")  \(line.text.line(of: 60))")
            }
        }
    }
}
