internal import Client
internal import Records
internal import Wire

/// One run over a file, from where the job has come to.
struct ImportRun {
    private struct Row {
        let label: String
        let cursor: String
        let share: Double?
        let row: RowOfAnyKind
    }

    private enum RowOfAnyKind {
        case memory(Memory)
        case record(Record)
    }

    private static let batchRows = 500
    private static let batchBytesMax = 4 * 1_024 * 1_024

    var work: JobWork
    private(set) var counts: [Kind: Int64] = [:]
    private let client: MemoryClient
    private let source: any ImportSource
    private let errorsMax: Int64
    private var names = Names()
    private var kind: Kind?
    private var rows: [Row] = []
    private var bytes = 0
    /// Bad lines of which no step has told yet, and up to where was read.
    private var bad: Int64 = 0
    /// Bad lines of this run.
    private var refused: Int64 = 0
    private var lastError: String?
    private var place: String

    init(_ client: MemoryClient, _ source: any ImportSource, _ work: JobWork, errorsMax: Int64) {
        self.client = client
        self.source = source
        self.work = work
        place = source.cursor
        self.errorsMax = errorsMax
    }

    /// Goes on with the unfinished import of the same source, or begins one; nil when all of it has been imported already.
    static func begin(_ client: MemoryClient, _ source: any ImportSource, _ progress: Progress, isNew: Bool, errorsMax: Int64) async throws -> ImportRun? {
        var known: Identifier?
        var cursor: String?
        if source.isResumable, let job = try await JobWork.newest(client, .importing, file: source.file), let state = job.jobState {
            let isSame = job.json(.parameters) == source.parameters
            switch (state.isOver && state != .failed, isSame, isNew) {
            case (true, true, false):
                guard source.mayGrow else {
                    progress.say("\(source.title) was imported already (job \(job.id)); --new imports it once more")
                    return nil
                }
                cursor = job.text(.cursor)
            case (false, true, false): known = job.id
            case (false, false, false):
                throw Failure("\(source.title) is not what it was when its import stopped (job \(job.id)); --new begins anew with what it is now")
            case (false, _, true): _ = try await client.controlJob(job.id, .cancel)
            case (true, _, _): break
            }
        }
        let id: Identifier
        if let known { id = known } else { id = try await client.startJob(.importing, parameters: source.parameters) }
        let work = try await JobWork.claim(client, id, progress)
        if let at = work.cursor ?? cursor {
            guard let after = try source.goOn(from: at) else { throw Failure("the job \(id) does not say where to go on") }
            if !after.isEmpty { progress.say("going on after \(after), where an import of \(source.title) ended (job \(id))") }
        }
        source.shouldStop = { work.isAskedToStop }
        return ImportRun(client, source, work, errorsMax: errorsMax)
    }

    /// All of it; what cannot be done lets go of the job.
    mutating func run() async throws {
        do { try await bring() } catch {
            // What was read and is sound stays, when it is the file that ends this.
            if error is Failure { try? await flush() }
            throw await work.letGo(after: error, isResumable: source.isResumable)
        }
    }

    private mutating func bring() async throws {
        while let entry = try source.next() {
            try await work.pauseIfAsked()
            do {
                switch entry.content {
                case .nothing: break
                case .refused(let why): try refuse(entry.label, why)
                case .object(let json, let vector):
                    let next = try ImportRun.kind(of: json)
                    if next != kind || rows.count >= ImportRun.batchRows || bytes + entry.byteCount > ImportRun.batchBytesMax { try await flush() }
                    kind = next
                    let row = try await row(next, json, vector)
                    rows.append(Row(label: entry.label, cursor: entry.cursor, share: entry.share, row: row))
                    bytes += entry.byteCount
                }
            } catch let error as FieldError {
                try refuse(entry.label, error.description)
            }
            if rows.isEmpty { place = entry.cursor }
        }
        try await work.pauseIfAsked()
        try await flush()
        _ = try await client.stepJob(work.step(cursor: place, failed: bad, error: lastError, end: .succeeded))
        work.count(done: 0, failed: bad)
    }

    private static func kind(of json: JSON) throws(FieldError) -> Kind {
        guard case .object = json else { throw FieldError("line", .malformed("it is no JSON object")) }
        guard let name = json["kind"] else { return .memory }
        guard let kind = name.text.flatMap({ Kind(name: $0) }), ExportCommand.kinds.contains(kind) else {
            throw FieldError("kind", .unknown(known: ExportCommand.kinds.map(\.name)))
        }
        return kind
    }

    private mutating func refuse(_ label: String, _ why: String) throws {
        work.progress.say("\(source.title), \(label): \(why)")
        bad += 1
        lastError = "\(label): \(why)"
        refused += 1
        guard refused <= errorsMax else { throw Failure("more than \(errorsMax) bad \(source.unit)s; nothing after \(label) was read") }
    }

