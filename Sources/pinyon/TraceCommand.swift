internal import Client
internal import Records
internal import Storage
internal import Wire

/// Which memories were recalled, by whom, when and with which score.
enum TraceCommand {
    static let verb = Verb(
        name: "trace", summary: "Which memories were recalled, when, by whom", words: "[UUID…]", wordsMax: Limits.batchMax,
        options: [
            Option("agent", "UUID|SLUG", "only recalls of this agent's memories"), Option("session", "UUID", "only of this session"),
            Option("memory", "UUID", "only those with this memory among their first 300: looks through all that the other options leave"), Option("by", "UUID", "only by this access key"),
            Option("since", "TIME", "only from this time on"), Option("until", "TIME", "only before this time"),
            Option("limit", "N", "how many", or: "20"), Option("after", "UUID", "continue after this one"),
        ] + Connection.options,
        notes: """
            Without UUIDs: recalls, the newest first. With them: each memory that came, with its version and score, and whether it still says what it said. A recall's answer \
            names its entry (report.trace with --json), which is there within a second. Entries are kept for 30 days, or as many as the organization's settings say: \
            {"memory": {"trace_days": 90}}; 0 keeps none. They hold no text: what an erased memory said cannot be found out from them.
            """,
        run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        guard arguments.words.isEmpty else { return try await show(arguments) }
        var listing = RecordListing(.audit, [.event: .text(RecallTrace.event)], limit: Limits.pageMax)
        if let text = arguments["session"] { listing.values[.session] = .identifier(try Selection.identifier(text, "session")) }
        if let text = arguments["by"] { listing.values[.key] = .identifier(try Selection.identifier(text, "by")) }
        let (since, until) = (try Selection.time(arguments, "since"), try Selection.time(arguments, "until"))
        if let until { listing.after = RecordListing.Cursor(id: Identifier(firstAt: until)) }
        if let text = arguments["after"] {
            let after = try Selection.identifier(text, "after")
            listing.after = RecordListing.Cursor(id: min(after, listing.after?.id ?? after))
        }
        let memory = try arguments["memory"].map { text throws(UsageError) in try Selection.identifier(text, "memory") }
        let limit = try arguments.integer("limit", in: 1...Limits.pageMax)
        let given = listing
        try await Connection.run(arguments) { client in
            var listing = given
            if let slug = arguments["agent"] { listing.values[.resource] = .identifier(try await Selection.agent(slug, client)) }
            if let memory, listing.values[.resource] == nil, let agent = try await find([memory], client)[memory]?.agent { listing.values[.resource] = .identifier(agent) }
            if memory == nil { listing.limit = limit }
            let found = try await entries(listing, since, limit, client) { entry in memory.map { wanted in memories(of: entry).contains { $0.id == wanted } } ?? true }
            if arguments.has("json") {
                return print(["traces": .list(found.entries.map { $0.json() }), "next": found.next.map { .text($0.description) } ?? .null] as JSON)
            }
            let names = try await slugs(found.entries, client)
            for entry in found.entries { print(line(entry, names)) }
            if found.entries.isEmpty { print("  nothing there") }
            if let next = found.next { print("  more: pinyon trace --after \(next)") }
        }
    }

    // MARK: Looking

    private static func entries(
        _ listing: RecordListing, _ since: Timestamp?, _ limit: Int, _ client: MemoryClient, _ isWanted: (Record) -> Bool
    ) async throws -> (entries: [Record], next: Identifier?) {
        var (listing, found) = (listing, [Record]())
        while true {
            let page = try await client.browse(listing)
            for (place, entry) in page.records.enumerated() {
                if let since, entry.createdAt < since { return (found, nil) }
                guard isWanted(entry) else { continue }
                found.append(entry)
                if found.count == limit { return (found, place < page.records.count - 1 || page.next != nil ? entry.id : nil) }
            }
            guard let next = page.next else { return (found, nil) }
            listing.after = next
        }
    }

    /// Those that are still there.
    private static func find(_ ids: [Identifier], _ client: MemoryClient) async throws -> [Identifier: Memory] {
        Dictionary(try await shown(ids) { try await client.memories($0) }.map { ($0.id, $0) }) { first, _ in first }
    }

    /// Those of the rows that are there; none where the key may not see them.
    private static func shown<Row>(_ ids: [Identifier], _ read: ([Identifier]) async throws -> [Row]) async throws -> [Row] {
        guard !ids.isEmpty else { return [] }
        do { return try await read(ids) } catch let error as ClientError {
            guard case .refused(let fault) = error, [ErrorCode.notFound, .forbidden].contains(fault.code) else { throw error }
            return []
        }
    }

