internal import Client
internal import Records
internal import Termbase
internal import Terminology

/// Terms from files and into files of other programs.
enum TermFileCommands {
    static let verbs = [importing, exporting]

    private static let formats = TermFile.Format.allCases.map(\.rawValue)
    private static let fileBytesMax = 256 * 1_024 * 1_024

    private static let importing = Verb(
        name: "term import", summary: "Bring terms from a CSV, JSON Lines or TBX file", words: "FILE", wordsMax: 1,
        options: [
            Option("user", "UUID|EMAIL", "whose terms they will be"), Option("format", "FORMAT", "csv, jsonl or tbx; by the file's name if not given", choices: formats),
            Option("duplicates", "ACTION", "what to do about terms that are there already: refuse the file, skip them, or merge into what is there", or: "refuse", choices: Duplicates.allCases.map(\.rawValue)),
            Option("skip-bad", nil, "take the rest where entries cannot be taken"), Option("dry-run", nil, "say what would be done, and do nothing"),
        ] + Connection.options,
        notes: """
            All is looked at before anything is sent, and where it cannot be done to the end, what was done is undone. Each refusal is told with its line. A CSV file's header names the fields: term and definition, and any of \
            context, language, status, preferred_term, usage_examples, related_terms, tags, frequency, last_used_at, is_public; several values of one have | between them. \
            A term is a duplicate where one of the same words, context and language is there. To merge is to add what is missing, and another definition below the first; \
            status, and how often a term was used, stay.
            """,
        run: runImport)

    private static let exporting = Verb(
        name: "term export", summary: "Write a user's terms as CSV, JSON Lines or TBX", words: "FILE", wordsMax: 1,
        options: [
            Option("user", "UUID|EMAIL", "whose terms they are"), Option("context", "CONTEXT", "only of this context"), Option("tag", "TAG", "only with this tag", repeats: true),
            Option("format", "FORMAT", "csv, jsonl or tbx; by the file's name if not given", choices: formats),
        ] + Connection.options,
        notes: "- writes to standard output. TBX has no place for tags, for how often and when a term was used, and for whether it is public.",
        run: runExport)

    private enum Duplicates: String, CaseIterable {
        case refuse
        case skip
        case merge
    }

    private static func format(_ arguments: Arguments) throws -> (path: String, format: TermFile.Format) {
        guard let path = arguments.words.first else { throw UsageError("say which file") }
        guard let format = arguments["format"].flatMap({ TermFile.Format(rawValue: $0) }) ?? TermFile.Format(path: path) else {
            throw UsageError("\(path) does not say what it is: name --format \(formats.joined(separator: ", "))")
        }
        return (path, format)
    }

    // MARK: Import

    @Sendable private static func runImport(_ arguments: Arguments) async throws {
        let (path, format) = try format(arguments)
        let owner = try arguments.required("user")
        let duplicates = Duplicates(rawValue: try arguments.required("duplicates")) ?? .refuse
        let bytes = try System.read(file: path, bytesMax: fileBytesMax)
        let file: TermFile
        do throws(TermFile.Refusal) { file = try TermFile.read(bytes, as: format) } catch { throw Failure("\(path), line \(error.line): \(error.reason). Nothing was imported") }
        let refusals = file.refusals.sorted { $0.line < $1.line }
        try refuse(refusals.map { "\(path), line \($0.line): \($0.reason)" }, arguments.has("skip-bad"), "cannot be taken", "--skip-bad takes the rest")
        guard !file.entries.isEmpty else { throw Failure("\(path) holds no terms") }
        try await Connection.run(arguments) { client in
            let user = try await RecordText.identifier(owner, .user, "--user", client)
            var plan = TermPlan(try await terms(of: user, client))
            for entry in file.entries { plan.take(entry) }
            let sentences = plan.duplicates.map { duplicate in
                "\(path), line \(duplicate.line): \"\(duplicate.term)\" is there already, \(duplicate.other.map { "in line \($0)" } ?? "in the dictionary")"
            }
            if duplicates == .merge { try plan.merge() } else {
                let what = sentences.count == 1 ? "is a duplicate" : "are duplicates"
                try refuse(sentences, duplicates == .skip, what, "--duplicates skip leaves them out, --duplicates merge adds to what is there")
            }
            let now = System.wallClock
            // Named here, so that those whose answer is lost can be taken back.
            let drafts = plan.new.map { RecordDraft(.term, id: Identifier(at: now), $0.values.merging([.user: .identifier(user)]) { own, _ in own }) }
            if !arguments.has("dry-run") { try await send(drafts, plan.patches, client) }
            let left = duplicates == .refuse ? 0 : plan.duplicates.count - plan.mergedCount
            let numbers: [(String, Int)] = [("imported", drafts.count), ("merged", plan.mergedCount), ("unchanged", duplicates == .merge ? left : 0), ("skipped", refusals.count + (duplicates == .skip ? left : 0))]
            guard !arguments.has("json") else { return print(JSON.object(numbers.map { JSON.Member($0.0, .integer(Int64($0.1))) } + [JSON.Member("dry_run", .bool(arguments.has("dry-run")))])) }
            let told = numbers.filter { $0.1 > 0 || $0.0 == "imported" }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
            print(arguments.has("dry-run") ? "would have \(told), and did nothing" : told)
        }
    }