    // MARK: Rows

    private mutating func row(_ kind: Kind, _ given: JSON, _ vector: [Float]?) async throws -> RowOfAnyKind {
        let json = try await names.resolved(given, kind, client)
        let now = System.wallClock
        let id = Identifier(at: now)
        guard kind == .memory else {
            var record = try Record(kind, json, id: id, at: now)
            if let vector {
                if kind == .conversation { record[.titleVector] = .vector(vector) }
                record.embedding = Embedding(space: record.embedding?.space ?? .none, vector: vector)
            }
            try record.check()
            return .record(record)
        }
        guard let agent = json["agent"]?.text.flatMap({ Identifier($0) }) else { throw FieldError("agent", .missing) }
        var memory = try Memory(json, agent: agent, id: id, at: now)
        if let vector { memory.embedding = Embedding(space: memory.embedding?.space ?? .none, vector: vector) }
        try memory.check()
        return .memory(memory)
    }

    private mutating func flush() async throws {
        let waiting = rows
        rows = []
        bytes = 0
        if !waiting.isEmpty { try await send(waiting[...]) }
    }

    /// All at once, or, when one of them is refused, in halves, until it is alone.
    private mutating func send(_ part: ArraySlice<Row>) async throws {
        guard let kind, let last = part.last else { return }
        let batch: ImportBatch =
            kind == .memory
            ? .memories(part.compactMap { if case .memory(let memory) = $0.row { memory } else { nil } })
            : .records(part.compactMap { if case .record(let record) = $0.row { record } else { nil } })
        let cursor = last.cursor
        do throws(ClientError) {
            _ = try await client.bring(batch, step: work.step(cursor: cursor, done: Int64(part.count), failed: bad, error: lastError))
        } catch {
            guard case .refused(let fault) = error, fault.isAboutARow else { throw error }
            guard part.count > 1 else {
                try refuse(last.label, fault.sentence.withoutPlace)
                return place = cursor
            }
            try await send(part.prefix(part.count / 2))
            try await send(part.suffix(part.count - part.count / 2))
            return
        }
        work.count(done: Int64(part.count), failed: bad)
        bad = 0
        place = cursor
        counts[kind, default: 0] += Int64(part.count)
        work.progress.show(Progress.text(done: work.done, failed: work.failed, rate: 0), share: last.share)
    }
}

/// What people call users and agents, and who they are.
struct Names {
    private var users: [String: Identifier] = [:]
    private var agents: [String: Identifier] = [:]

    mutating func resolved(_ json: JSON, _ kind: Kind, _ client: MemoryClient) async throws -> JSON {
        guard case .object(var members) = json else { return json }
        for index in members.indices {
            guard let name = members[index].value.text, Identifier(name) == nil else { continue }
            if members[index].name == "user" {
                members[index] = JSON.Member("user", .text(try await user(name, client).description))
            } else if members[index].name == "agent" {
                members[index] = JSON.Member("agent", .text(try await agent(name, kind, client).description))
            }
        }
        return .object(members)
    }

    private mutating func user(_ email: String, _ client: MemoryClient) async throws -> Identifier {
        if let known = users[email] { return known }
        guard let user = try await client.browse(RecordListing(.user, [.email: .text(email)], limit: 1)).records.first else {
            throw FieldError("user", .malformed("there is no user \(email)"))
        }
        users[email] = user.id
        return user.id
    }

    private mutating func agent(_ slug: String, _ kind: Kind, _ client: MemoryClient) async throws -> Identifier {
        if let known = agents[slug] { return known }
        try Checks.slug(slug)
        var found = try await client.browse(RecordListing(.agent, [.slug: .text(slug)], limit: 1)).records.first?.id
        if found == nil, kind == .memory { found = try await client.ensureAgent(slug, name: slug).id }
        guard let found else { throw FieldError("agent", .malformed("there is no agent \(slug)")) }
        agents[slug] = found
        return found
    }
}

extension Fault {
    /// Whether another row of the same batch may do.
    fileprivate var isAboutARow: Bool {
        [.invalidField, .unknownField, .wrongDimension, .alreadyExists, .notFound, .malformedBody].contains(code)
    }
}

extension String {
    /// The last part of a path.
    var file: String { split(separator: "/").last.map(String.init) ?? self }

    /// A sentence about `terms[0].term`, said of a line: about `term`.
    var withoutPlace: String {
        guard let end = range(of: "[0]."), startIndex < end.lowerBound else { return self }
        return String(self[end.upperBound...])
    }

    private func range(of part: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(part) { return index..<self.index(index, offsetBy: part.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
