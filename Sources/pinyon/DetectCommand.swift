internal import Client
internal import Records

enum DetectCommand {
    static let verb = Verb(
        name: "detect", summary: "The terms that stand in a text", words: "[TEXT…]", wordsMax: Int.max,
        options: [
            Option("file", "FILE", "looks through a file (- reads standard input)"), Option("user", "UUID|EMAIL", "whose dictionary; a key of one user needs none"),
            Option("language", "TAG", "that of the text, as en or pt-BR: terms that name none are found in other forms too"),
            Option("context", "CONTEXT", "of terms that are written alike, those of it"), Option("use", nil, "counts each own term that was found as used once"),
        ] + Connection.options,
        notes: """
            Each place is told by line and letter. Terms are whole words, or signs of scripts that put no space between words, whatever their case and accents; of those \
            that overlap the first counts, and of those that begin together the longest. None goes across an empty line. Words are found in other forms where their language \
            is known: en, de, fr, es, it, pt, nl, sv, da, no, fi, ru. A file of more than a MiB is looked through in parts, cut at empty lines, or else at the ends of lines.
            """,
        run: run)

    @Sendable private static func run(_ arguments: Arguments) async throws {
        guard arguments.words.isEmpty != (arguments["file"] == nil) else { throw UsageError("give a text or --file: pinyon detect \"the kernel panicked\"") }
        var request = DetectRequest("", language: arguments["language"], context: arguments["context"])
        if let language = request.language { do { try Checks.language(language) } catch { throw UsageError("\(arguments.label("language")): \(error)") } }
        var parts = try arguments["file"].map { try TextParts(file: $0) } ?? TextParts(arguments.words.joined(separator: " "))
        let given = request
        try await Connection.run(arguments) { client in
            request = given
            request.user = try await RecordText.user(arguments, client)
            var (own, place, count): (Set<Identifier>, TextPlace, Int) = ([], TextPlace(), 0)
            while let part = try parts.next() {
                var rest = Array(part.utf8)[...]
                // Where there is more in it than one answer names, it is asked for the rest.
                while !rest.isEmpty {
                    request.text = String(decoding: rest, as: UTF8.self)
                    let found = try await client.detection(request)
                    count += found.occurrences.count
                    for occurrence in found.occurrences {
                        let term = found.terms[occurrence.term]
                        if term.isOwn { own.insert(term.id) }
                        let piece = rest[rest.startIndex + occurrence.range.lowerBound..<rest.startIndex + occurrence.range.upperBound]
                        let start = place.position + occurrence.range.lowerBound
                        let (line, letter) = place.locate(occurrence.range.lowerBound, in: rest)
                        let text = String(decoding: piece, as: UTF8.self)
                        print(arguments.has("json") ? "\(json(term, occurrence, text, start))" : "\(line):\(letter)  \(onOneLine(text))  (\(reason(term, occurrence, text)))")
                    }
                    guard found.readBytes > 0 else { throw Failure("the server looked through nothing of the text") }
                    place.pass(rest.prefix(found.readBytes))
                    rest = rest.dropFirst(found.readBytes)
                }
            }
            if count == 0, !arguments.has("json") { print("  nothing matches") }
            guard arguments.has("use") else { return }
            for ids in Array(own).sorted().parts(of: Limits.batchMax) { _ = try await client.use(.term, Array(ids)) }
        }
    }

    private static func onOneLine(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ").shown }

    private static func reason(_ term: Detection.Term, _ occurrence: Detection.Occurrence, _ text: String) -> String {
        var parts: [String] = []
        if occurrence.isInflected || term.term != text { parts.append(term.term) }
        if occurrence.isInflected { parts.append("inflected") }
        if term.isDeprecated { parts.append(term.preferred.map { "deprecated: say \($0)" } ?? "deprecated") }
        if let context = term.context { parts.append(context) }
        if !term.others.isEmpty { parts.append("\(term.others.count) more written so") }
        parts.append(term.isOwn ? "own" : "public")
        return parts.joined(separator: ", ").shown
    }

    private static func json(_ term: Detection.Term, _ occurrence: Detection.Occurrence, _ text: String, _ start: Int) -> JSON {
        var members = [
            JSON.Member("start", .integer(Int64(start))), JSON.Member("end", .integer(Int64(start + occurrence.range.count))), JSON.Member("text", .text(text)),
            JSON.Member("id", .text(term.id.description)), JSON.Member("term", .text(term.term)), JSON.Member("inflected", .bool(occurrence.isInflected)),
        ]
        if let context = term.context { members.append(JSON.Member("context", .text(context))) }
        members += [JSON.Member("fits_context", .bool(term.fitsContext)), JSON.Member("own", .bool(term.isOwn)), JSON.Member("deprecated", .bool(term.isDeprecated))]
        if let preferred = term.preferred { members.append(JSON.Member("preferred", .text(preferred))) }
        if !term.others.isEmpty { members.append(JSON.Member("others", .list(term.others.map { .text($0.description) }))) }
        return .object(members)
    }
}

/// Where in a text one is, as people count: lines and letters from one on.
private struct TextPlace {
    private(set) var position = 0
    private var line = 1
    private var letter = 1
    /// So much of the text that is looked at now was counted.
    private var counted = 0

    /// Of a place that is not before the last one.
    mutating func locate(_ offset: Int, in text: ArraySlice<UInt8>) -> (line: Int, letter: Int) {
        count(text.dropFirst(counted).prefix(offset - counted))
        counted = offset
        return (line, letter)
    }

    /// Goes on behind that text.
    mutating func pass(_ text: ArraySlice<UInt8>) {
        count(text.dropFirst(counted))
        position += text.count
        counted = 0
    }

    private mutating func count(_ bytes: ArraySlice<UInt8>) {
        let isAtStart = position == 0 && line == 1 && letter == 1
        for (offset, byte) in bytes.enumerated() {
            // The mark of the order of bytes is no letter.
            if isAtStart, offset == 0, byte == 0xEF, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { letter -= 1 }
            if byte == UInt8(ascii: "\n") { (line, letter) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { letter += 1 }
        }
    }
}
