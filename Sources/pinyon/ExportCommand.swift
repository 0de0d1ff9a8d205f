internal import Client
internal import Records

enum ExportCommand {
    /// All that can be moved, in the order in which they refer to each other.
    static let kinds: [Kind] = [.user, .agent, .conversation, .message, .memory, .term, .pattern]

    static let verb = Verb(
        name: "export", summary: "Write every row of the organization as JSON Lines", words: "FILE", wordsMax: 1,
        options: [
            Option("kind", "KIND", "only of this kind", repeats: true, choices: kinds.map(\.name)),
            Option("new", nil, "begin anew, though an unfinished export into this file is there"),
        ] + Connection.options,
        notes: "Users, agents, conversations, messages, memories, terms and patterns, deleted ones too, in the order in which they can be imported. Keys stay. "
            + "A conversation's vector is left out: it follows from its title's and its messages'. Stopped or cut off, the same command goes on where it was. "
            + "- writes to standard output. What is written meanwhile may be in it or not, and memories that have expired are not."
    ) { arguments in
        guard let path = arguments.words.first else { throw UsageError("say which file") }
        var asked: [Kind] = []
        for name in arguments.all("kind") {
            guard let kind = ExportCommand.kinds.first(where: { $0.name == name }) else {
                throw UsageError("--kind is \(ExportCommand.kinds.map(\.name).joined(separator: ", "))")
            }
            asked.append(kind)
        }
        let wanted = asked.isEmpty ? ExportCommand.kinds : ExportCommand.kinds.filter(asked.contains)
        try await Connection.run(arguments) { client in
            let progress = Progress(isQuiet: arguments.has("json") && !System.isErrorTerminal)
            defer { progress.end() }
            var run = try await ExportRun.begin(client, path, wanted, progress, isNew: arguments.has("new"))
            try await run.run()
            progress.end()
            guard path != "-" else { return }
            let bytes = run.writer.byteCount
            print(
                arguments.has("json")
                    ? (["job": .text(run.work.id.description), "exported": .integer(run.work.done), "bytes": .integer(bytes)] as JSON).description
                    : "exported \(run.work.done) rows, \(bytes) bytes, into \(path)")
        }
    }
}

/// One run into a file, from where the job has come to.
private struct ExportRun {
    private static let pageRows = 500

    var work: JobWork
    let writer: LineWriter
    private let client: MemoryClient
    private let kinds: [Kind]
    private var position: Int
    private var after: Identifier?
    private let expected: Int64

    init(_ client: MemoryClient, _ kinds: [Kind], _ work: JobWork, _ place: Place, _ writer: LineWriter, expected: Int64) {
        self.client = client
        self.kinds = kinds
        self.work = work
        self.writer = writer
        self.expected = expected
        position = place.position
        after = place.after
    }

    /// What a job's cursor says: which kind, after which row of it, and how long the file was then.
    struct Place {
        var position = 0
        var after: Identifier?
        var bytes: Int64 = 0

        init() {}

        init?(_ cursor: String, kinds: Int) {
            let parts = cursor.split(separator: " ").map(String.init)
            guard parts.count == 3, let position = Int(parts[0]), (0...kinds).contains(position), let bytes = Int64(parts[2]) else { return nil }
            self.position = position
            self.bytes = bytes
            after = Identifier(parts[1])
        }
    }

    /// Goes on with the unfinished export into that file, or begins one.
    static func begin(_ client: MemoryClient, _ path: String, _ kinds: [Kind], _ progress: Progress, isNew: Bool) async throws -> ExportRun {
        let parameters: JSON = ["file": .text(path.file), "kinds": .list(kinds.map { .text($0.name) })]
        var known = path == "-" || !System.exists(path) ? nil : try await JobWork.unfinished(client, .exporting, parameters)
        if isNew, let old = known {
            _ = try await client.controlJob(old.id, .cancel)
            known = nil
        }
        if known == nil, path != "-", System.exists(path) { throw Failure("\(path) is there already; move it away first") }
        // A file that cannot be made is noticed before there is a job for it.
        let new = known == nil ? try LineWriter(path) : nil
        let expected = try await expected(client, kinds)
        let id: Identifier
        if let known { id = known.id } else { id = try await client.startJob(.exporting, parameters: parameters, total: expected) }
        let work = try await JobWork.claim(client, id, progress)
        var place = Place()
        if let cursor = work.cursor {
            guard let found = Place(cursor, kinds: kinds.count) else { throw Failure("the job \(id) does not say where to go on") }
            place = found
            progress.say("going on after \(place.bytes) bytes, where an export into this file ended (job \(id))")
        }
        let writer = if let new { new } else { try LineWriter(path, keeping: place.bytes) }
        return ExportRun(client, kinds, work, place, writer, expected: expected)
    }

    /// Without what is deleted, so that there can be more; 0 where the key may not ask.
    private static func expected(_ client: MemoryClient, _ kinds: [Kind]) async throws -> Int64 {
        do throws(ClientError) {
            let organization = try await client.status()["organization"]
            return kinds.reduce(0) { $0 + (organization?[$1.plural]?.integer ?? 0) }
        } catch {
            guard case .refused = error else { throw error }
            return 0
        }
    }

    /// All of it; what cannot be done lets go of the job.
    mutating func run() async throws {
        do { try await bring() } catch { throw await work.letGo(after: error, isResumable: writer.isFile) }
    }

    private mutating func bring() async throws {
        while position < kinds.count {
            try await work.pauseIfAsked()
            let (lines, next) = try await page(kinds[position])
            try writer.write(lines.flatMap { Array($0.description.utf8) + [UInt8(ascii: "\n")] })
            after = next
            if next == nil { position += 1 }
            let cursor = "\(position) \(next?.description ?? "-") \(writer.byteCount)"
            _ = try await client.stepJob(work.step(cursor: cursor, done: Int64(lines.count), end: position == kinds.count ? .succeeded : nil))
            work.count(done: Int64(lines.count), failed: 0)
            let share = expected > 0 ? Double(work.done) / Double(expected) : nil
            work.progress.show(Progress.text(done: work.done, failed: 0, rate: 0), share: share)
        }
    }

    private func page(_ kind: Kind) async throws -> (lines: [JSON], next: Identifier?) {
        guard kind == .memory else {
            let listing = RecordListing(
                kind, isAscending: true, deleted: .with, after: after.map { RecordListing.Cursor(id: $0) }, limit: ExportRun.pageRows, withVectors: true)
            let page = try await client.browse(listing)
            return (page.records.map { $0.json(withOwnVector: kind != .conversation) }, page.next?.id)
        }
        var listing = MemoryListing(limit: ExportRun.pageRows, withHistory: true, deleted: .with)
        listing.after = after
        listing.withVectors = true
        let page = try await client.list(listing)
        return (page.memories.map(\.json), page.next)
    }
}
