public import Records

/// A request as the server understands it.
public struct Request: Hashable, Sendable {
    public let envelope: Envelope
    public let operation: Operation

    public init(envelope: Envelope, operation: Operation) {
        self.envelope = envelope
        self.operation = operation
    }
}

private enum Tag {
    // Of lists of identifiers, and of nested memories.
    static let main: UInt16 = 16
    static let withVectors: UInt16 = 17
    // Of an agent that is ensured.
    static let slug: UInt16 = 16
    static let name: UInt16 = 17
    // Of a listing.
    static let agent: UInt16 = 16
    static let session: UInt16 = 17
    static let type: UInt16 = 18
    static let after: UInt16 = 19
    static let limit: UInt16 = 20
    static let listingWithVectors: UInt16 = 21
    static let withHistory: UInt16 = 22
    static let listingDeleted: UInt16 = 23
    static let dueAt: UInt16 = 24
    // Of a search.
    static let vector: UInt16 = 16
    static let text: UInt16 = 17
    static let k: UInt16 = 18
    static let filter: UInt16 = 19
    static let exact: UInt16 = 20
    static let withContent: UInt16 = 21
    static let space: UInt16 = 22
    static let recall: UInt16 = 23
    static let probes: UInt16 = 24
    static let mode: UInt16 = 25
    // Of an opened conversation, and of a key that is rotated.
    static let messages: UInt16 = 17
    static let overlapSeconds: UInt16 = 17
}

extension Request {
    public func append(id: UInt64, to buffer: inout [UInt8]) {
        FrameWriter.append(.request, request: id, operation: operation.name.rawValue, to: &buffer) { writer in
            envelope.append(to: &writer)
            operation.append(to: &writer)
        }
    }

    /// The request in a frame, and where in its body the operation's own fields begin: what follows is the same in every retry.
    public static func read(_ frame: Frame) throws(BodyError) -> (request: Request, operationStart: Int) {
        guard let name = Operation.Name(rawValue: frame.header.operation) else { throw .unknownOperation(frame.header.operation) }
        let (envelope, start) = try Envelope.read(frame.body)
        let operation = try Operation.read(name, frame.body, in: start..<frame.body.count)
        return (Request(envelope: envelope, operation: operation), start)
    }
}

extension Operation {
    func append(to writer: inout FieldWriter) {
        switch self {
        case .ping, .status, .verify: break
        case .ensureAgent(let slug, let name):
            writer.text(Tag.slug, slug)
            writer.text(Tag.name, name)
        case .remember(let drafts):
            for draft in drafts { writer.field(Tag.main) { $0.draft(draft) } }
        case .get(let ids, let withVectors):
            writer.identifiers(Tag.main, ids)
            if withVectors { writer.flag(Tag.withVectors, true) }
        case .list(let listing), .stream(let listing):
            if let agent = listing.agent { writer.identifier(Tag.agent, agent) }
            if let session = listing.session { writer.identifier(Tag.session, session) }
            if let type = listing.type { writer.integer(Tag.type, type.rawValue) }
            if let after = listing.after { writer.identifier(Tag.after, after) }
            writer.integer(Tag.limit, UInt32(clamping: listing.limit))
            if listing.withVectors { writer.flag(Tag.listingWithVectors, true) }
            if listing.withHistory { writer.flag(Tag.withHistory, true) }
            if listing.deleted != .without { writer.integer(Tag.listingDeleted, listing.deleted.rawValue) }
            if let dueAt = listing.dueAt { writer.time(Tag.dueAt, dueAt) }
        case .update(let patch):
            writer.field(Tag.main) { $0.patch(patch) }
        case .delete(let ids):
            writer.identifiers(Tag.main, ids)
        case .search(let search):
            if search.kind != .memory { writer.kind(search.kind) }
            switch search.query {
            case .vector(let vector): writer.vector(Tag.vector, vector)
            case .text(let text): writer.text(Tag.text, text)
            }
            if let space = search.space { writer.identifier(Tag.space, space) }
            writer.integer(Tag.k, UInt32(clamping: search.k))
            if let filter = search.filter { writer.field(Tag.filter, critical: true) { $0.filter(filter) } }
            if search.exact { writer.flag(Tag.exact, true) }
            if let recall = search.recall { writer.number(Tag.recall, recall) }
            if let mode = search.mode { writer.integer(Tag.mode, mode.rawValue) }
            if let probes = search.probes { writer.integer(Tag.probes, UInt32(clamping: probes)) }
            writer.flag(Tag.withContent, search.withContent)
        case .recall(let recall): writer.recall(recall)
        case .history(let id): writer.identifier(Tag.main, id)
        case .suggest(let request): writer.suggest(request)
        case .detect(let request): writer.detect(request)
        case .related(let request): writer.related(request)
        case .learn(let request): writer.learn(request)
        case .endSession(let ending): writer.ending(ending)
        case .erase(let erasure): writer.erasure(erasure)
        case .create, .fetch, .browse, .change, .remove, .restore, .use, .end, .open, .createKey, .rotateKey, .revokeKey: appendRecords(to: &writer)
        case .startJob, .claimJob, .stepJob, .controlJob, .watchJob, .importing: appendJob(to: &writer)
        }
    }

