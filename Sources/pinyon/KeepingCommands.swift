internal import Client
internal import Records
internal import Wire

/// How long memories are kept, and what becomes of them.
enum KeepingCommands {
    static let verbs = [update, history, forget, restore, endSession]

    // MARK: Changing

    private static let rules = Schema.of(.memory).rules.filter { $0.setter == .caller && ![.agent, .sourceMessage].contains($0.field) }
    private static let clearable: [RecordField] = [.user, .session, .expiresAt, .validFrom, .validTo]

    private static let update = Verb(
        name: "update", summary: "Change a memory", words: "UUID", wordsMax: 1,
        options: rules.map { RecordText.option($0, isNew: false) } + [
            Option("clear", "FIELD", "empty this field: \(clearable.map(RecordText.optionName).joined(separator: ", "))", repeats: true, choices: clearable.map(RecordText.optionName)),
            RecordText.vectorOption, RecordText.spaceOption, Option("no-vector", nil, "take its vector away"), Option("if-version", "N", "only if it is of this version"),
        ] + Connection.options,
        notes: "What stood there before is gone. To remember that something is so no longer, keep another memory that supersedes it."
    ) { arguments in
        guard arguments.words.count == 1 else { throw UsageError("say which memory") }
        let id = try Selection.identifiers(arguments)[0]
        try await Connection.run(arguments) { client in
            let receipt = try await client.update(try await patch(id, arguments, client))
            if arguments.has("json") { return print(Printing.json(receipt)) }
            for row in receipt.rows { print("memory \(row.id) is of version \(row.version)") }
            if receipt.waiting > 0 { print(Printing.waiting(receipt.waiting)) }
        }
    }

    private static func patch(_ id: Identifier, _ arguments: Arguments, _ client: MemoryClient) async throws -> MemoryPatch {
        let values = try await RecordText.values(rules, arguments, client)
        var patch = MemoryPatch(id: id)
        let cleared = Set(arguments.all("clear"))
        func change<Wanted>(_ field: RecordField, _ read: (Value) -> Wanted?) -> Change<Wanted> {
            if let value = values[field].flatMap(read) { return .set(value) }
            return cleared.contains(RecordText.optionName(field)) ? .clear : .keep
        }
        func identifier(_ value: Value) -> Identifier? { if case .identifier(let id) = value { id } else { nil } }
        func time(_ value: Value) -> Timestamp? { if case .time(let time) = value { time } else { nil } }
        (patch.user, patch.session) = (change(.user, identifier), change(.session, identifier))
        (patch.expiresAt, patch.validFrom, patch.validTo) = (change(.expiresAt, time), change(.validFrom, time), change(.validTo, time))
        if case .text(let text)? = values[.type] { patch.type = MemoryType(name: text) }
        if case .text(let text)? = values[.content] { patch.content = text }
        if case .number(let number)? = values[.importance] { patch.importance = number }
        if case .texts(let tags)? = values[.tags] { patch.tags = tags }
        if case .json(let json)? = values[.metadata] { patch.metadata = json }
        if case .flag(let flag)? = values[.isPinned] { patch.isPinned = flag }
        if let vector = try RecordText.vector(arguments) { patch.vector = .set(vector) } else if arguments.has("no-vector") { patch.vector = .clear }
        patch.space = try RecordText.space(arguments)
        if arguments["if-version"] != nil { patch.ifVersion = Int64(try arguments.integer("if-version", in: 1...Int.max)) }
        guard patch != MemoryPatch(id: id, ifVersion: patch.ifVersion) else { throw UsageError("say what to change") }
        do throws(FieldError) { try patch.check() } catch { throw UsageError(error.description) }
        return patch
    }

    private static let history = Verb(
        name: "history", summary: "A memory, what took its place, and whose place it took", words: "UUID", wordsMax: 1, options: Connection.options
    ) { arguments in
        guard arguments.words.count == 1 else { throw UsageError("say which memory") }
        let id = try Selection.identifiers(arguments)[0]
        try await Connection.run(arguments) { client in
            let memories = try await client.history(of: id)
            if arguments.has("json") { return print(["memories": .list(memories.map(\.json))] as JSON) }
            for memory in memories {
                let until = memory.validity.to.map { " until \($0)" } ?? ""
                print("\(memory.id)  from \(memory.validity.from ?? memory.createdAt)\(until)\n  \(memory.content.line(of: Printing.width - 2))")
            }
        }
    }

    // MARK: Forgetting

