internal import Client
internal import Recall
internal import Records

/// What users do with suggestions, and what the server made of it.
enum LearnCommands {
    static let verbs = [learn, learned]

    private static let user = Option("user", "UUID|EMAIL", "whose dictionary; a key of one user needs none")

    private static let learn = Verb(
        name: "learn", summary: "Tell what was done with a suggestion, or what was written", words: "accepted|rejected|ignored TERM…|UUID, or typed [TEXT…]", wordsMax: Int.max,
        options: [
            user, Option("context", "CONTEXT", "in which it was suggested"), Option("file", "FILE", "for typed: each line is a text (- reads standard input)"),
        ] + Connection.options,
        notes: """
            What is accepted counts as used. What is rejected twice in a context, and not accepted there since, is suggested behind all others there. Of texts that are typed \
            the words are counted that no term knows.
            """,
        run: runLearn)

    private static let learned = Verb(
        name: "learned", summary: "What was learned of a user's terms, and words that he may want as terms", words: "", wordsMax: 0,
        options: [
            user, Option("min", "N", "words that were written in so many texts", or: "3"), Option("remove", "UUID|WORD", "forgets one pattern, or one word"),
        ] + Connection.options,
        run: runLearned)

    @Sendable private static func runLearn(_ arguments: Arguments) async throws {
        let reactions = TermReaction.allCases.map(\.name)
        guard let what = arguments.words.first, reactions.contains(what) || what == "typed" else { throw UsageError("say \(reactions.joined(separator: ", ")) or typed first") }
        let rest = arguments.words.dropFirst().joined(separator: " ")
        guard what == "typed" || arguments["file"] == nil else { throw UsageError("--file is for typed") }
        guard rest.isEmpty == (arguments["file"] != nil) else { throw UsageError(what == "typed" ? "give a text or --file" : "name the term that was \(what)") }
        guard what != "typed" || arguments["context"] == nil else { throw UsageError("--context is for suggestions") }
        try await Connection.run(arguments) { client in
            let user = try await RecordText.user(arguments, client)
            guard let reaction = TermReaction.allCases.first(where: { $0.name == what }) else {
                let texts = try arguments["file"].map { try lines($0) } ?? [rest]
                for part in texts.parts(of: Limits.typedTextsMax) { _ = try await client.learn(LearnRequest(user: user, typed: part)) }
                return
            }
            let event = LearnEvent(try await RelatedCommand.entry(rest, user, arguments["context"], client), reaction, context: arguments["context"])
            _ = try await client.learn(LearnRequest([event], user: user))
        }
    }

    private static func lines(_ path: String) throws -> [String] {
        let reader = try LineReader(path)
        var lines: [String] = []
        while let line = try reader.next() {
            guard !line.isTooLong, line.bytes.count <= Limits.textQueryBytesMax, let text = String(validating: line.bytes, as: UTF8.self) else {
                throw Failure("\(path), line \(line.number) is no UTF-8 text of at most \(Limits.textQueryBytesMax) bytes")
            }
            if !text.isEmpty { lines.append(text) }
        }
        return lines
    }

    @Sendable private static func runLearned(_ arguments: Arguments) async throws {
        let min = try arguments.integer("min", in: 1...Int(Int32.max))
        try await Connection.run(arguments) { client in
            let user = try await RecordText.user(arguments, client)
            // One who sees several users' dictionaries is to say whose, as everywhere.
            if user == nil { _ = try await client.suggestions(SuggestRequest("a", limit: 1)) }
            if let what = arguments["remove"] { return try await remove(what, user, client) }
            for record in try await patterns(TermLesson.type, user, client) {
                if arguments.has("json") { print(record.json().description) } else if let lesson = TermLesson(record) { print(line(lesson, record)) }
            }
            for (word, count) in try await candidates(user, client) where count >= min {
                print(arguments.has("json") ? "\(JSON.object([JSON.Member("candidate", .text(word)), JSON.Member("count", .integer(count))]))" : "\(word.shown)  (in \(count) \(count == 1 ? "text" : "texts"), no term)")
            }
        }
    }

    private static func patterns(_ type: String, _ user: Identifier?, _ client: MemoryClient) async throws -> [Record] {
        var listing = RecordListing(.pattern, [.type: .text(type)], order: .lastSeenAt, limit: Limits.pageMax)
        listing.values[.user] = user.map { .identifier($0) }
        return try await client.all(listing)
    }

    /// Words that have become terms meanwhile are none any more.
    private static func candidates(_ user: Identifier?, _ client: MemoryClient) async throws -> [(String, Int64)] {
        var all: [(String, Int64)] = []
        for record in try await patterns(WordCounts.type, user, client) {
            let words = WordCounts(record)?.ordered ?? []
            guard !words.isEmpty, let owner = record.identifier(.user) else { continue }
            // Each in a paragraph of its own, so that none is found across two.
            let found = try await client.detection(DetectRequest(words.map(\.word).joined(separator: "\n\n"), user: owner))
            var (start, known) = (0, Set(found.occurrences.map(\.range)))
            for (word, count) in words {
                if known.remove(start..<start + word.utf8.count) == nil { all.append((word, count)) }
                start += word.utf8.count + 2
            }
        }
        return all
    }

    private static func line(_ lesson: TermLesson, _ record: Record) -> String {
        var parts = [("accepted", lesson.accepted), ("rejected", lesson.rejected), ("ignored", lesson.ignored)].filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
        parts.append("confidence \((record.number(.confidence) ?? 0).text(digits: 2))")
        if let context = lesson.context { parts.append("in \(context)") }
        if lesson.isSunk { parts.append("suggested last") }
        return "\(record.id)  \((record.json(.data)?["term"]?.text ?? "").shown)  (\(parts.joined(separator: ", ").shown))"
    }

    private static func remove(_ what: String, _ user: Identifier?, _ client: MemoryClient) async throws {
        if let id = Identifier(what) {
            let types = [TermLesson.type, WordCounts.type]
            guard let record = try await client.records(.pattern, [id]).first, record.text(.type).map(types.contains) ?? false, user == nil || record.identifier(.user) == user else {
                throw Failure("\(what) is no pattern of what was learned of that user's terms")
            }
            _ = try await client.remove(.pattern, [id])
            return
        }
        let what = what.lowercased()
        for record in try await patterns(WordCounts.type, user, client) {
            guard var counts = WordCounts(record), counts.counts[what] != nil else { continue }
            counts.remove(what)
            _ = try await client.change(RecordPatch(.pattern, id: record.id, ifVersion: record.version, [.data: .json(counts.data)]))
            return
        }
        throw Failure("no pattern and no word \"\(what)\" was learned")
    }
}