    private func appendRecords(to writer: inout FieldWriter) {
        if case .browse(let listing) = self { return writer.listing(listing) }
        if let kind, [.create, .fetch, .change, .remove, .restore, .use].contains(name) { writer.kind(kind) }
        switch self {
        case .create(let drafts):
            for draft in drafts { writer.field(Tag.main) { $0.draft(draft) } }
        case .fetch(_, let ids, let withVectors):
            writer.identifiers(Tag.main, ids)
            if withVectors { writer.flag(Tag.withVectors, true) }
        case .change(let patch): writer.field(Tag.main) { $0.patch(patch) }
        case .remove(_, let ids), .restore(_, let ids), .use(_, let ids), .end(let ids): writer.identifiers(Tag.main, ids)
        case .open(let id, let messages):
            writer.identifier(Tag.main, id)
            writer.integer(Tag.messages, UInt32(clamping: messages))
        case .createKey(let draft): writer.field(Tag.main) { $0.draft(draft) }
        case .rotateKey(let id, let overlapSeconds):
            writer.identifier(Tag.main, id)
            writer.integer(Tag.overlapSeconds, overlapSeconds)
        case .revokeKey(let id): writer.identifier(Tag.main, id)
        case .ping, .status, .verify, .ensureAgent, .remember, .get, .list, .update, .delete, .search, .recall, .stream, .browse, .startJob, .claimJob, .stepJob, .controlJob,
            .watchJob, .importing, .history, .endSession, .erase, .suggest, .detect, .related, .learn:
            break
        }
    }

