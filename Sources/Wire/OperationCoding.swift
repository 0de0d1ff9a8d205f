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
    // Of a search.
    static let vector: UInt16 = 16
    static let text: UInt16 = 17
    static let k: UInt16 = 18
    static let filter: UInt16 = 19
    static let exact: UInt16 = 20
    static let withContent: UInt16 = 21
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
        case .ping, .status, .listAgents: break
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
        case .update(let patch):
            writer.field(Tag.main) { $0.patch(patch) }
        case .delete(let ids):
            writer.identifiers(Tag.main, ids)
        case .search(let search):
            switch search.query {
            case .vector(let vector): writer.vector(Tag.vector, vector)
            case .text(let text): writer.text(Tag.text, text)
            }
            writer.integer(Tag.k, UInt32(clamping: search.k))
            if let filter = search.filter { writer.field(Tag.filter, critical: true) { $0.filter(filter) } }
            if search.exact { writer.flag(Tag.exact, true) }
            writer.flag(Tag.withContent, search.withContent)
        }
    }

    static func read(_ name: Name, _ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        switch name {
        case .ping, .status, .listAgents:
            var reader = FieldReader(body, in: range)
            try reader.each { _ in false }
            return name == .ping ? .ping : name == .status ? .status : .listAgents
        case .ensureAgent: return try readEnsureAgent(body, in: range)
        case .remember: return .remember(try readDrafts(body, in: range))
        case .get:
            let (ids, withVectors) = try readIdentifiers(body, in: range, vectorsTag: Tag.withVectors)
            return .get(ids, withVectors: withVectors)
        case .list: return .list(try readListing(body, in: range))
        case .stream: return .stream(try readListing(body, in: range))
        case .update: return .update(try readPatch(body, in: range))
        case .delete: return .delete(try readIdentifiers(body, in: range, vectorsTag: nil).ids)
        case .search: return .search(try readSearch(body, in: range))
        }
    }

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
        try reader.each(list: Tag.main) { (field) throws(BodyError) in
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

    private static func readIdentifiers(
        _ body: [UInt8], in range: Range<Int>, vectorsTag: UInt16?
    ) throws(BodyError) -> (ids: [Identifier], withVectors: Bool) {
        var ids: [Identifier] = []
        var withVectors = false
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main: ids = try body.identifiers(field, "ids", countMax: Limits.batchMax)
            case vectorsTag: withVectors = try body.flag(field, "with_vectors")
            default: return false
            }
            return true
        }
        return (ids, withVectors)
    }

    private static func readListing(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> MemoryListing {
        var listing = MemoryListing()
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.agent: listing.agent = try body.identifier(field, "agent")
            case Tag.session: listing.session = try body.identifier(field, "session")
            case Tag.type:
                guard let type = MemoryType(rawValue: try body.integer(field, "type")) else {
                    throw .field(FieldError("type", .unknown(known: MemoryType.allCases.map(\.name))))
                }
                listing.type = type
            case Tag.after: listing.after = try body.identifier(field, "after")
            case Tag.limit: listing.limit = Int(try body.integer(field, "limit") as UInt32)
            case Tag.listingWithVectors: listing.withVectors = try body.flag(field, "with_vectors")
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
        var search = SearchRequest(query: .text(""))
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.vector, Tag.text:
                guard query == nil else { throw .field(FieldError("query", .malformed("a vector or a text, and one of them"))) }
                query = field.tag == Tag.vector ? .vector(try body.vector(field, "vector")) : .text(try body.text(field, "text"))
            case Tag.k: search.k = Int(try body.integer(field, "k") as UInt32)
            case Tag.filter: search.filter = try FilterReader.read(body, in: field.range)
            case Tag.exact: search.exact = try body.flag(field, "exact")
            case Tag.withContent: search.withContent = try body.flag(field, "with_content")
            default: return false
            }
            return true
        }
        guard let query else { throw .field(FieldError("query", .missing)) }
        search.query = query
        return search
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