    private static let forget = Verb(
        name: "forget", summary: "Hide memories of which too little is left, or that have expired", words: "", wordsMax: 0,
        options: [
            Option("dry-run", nil, "only show which"), Option("at", "TIME", "with --dry-run: which will be due by then; now if not given"), Option("agent", "UUID|SLUG", "with --dry-run: only of this agent"),
        ] + Connection.options,
        notes: """
            The server does this by itself, within an hour. A memory is due when its importance, as far as it has faded, falls below the threshold of its agent, 0.05 if \
            nothing else is set, and not in its first day; pinned ones never are. What was forgotten can be restored for 30 days, and is deleted then.
            """
    ) { arguments in
        if arguments.has("dry-run") { return try await showDue(arguments) }
        for name in ["at", "agent"] where arguments[name] != nil { throw UsageError("--\(name) goes with --dry-run: what is due is forgotten everywhere, and now") }
        try await Connection.run(arguments) { client in
            let id = try await client.startJob(.forgetting)
            let progress = Progress(isQuiet: arguments.has("json"))
            defer { progress.end() }
            for try await job in client.watchJob(id) {
                progress.show(job)
                guard let state = job.jobState, state.isOver else { continue }
                guard state == .succeeded else { throw Failure("the job \(id) ended as \(state.rawValue)\(job.text(.lastError).map { ": \($0)" } ?? "")") }
                let count = job.integer(.doneCount) ?? 0
                print(arguments.has("json") ? (["job": .text(id.description), "forgotten": .integer(count)] as JSON).description : "forgotten or deleted: \(count)")
            }
        }
    }

    private static func showDue(_ arguments: Arguments) async throws {
        let given = MemoryListing(limit: Limits.pageMax, withHistory: true, dueAt: try Selection.time(arguments, "at") ?? System.wallClock)
        try await Connection.run(arguments) { client in
            var listing = given
            if let slug = arguments["agent"] { listing.agent = try await Selection.agent(slug, client) }
            var count = 0
            repeat {
                let page = try await client.list(listing)
                for memory in page.memories { print(arguments.has("json") ? memory.json.description : Printing.line(memory)) }
                count += page.memories.count
                listing.after = page.next
            } while listing.after != nil
            if !arguments.has("json") { print(count == 0 ? "  nothing is due" : "  due by \(given.dueAt?.description ?? ""): \(count)") }
        }
    }

    private static let restore = Verb(
        name: "restore", summary: "Bring back memories that were forgotten", words: "UUID…", wordsMax: Limits.batchMax, options: Connection.options,
        notes: "That counts as an access, and one that has expired expires no more. One that would be forgotten again at once is pinned. See pinyon list --deleted only"
    ) { arguments in
        let ids = try Selection.identifiers(arguments)
        try await Connection.run(arguments) { client in
            let receipt = try await client.restore(.memory, ids)
            print(arguments.has("json") ? Printing.json(receipt).description : "restored \(receipt.rows.count)")
        }
    }

    // MARK: Sessions

    private static let endSession = Verb(
        name: "session end", summary: "Decide about the memories of a session that is over", words: "UUID", wordsMax: 1,
        options: [
            Option("agent", "UUID|SLUG", "only those of this agent"), Option("promote", "0…1", "keep for good what is at least so important"),
            Option("drop", nil, "forget the others; they can be restored for a while"), Option("keep", nil, "leave the others in the session"),
        ] + Connection.options,
        notes: """
            Where none of these is said, the agent's memory_type says it: conversation drops all, long_term promotes all, and hybrid promotes what is at least 0.5 important and \
            drops the rest.
            """
    ) { arguments in
        guard arguments.words.count == 1 else { throw UsageError("say which session") }
        guard !(arguments.has("drop") && arguments.has("keep")) else { throw UsageError("give --drop or --keep, not both") }
        var ending = SessionEnding(session: try Selection.identifiers(arguments)[0], drops: arguments.has("drop"))
        if let text = arguments["promote"] {
            guard let least = Double(text), (0...1).contains(least) else { throw UsageError("--promote is a number from 0 to 1, not \"\(text)\"") }
            ending.promotesFrom = least
        }
        ending.isAsAgent = ending.promotesFrom == nil && !arguments.has("drop") && !arguments.has("keep")
        let given = ending
        try await Connection.run(arguments) { client in
            var ending = given
            if let slug = arguments["agent"] { ending.agent = try await Selection.agent(slug, client) }
            let counts: JSON
            do throws(ClientError) { counts = try await client.endSession(ending) } catch {
                guard ending.isAsAgent, ending.agent == nil, case .refused(let fault) = error, fault.field == "agent" else { throw error }
                throw UsageError("that session is no conversation of an agent, whose memory_type would say it: add --agent, or --promote, --drop or --keep")
            }
            if arguments.has("json") { return print(counts) }
            print(["promoted", "dropped"].map { "\($0) \(counts[$0]?.integer ?? 0)" }.joined(separator: ", "))
        }
    }
}