    static func read(_ name: Name, _ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        switch name {
        case .ping, .status, .verify:
            var reader = FieldReader(body, in: range)
            try reader.each { _ in false }
            return name == .ping ? .ping : name == .verify ? .verify : .status
        case .ensureAgent: return try readEnsureAgent(body, in: range)
        case .remember: return .remember(try readDrafts(body, in: range))
        case .get:
            let asked = try RecordRequest(body, in: range, with: [Tag.withVectors])
            return .get(asked.ids, withVectors: asked.withVectors)
        case .list: return .list(try readListing(body, in: range))
        case .stream: return .stream(try readListing(body, in: range))
        case .update: return .update(try readPatch(body, in: range))
        case .delete: return .delete(try RecordRequest(body, in: range).ids)
        case .search: return .search(try readSearch(body, in: range))
        case .recall: return .recall(try body.recall(in: range))
        case .suggest: return .suggest(try body.suggest(in: range))
        case .detect: return .detect(try body.detect(in: range))
        case .related: return .related(try body.related(in: range))
        case .learn: return .learn(try body.learn(in: range))
        case .history: return .history(try readIdentifier(body, in: range, and: nil) { _ in })
        case .endSession: return .endSession(try body.ending(in: range))
        case .erase: return .erase(try body.erasure(in: range))
        case .browse: return .browse(try body.listing(in: range))
        case .create: return .create(try RecordRequest(body, in: range, with: [RecordTag.kind], of: .records).drafts())
        case .change: return .change(try RecordRequest(body, in: range, with: [RecordTag.kind], of: .record).patch())
        case .createKey:
            var asked = try RecordRequest(body, in: range, of: .record)
            asked.kind = .key
            return .createKey(try asked.draft())
        case .fetch:
            let asked = try RecordRequest(body, in: range, with: [RecordTag.kind, Tag.withVectors])
            return .fetch(try asked.requiredKind(), asked.ids, withVectors: asked.withVectors)
        case .remove:
            let asked = try RecordRequest(body, in: range, with: [RecordTag.kind])
            return .remove(try asked.requiredKind(), asked.ids)
        case .restore:
            let asked = try RecordRequest(body, in: range, with: [RecordTag.kind])
            return .restore(try asked.requiredKind(), asked.ids)
        case .use:
            let asked = try RecordRequest(body, in: range, with: [RecordTag.kind])
            return .use(try asked.requiredKind(), asked.ids)
        case .end: return .end(try RecordRequest(body, in: range).ids)
        case .open:
            var messages: UInt32?
            let id = try readIdentifier(body, in: range, and: Tag.messages) { (field) throws(BodyError) in messages = try body.integer(field, "messages") }
            return .open(id, messages: Int(messages ?? lastMessages))
        case .rotateKey:
            var seconds: Int64?
            let id = try readIdentifier(body, in: range, and: Tag.overlapSeconds) { (field) throws(BodyError) in
                seconds = try body.integer(field, "overlap_seconds")
            }
            return .rotateKey(id, overlapSeconds: seconds ?? 0)
        case .revokeKey: return .revokeKey(try readIdentifier(body, in: range, and: nil) { _ in })
        case .startJob:
            var asked = try RecordRequest(body, in: range, of: .record)
            asked.kind = .job
            return .startJob(try asked.draft())
        case .claimJob: return try readClaim(body, in: range)
        case .stepJob: return try readStep(body, in: range)
        case .controlJob: return try readControl(body, in: range)
        case .watchJob: return try readWatch(body, in: range)
        case .importing: return try readImport(body, in: range)
        }
    }

    static func readIdentifier(
        _ body: [UInt8], in range: Range<Int>, and tag: UInt16?, _ take: (FieldSlice) throws(BodyError) -> Void
    ) throws(BodyError) -> Identifier {
        var id: Identifier?
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main: id = try body.identifier(field, "id")
            case tag: try take(field)
            default: return false
            }
            return true
        }
        guard let id else { throw .field(FieldError("id", .missing)) }
        return id
    }

    /// Of an opened conversation, unless the caller says how many.
    private static let lastMessages: UInt32 = 50

    private static func readEnsureAgent(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var slug: String?
        var name: String?
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.slug: slug = try body.text(field, "slug")
            case Tag.name: name = try body.text(field, "name")
            default: return false
            }
            return true
        }
        guard let slug else { throw .field(FieldError("slug", .missing)) }
        return .ensureAgent(slug: slug, name: name ?? slug)
    }

    private static func readDrafts(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> [MemoryDraft] {
        var drafts: [MemoryDraft] = []
        var reader = FieldReader(body, in: range)
        try reader.each(lists: TagSet(Tag.main)) { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            guard drafts.count < Limits.batchMax else {
                throw .field(FieldError("memories", .tooMany(count: drafts.count + 1, countMax: Limits.batchMax)))
            }
            do throws(BodyError) {
                drafts.append(try MemoryFields(body, in: field.range).draft())
            } catch {
                throw error.inside("memories[\(drafts.count)]")
            }
            return true
        }
        return drafts
    }

    private static func readListing(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> MemoryListing {
        var listing = MemoryListing()
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.agent: listing.agent = try body.identifier(field, "agent")
            case Tag.session: listing.session = try body.identifier(field, "session")
            case Tag.type: listing.type = try body.choice(field, "type", \MemoryType.name)
            case Tag.after: listing.after = try body.identifier(field, "after")
            case Tag.limit: listing.limit = Int(try body.integer(field, "limit") as UInt32)
            case Tag.listingWithVectors: listing.withVectors = try body.flag(field, "with_vectors")
            case Tag.withHistory: listing.withHistory = try body.flag(field, "with_history")
            case Tag.dueAt: listing.dueAt = try body.time(field, "due_at")
            case Tag.listingDeleted: listing.deleted = try body.deleted(field)
            default: return false
            }
            return true
        }
        return listing
    }

    private static func readPatch(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> MemoryPatch {
        var patch: MemoryPatch?
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            patch = try MemoryFields(body, in: field.range).patch()
            return true
        }
        guard let patch else { throw .field(FieldError("memory", .missing)) }
        return patch
    }

    private static func readSearch(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> SearchRequest {
        var query: SearchRequest.Query?
        var filter: Range<Int>?
        var search = SearchRequest(query: .text(""))
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.vector, Tag.text:
                guard query == nil else { throw .field(FieldError("query", .malformed("a vector or a text, and one of them"))) }
                query = field.tag == Tag.vector ? .vector(try body.vector(field, "vector")) : .text(try body.text(field, "text"))
            case Tag.space: search.space = try body.identifier(field, "space")
            case Tag.k: search.k = Int(try body.integer(field, "k") as UInt32)
            case Tag.filter: filter = field.range
            case RecordTag.kind: search.kind = try body.kind(field)
            case Tag.mode: search.mode = try body.mode(field)
            case Tag.exact: search.exact = try body.flag(field, "exact")
            case Tag.recall: search.recall = try body.number(field, "recall")
            case Tag.probes: search.probes = Int(try body.integer(field, "probes") as UInt32)
            case Tag.withContent: search.withContent = try body.flag(field, "with_content")
            default: return false
            }
            return true
        }
        guard let query else { throw .field(FieldError("query", .missing)) }
        search.query = query
        if let filter { search.filter = try FilterReader.read(body, in: filter, on: search.kind) }
        return search
    }
}