    private struct Recalled {
        let id: Identifier
        let version: Int64
        let score: Double
        let text: String
    }

    private static func memories(of entry: Record) -> [Recalled] {
        (entry.json(.metadata)?["memories"]?.list ?? []).compactMap { one in
            guard let id = one["id"]?.text.flatMap({ Identifier($0) }) else { return nil }
            return Recalled(id: id, version: one["version"]?.integer ?? 0, score: one["score"]?.number ?? 0, text: one["text"]?.text ?? "")
        }
    }

    // MARK: Telling

    /// Of the agents that are still there, as far as the key may see them.
    private static func slugs(_ entries: [Record], _ client: MemoryClient) async throws -> [Identifier: String] {
        let agents = try await shown(Set(entries.compactMap { $0.identifier(.resource) }).sorted()) { try await client.records(.agent, $0) }
        return Dictionary(agents.compactMap { agent in agent.text(.slug).map { (agent.id, $0) } }) { first, _ in first }
    }

    private static func agent(_ entry: Record, _ slugs: [Identifier: String]) -> String {
        entry.identifier(.resource).map { id in "agent \(slugs[id] ?? id.description)" } ?? ""
    }

    private static func line(_ entry: Record, _ slugs: [Identifier: String]) -> String {
        let came = memories(of: entry)
        let session = entry.identifier(.session).map { "  session \($0)" } ?? ""
        let best = came.first.map { ", the best \(Printing.score(Float($0.score)).drop { $0 == " " })" } ?? ""
        let count = came.count + Int(clamping: entry.json(.metadata)?["left_out"]?.integer ?? 0)
        return "\(entry.id)  \(entry.createdAt)  \(count) \(count == 1 ? "memory" : "memories")\(best)\n  \(agent(entry, slugs))\(session)"
    }

    private static func show(_ arguments: Arguments) async throws {
        var seen: Set<Identifier> = []
        let ids = try Selection.identifiers(arguments).filter { seen.insert($0).inserted }
        for name in ["agent", "session", "memory", "by", "since", "until", "after"] where arguments[name] != nil { throw UsageError("--\(name) is for a list; this asks for entries by name") }
        try await Connection.run(arguments) { client in
            let entries = try await client.records(.audit, ids)
            if arguments.has("json") {
                print(["traces": .list(entries.map { $0.json() })] as JSON)
            } else {
                let names = try await slugs(entries, client)
                for entry in entries { try await tell(entry, names, client) }
            }
            if let missing = ids.first(where: { id in !entries.contains { $0.id == id } }) { throw Failure("there is no audit entry \(missing), or not yet") }
        }
    }

    private static func tell(_ entry: Record, _ slugs: [Identifier: String], _ client: MemoryClient) async throws {
        let (came, metadata) = (memories(of: entry), entry.json(.metadata))
        let now = try await find(came.filter { ["same", "changed"].contains($0.text) }.map(\.id), client)
        print("recall \(entry.id)")
        print("  at \(entry.createdAt), \(metadata?["mode"]?.text ?? "")\(metadata?["as_of"]?.text.map { ", as of \($0)" } ?? "")\(metadata?["known_at"]?.text.map { ", as known at \($0)" } ?? "")")
        print("  \(agent(entry, slugs))")
        for (name, field) in [("session", RecordField.session), ("user", .user), ("key", .key)] {
            if let id = entry.identifier(field) { print("  \(name) \(id)") }
        }
        if came.isEmpty { print("  nothing came") }
        for recalled in came {
            print("\(Printing.score(Float(recalled.score)))  \(recalled.id), version \(recalled.version)\(fate(recalled, now[recalled.id]))")
            if let memory = now[recalled.id] { print("  \(recalled.text == "changed" ? "now: " : "")\(memory.content.line(of: Printing.width - 7))") }
        }
        if let more = metadata?["left_out"]?.integer { print("  and \(more) more") }
    }

    /// What became of it since; nothing where it still says the same.
    private static func fate(_ recalled: Recalled, _ now: Memory?) -> String {
        switch recalled.text {
        case "same": now == nil ? ", which cannot be shown now" : now?.supersededBy.map { ", superseded by \($0)" } ?? ""
        case "changed": ", which says something else now"
        case "unknown": ", of which it cannot be told whether it said the same"
        default: ", \(recalled.text)"
        }
    }
}