    private static let sentencesMax = 20

    /// Tells each of them; unless they may be passed over, nothing is imported.
    private static func refuse(_ sentences: [String], _ isPassedOver: Bool, _ what: String, _ advice: String) throws {
        guard !sentences.isEmpty else { return }
        for sentence in sentences.prefix(sentencesMax) { System.printError(sentence.shown) }
        if sentences.count > sentencesMax { System.printError("and \(sentences.count - sentencesMax) more") }
        guard !isPassedOver else { return }
        throw Failure("\(sentences.count) \(sentences.count == 1 ? "entry" : "entries") \(what), and nothing was imported; \(advice)")
    }

    private static func terms(of user: Identifier, _ client: MemoryClient, _ more: [RecordField: Value] = [:]) async throws -> [Record] {
        var listing = RecordListing(.term, more, order: .term, isAscending: true, limit: Limits.pageMax)
        listing.values[.user] = .identifier(user)
        return try await client.all(listing)
    }

    private static let batchRows = 500
    private static let batchBytesMax = 8 * 1_024 * 1_024

    /// New ones in batches, then what is merged, each in its place. Where it cannot be done to the end, or is not to be, all of it is taken back.
    private static func send(_ drafts: [RecordDraft], _ patches: [TermPlan.Merging], _ client: MemoryClient) async throws {
        let stop = Signals.stopRequests()
        var (made, changed): ([[Identifier]], [TermPlan.Merging]) = ([], [])
        do {
            for batch in batches(drafts) {
                made.append(batch.compactMap(\.id))
                _ = try await client.create(batch)
                if stop.hasCome { throw Failure("it was stopped") }
            }
            for merging in patches {
                _ = try await client.change(merging.patch)
                changed.append(merging)
                if stop.hasCome { throw Failure("it was stopped") }
            }
        } catch {
            // Whether the last batch was made may not be known. What somebody else changed since is his.
            var left = 0
            for merging in changed.reversed() where (try? await client.change(merging.undoing)) == nil { left += 1 }
            for ids in made.reversed() { if (try? await client.remove(.term, ids)) == nil, ids != made.last { left += ids.count } }
            let why = (error as? Failure)?.sentence ?? "\(error)"
            throw Failure("\(why). " + (left == 0 ? "Nothing was imported" : "\(left) terms that were imported or merged before could not be taken back"))
        }
    }

    private static func batches(_ drafts: [RecordDraft]) -> [[RecordDraft]] {
        var (batches, bytes): ([[RecordDraft]], Int) = ([], 0)
        for draft in drafts {
            let size = draft.values.values.reduce(0) { $0 + $1.json.description.utf8.count }
            if batches.isEmpty || batches[batches.count - 1].count >= batchRows || bytes + size > batchBytesMax { (batches, bytes) = (batches + [[]], 0) }
            batches[batches.count - 1].append(draft)
            bytes += size
        }
        return batches
    }

    // MARK: Export

    @Sendable private static func runExport(_ arguments: Arguments) async throws {
        let (path, format) = try format(arguments)
        let owner = try arguments.required("user")
        if path != "-" { try System.requireAbsent(path) }
        try await Connection.run(arguments) { client in
            var more: [RecordField: Value] = [:]
            more[.context] = arguments["context"].map { .text($0) }
            if !arguments.all("tag").isEmpty { more[.tags] = .texts(arguments.all("tag")) }
            let user = try await RecordText.identifier(owner, .user, "--user", client)
            let records = try await terms(of: user, client, more)
            let text = TermFile.write(records, as: format)
            guard path != "-" else { return print(text, terminator: "") }
            try System.write(Array(text.utf8), file: path, mode: 0o644)
            print(arguments.has("json") ? "\(JSON.object([JSON.Member("exported", .integer(Int64(records.count)))]))" : "exported \(records.count) terms into \(path)")
        }
    }
}