/// What a request about records names: their kind, and themselves or their identifiers.
private struct RecordRequest {
    let body: [UInt8]
    var kind: Kind?
    var ids: [Identifier] = []
    var withVectors = false
    private var records: [Range<Int>] = []

    enum Subject {
        case identifiers
        case record
        case records
    }

    /// Beside the identifiers or records, a request of its operation has the fields of these tags.
    init(_ body: [UInt8], in range: Range<Int>, with others: [UInt16] = [], of subject: Subject = .identifiers) throws(BodyError) {
        self.body = body
        var reader = FieldReader(body, in: range)
        try reader.each(lists: subject == .records ? TagSet(Tag.main) : TagSet()) { (field) throws(BodyError) in
            guard field.tag == Tag.main || others.contains(field.tag) else { return false }
            switch field.tag {
            case RecordTag.kind: kind = try body.kind(field)
            case Tag.withVectors: withVectors = try body.flag(field, "with_vectors")
            default:
                if subject == .identifiers { ids = try body.identifiers(field, "ids", countMax: Limits.batchMax) } else { records.append(field.range) }
            }
            return true
        }
    }

    func requiredKind() throws(BodyError) -> Kind {
        guard let kind else { throw .field(FieldError("kind", .missing)) }
        return kind
    }

    func drafts() throws(BodyError) -> [RecordDraft] {
        let kind = try requiredKind()
        guard records.count <= Limits.batchMax else { throw .field(FieldError(kind.plural, .tooMany(count: records.count, countMax: Limits.batchMax))) }
        guard !records.isEmpty else { throw .field(FieldError(kind.plural, .empty)) }
        var drafts: [RecordDraft] = []
        for range in records {
            do throws(BodyError) { drafts.append(try RecordFields(kind, body, in: range).draft()) } catch { throw error.inside("\(kind.plural)[\(drafts.count)]") }
        }
        return drafts
    }

    func draft() throws(BodyError) -> RecordDraft { try RecordFields(try requiredKind(), body, in: try only()).draft() }

    func patch() throws(BodyError) -> RecordPatch { try RecordFields(try requiredKind(), body, in: try only()).patch() }

    private func only() throws(BodyError) -> Range<Int> {
        guard let range = records.first else { throw .field(FieldError(kind?.name ?? "record", .missing)) }
        return range
    }
}

extension BodyError {
    func inside(_ outer: String) -> BodyError {
        switch self {
        case .malformed(let why): .malformed("\(outer): \(why)")
        case .field(let error): .field(error.inside(outer))
        case .unknownCriticalField, .unknownOperation: self
        }
    }
}