/// Which entries of a file are new, and which are there already.
struct TermPlan {
    struct Duplicate {
        let line: Int
        let term: String
        /// Where the file has it before; nil where the dictionary has it.
        let other: Int?
    }

    private struct Name: Hashable {
        let key: TermKey
        let context: String?
        let language: String?

        init(_ text: (RecordField) -> String?) {
            key = TermKey(text(.term) ?? "")
            context = text(.context)
            language = text(.language)?.lowercased()
        }
    }

    private var known: [Name: Record]
    private var places: [Name: Int] = [:]
    private(set) var new: [TermFile.Entry] = []
    private(set) var duplicates: [Duplicate] = []
    /// By where in the file's new ones they belong, or by what they add to.
    private var additions: [(target: Target, entry: TermFile.Entry)] = []

    private enum Target: Hashable {
        case new(Int)
        case known(Record)
    }

    /// What is added to an entry of the dictionary, and what takes that back.
    struct Merging {
        var patch: RecordPatch
        let undoing: RecordPatch
    }

    private(set) var patches: [Merging] = []
    /// So many duplicates added something.
    private(set) var mergedCount = 0

    init(_ records: [Record]) {
        known = Dictionary(records.map { record in (Name { record.text($0) }, record) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func take(_ entry: TermFile.Entry) {
        let name = Name { field in if case .text(let text)? = entry.values[field] { text } else { nil } }
        let term = if case .text(let text)? = entry.values[.term] { text } else { "" }
        if let record = known[name] {
            duplicates.append(Duplicate(line: entry.line, term: term, other: nil))
            additions.append((.known(record), entry))
        } else if let place = places[name] {
            duplicates.append(Duplicate(line: entry.line, term: term, other: new[place].line))
            additions.append((.new(place), entry))
        } else {
            places[name] = new.count
            new.append(entry)
        }
    }

    /// Adds duplicates to what they are duplicates of.
    mutating func merge() throws {
        var (whole, said): ([Target: [RecordField: Value]], [Target: Set<String>]) = ([:], [:])
        for (target, entry) in additions {
            let old = whole[target] ?? values(of: target)
            var added = TermPlan.added(by: entry.values, to: old)
            if case .text(let known)? = old[.definition], case .text(let more)? = entry.values[.definition] {
                let isSaid = "\n\(known)\n".contains("\n\(more)\n")
                if !isSaid, said[target, default: []].insert(more).inserted { added[.definition] = .text("\(known)\n\(more)") }
            }
            guard !added.isEmpty else { continue }
            mergedCount += 1
            let new = old.merging(added) { _, new in new }
            let settable = new.filter { Schema.of(.term)[$0.key]?.setter != .server }
            do throws(FieldError) { try RecordDraft(.term, settable.merging([.user: .identifier(Identifier(high: 0, low: 0))]) { own, _ in own }).check() } catch {
                throw Failure("line \(entry.line) cannot be merged: \(error). Nothing was imported")
            }
            whole[target] = new
        }
        for (target, values) in whole {
            switch target {
            case .new(let place): new[place].values = values
            case .known(let record): patches.append(merging(record, values))
            }
        }
        patches.sort { $0.patch.id < $1.patch.id }
    }

    private func values(of target: Target) -> [RecordField: Value] {
        switch target {
        case .new(let place): new[place].values
        case .known(let record): Dictionary(uniqueKeysWithValues: record.schema.rules.compactMap { rule in record[rule.field].map { (rule.field, $0) } })
        }
    }

    private func merging(_ record: Record, _ values: [RecordField: Value]) -> Merging {
        let changed = values.filter { record[$0.key] != $0.value }
        let missing = changed.keys.filter { record[$0] == nil }
        let old = changed.keys.reduce(into: [RecordField: Value]()) { old, field in old[field] = record[field] }
        return Merging(patch: RecordPatch(.term, id: record.id, ifVersion: record.version, changed), undoing: RecordPatch(.term, id: record.id, ifVersion: record.version + 1, old, clearing: Set(missing)))
    }

    /// What was missing, and lists with what they lacked. Of what an entry has, another word is not taken for it; how often it was used the server knows better.
    private static func added(by new: [RecordField: Value], to old: [RecordField: Value]) -> [RecordField: Value] {
        var added: [RecordField: Value] = [:]
        for (field, value) in new where Schema.of(.term)[field]?.setter == .caller {
            switch (old[field], value) {
            case (nil, _): if field != .preferred || old[.status] == .text(TermStanding.deprecated.name) { added[field] = value }
            case (.texts(let known)?, .texts(let more)):
                let missing = more.filter { !known.contains($0) }
                if !missing.isEmpty { added[field] = .texts(known + missing) }
            default: break
            }
        }
        return added
    }
}
