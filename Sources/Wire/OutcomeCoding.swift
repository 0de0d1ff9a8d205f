public import Records

private enum Tag {
    static let main: UInt16 = 16
    static let next: UInt16 = 17
    static let rows: UInt16 = 17
    static let memory: UInt16 = 17
    static let report: UInt16 = 18
    static let waiting: UInt16 = 18
    static let note: UInt16 = 19
    static let record: UInt16 = 19
    static let explanations: UInt16 = 20
    static let explanation: UInt16 = 21
    // Of a conversation, and of a key.
    static let messages: UInt16 = 17
    static let keyText: UInt16 = 17
    // Of an agent.
    static let id: UInt16 = 16
    static let slug: UInt16 = 17
    static let name: UInt16 = 18
    static let createdAt: UInt16 = 19
    // Of a stream's end.
    static let count: UInt16 = 16
}

/// Identifier and version, or identifier, score and four zero bytes.
private let packedRowBytes = 24

extension Outcome {
    /// As a reply, or as one item of a stream.
    public func append(
        _ type: FrameType = .reply, request: UInt64, operation: Operation.Name, to buffer: inout [UInt8]
    ) {
        FrameWriter.append(type, request: request, operation: operation.rawValue, to: &buffer) { append(to: &$0) }
    }

    private func append(to writer: inout FieldWriter) {
        switch self {
        case .pong: break
        case .status(let facts), .verified(let facts), .counted(let facts): writer.text(Tag.main, facts.description)
        case .agent(let agent): writer.field(Tag.main) { $0.agent(agent) }
        case .written(let receipt):
            writer.integer(Tag.main, receipt.change)
            writer.field(Tag.rows) { writer in
                for row in receipt.rows {
                    writer.raw(row.id)
                    writer.bytes.append(littleEndian: row.version)
                }
            }
            if receipt.waiting > 0 { writer.integer(Tag.waiting, UInt32(clamping: receipt.waiting)) }
            for note in receipt.notes { writer.field(Tag.note) { $0.note(note) } }
        case .memories(let memories):
            for memory in memories { writer.field(Tag.main) { $0.memory(memory) } }
        case .page(let page):
            for memory in page.memories { writer.field(Tag.main) { $0.memory(memory) } }
            if let next = page.next { writer.identifier(Tag.next, next) }
        case .found(let answer): writer.answer(answer)
        case .records(let records): writer.records(records)
        case .suggested(let suggestions): for suggestion in suggestions { writer.field(Tag.main) { $0.suggestion(suggestion) } }
        case .detected(let detection): writer.detection(detection)
        case .related(let terms): for term in terms { writer.field(Tag.main) { $0.related(term) } }
        case .recordPage(let page):
            writer.records(page.records)
            if let next = page.next { writer.field(Tag.next) { $0.cursor(next) } }
        case .conversation(let conversation, let messages):
            writer.field(Tag.main) { $0.record(conversation) }
            for message in messages { writer.field(Tag.messages) { $0.record(message) } }
        case .key(let key, let text):
            writer.field(Tag.main) { $0.record(key) }
            writer.text(Tag.keyText, text)
        }
    }

    /// Reads the answer to an operation. What a server sends is checked as what a client sends is.
    public static func read(_ name: Operation.Name, _ body: [UInt8], of organization: Identifier) throws(BodyError) -> Outcome {
        switch name {
        case .ping:
            var reader = FieldReader(body)
            try reader.each { _ in false }
            return .pong
        case .status: return .status(try readStatus(body))
        case .verify: return .verified(try readStatus(body))
        case .ensureAgent:
            guard let agent = try readAgent(body, of: organization) else { throw .malformed("the answer names no agent") }
            return .agent(agent)
        case .remember, .update, .delete, .create, .change, .remove, .restore, .use, .end, .revokeKey, .startJob, .stepJob, .controlJob, .importing, .learn:
            return .written(try readReceipt(body))
        case .endSession, .erase: return .counted(try readStatus(body))
        case .get, .history: return .memories(try readPage(body, of: organization).memories)
        case .list, .stream: return .page(try readPage(body, of: organization))
        case .search, .recall: return .found(try readAnswer(body, of: organization))
        case .fetch, .claimJob, .watchJob: return .records(try RecordAnswer(body).records(of: organization))
        case .browse:
            let answer = try RecordAnswer(body)
            return .recordPage(RecordPage(records: try answer.records(of: organization), next: try answer.cursor()))
        case .open: return try readConversation(body, of: organization)
        case .suggest: return .suggested(try readList(body) { (range) throws(BodyError) in try body.suggestion(in: range) })
        case .detect: return .detected(try body.detection())
        case .related: return .related(try readList(body) { (range) throws(BodyError) in try body.relatedTerm(in: range) })
        case .createKey, .rotateKey: return try readKey(body, of: organization)
        }
    }

    private static func readConversation(_ body: [UInt8], of organization: Identifier) throws(BodyError) -> Outcome {
        var conversation: Record?
        var messages: [Record] = []
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.messages)) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main: conversation = try RecordFields(.conversation, body, in: field.range).record(of: organization)
            case Tag.messages: messages.append(try RecordFields(.message, body, in: field.range).record(of: organization))
            default: return false
            }
            return true
        }
        guard let conversation else { throw .malformed("the answer holds no conversation") }
        return .conversation(conversation, messages: messages)
    }

    /// What stands in the main field, again and again.
    private static func readList<Value>(_ body: [UInt8], _ read: (Range<Int>) throws(BodyError) -> Value) throws(BodyError) -> [Value] {
        var values: [Value] = []
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.main)) { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            values.append(try read(field.range))
            return true
        }
        return values
    }

    private static func readKey(_ body: [UInt8], of organization: Identifier) throws(BodyError) -> Outcome {
        var key: Record?
        var text: String?
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main: key = try RecordFields(.key, body, in: field.range).record(of: organization)
            case Tag.keyText: text = try body.text(field, "key")
            default: return false
            }
            return true
        }
        guard let key, let text else { throw .malformed("the answer holds no key") }
        return .key(key, text: text)
    }

    private static func readStatus(_ body: [UInt8]) throws(BodyError) -> JSON {
        var facts: JSON?
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            facts = try body.json(field, "status", bytesMax: Limits.frameBytesMax)
            return true
        }
        guard let facts else { throw .malformed("the answer holds no status") }
        return facts
    }

    private static func readAgent(_ body: [UInt8], of organization: Identifier) throws(BodyError) -> Agent? {
        var agent: Agent?
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            agent = try body.agent(in: field.range, of: organization)
            return true
        }
        return agent
    }

    private static func readReceipt(_ body: [UInt8]) throws(BodyError) -> WriteReceipt {
        var change: Int64?
        var rows: [WriteReceipt.Row] = []
        var waiting: UInt32 = 0
        var notes: [RememberNote] = []
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.note)) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.note: notes.append(try body.note(in: field.range))
            case Tag.main: change = try body.integer(field, "change")
            case Tag.rows:
                for start in try packedRows(field) {
                    rows.append(WriteReceipt.Row(id: body.identifier(at: start), version: body.littleEndian(at: start + Identifier.byteCount)))
                }
            case Tag.waiting: waiting = try body.integer(field, "waiting")
            default: return false
            }
            return true
        }
        guard let change else { throw .malformed("the answer holds no change number") }
        return WriteReceipt(change: change, rows: rows, waiting: Int(waiting), notes: notes)
    }

    private static func packedRows(_ field: FieldSlice) throws(BodyError) -> StrideTo<Int> {
        guard field.range.count % packedRowBytes == 0 else { throw .malformed("a row has \(packedRowBytes) bytes") }
        return stride(from: field.range.lowerBound, to: field.range.upperBound, by: packedRowBytes)
    }

    private static func readPage(_ body: [UInt8], of organization: Identifier) throws(BodyError) -> MemoryPage {
        var memories: [Memory] = []
        var next: Identifier?
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.main)) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main: memories.append(try MemoryFields(body, in: field.range).memory(of: organization))
            case Tag.next: next = try body.identifier(field, "next")
            default: return false
            }
            return true
        }
        return MemoryPage(memories: memories, next: next)
    }

    private static func readAnswer(_ body: [UInt8], of organization: Identifier) throws(BodyError) -> SearchAnswer {
        var hits: [Hit] = []
        var memories: [Identifier: Memory] = [:]
        var kind = Kind.memory
        var ranges: [Range<Int>] = []
        var report = SearchReport()
        var explanations: [HitExplanation] = []
        var explanation: AnswerExplanation?
        var reader = FieldReader(body)
        try reader.each(lists: TagSet([Tag.memory, Tag.record])) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.main:
                for start in try packedRows(field) {
                    let bits: UInt32 = body.littleEndian(at: start + Identifier.byteCount)
                    guard body.littleEndian(at: start + 20) == 0 as UInt32 else { throw .malformed("the reserved bytes of a row are not zero") }
                    hits.append(Hit(id: body.identifier(at: start), score: Float(bitPattern: bits)))
                }
            case Tag.memory:
                let memory = try MemoryFields(body, in: field.range).memory(of: organization)
                memories[memory.id] = memory
            case Tag.record: ranges.append(field.range)
            case RecordTag.kind: kind = try body.kind(field)
            case Tag.report: report = try body.report(in: field.range)
            case Tag.explanations:
                guard field.range.count % [UInt8].explanationBytes == 0 else { throw .malformed("an explanation has \([UInt8].explanationBytes) bytes") }
                for start in stride(from: field.range.lowerBound, to: field.range.upperBound, by: [UInt8].explanationBytes) { explanations.append(try body.explanation(at: start)) }
            case Tag.explanation: explanation = try body.explanation(in: field.range)
            default: return false
            }
            return true
        }
        guard explanations.isEmpty || explanations.count == hits.count else { throw .malformed("there are not as many explanations as hits") }
        var records: [Identifier: Record] = [:]
        for range in ranges {
            let record = try RecordFields(kind, body, in: range).record(of: organization)
            records[record.id] = record
        }
        let entries = hits.enumerated().map { place, hit in
            SearchAnswer.Entry(hit: hit, memory: memories[hit.id], record: records[hit.id], explanation: explanations.isEmpty ? nil : explanations[place])
        }
        return SearchAnswer(entries: entries, report: report, explanation: explanation)
    }
}

/// Records of one kind in an answer, and where the next page begins.
private struct RecordAnswer {
    private let body: [UInt8]
    private var kind: Kind?
    private var ranges: [Range<Int>] = []
    private var next: Range<Int>?

    init(_ body: [UInt8]) throws(BodyError) {
        self.body = body
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.main)) { (field) throws(BodyError) in
            switch field.tag {
            case RecordTag.kind: kind = try body.kind(field)
            case Tag.main: ranges.append(field.range)
            case Tag.next: next = field.range
            default: return false
            }
            return true
        }
    }

    func records(of organization: Identifier) throws(BodyError) -> [Record] {
        guard !ranges.isEmpty else { return [] }
        guard let kind else { throw .malformed("the answer does not say of which kind its records are") }
        var records: [Record] = []
        for range in ranges { records.append(try RecordFields(kind, body, in: range).record(of: organization)) }
        return records
    }

    func cursor() throws(BodyError) -> RecordListing.Cursor? {
        guard let next else { return nil }
        return try body.cursor(in: next)
    }
}

/// The last frame of a stream: how many memories it brought.
public struct StreamEnd: Hashable, Sendable {
    public let count: Int64

    public init(count: Int64) {
        self.count = count
    }

    public func append(request: UInt64, operation: Operation.Name, to buffer: inout [UInt8]) {
        FrameWriter.append(.end, request: request, operation: operation.rawValue, to: &buffer) { $0.integer(Tag.count, count) }
    }

    public static func read(_ body: [UInt8]) throws(BodyError) -> StreamEnd {
        var count: Int64 = 0
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.count else { return false }
            count = try body.integer(field, "count")
            return true
        }
        return StreamEnd(count: count)
    }
}

extension FieldWriter {
    fileprivate mutating func agent(_ agent: Agent) {
        identifier(Tag.id, agent.id)
        text(Tag.slug, agent.slug)
        text(Tag.name, agent.name)
        time(Tag.createdAt, agent.createdAt)
    }

    fileprivate mutating func records(_ records: [Record]) {
        if let kind = records.first?.kind { self.kind(kind) }
        for record in records { field(Tag.main) { $0.record(record) } }
    }

    fileprivate mutating func answer(_ answer: SearchAnswer) {
        field(Tag.main) { writer in
            for entry in answer.entries {
                writer.raw(entry.hit.id)
                writer.bytes.append(littleEndian: entry.hit.score.bitPattern)
                writer.bytes.append(littleEndian: 0 as UInt32)
            }
        }
        for entry in answer.entries {
            if let memory = entry.memory { field(Tag.memory) { $0.memory(memory) } }
            if let record = entry.record { field(Tag.record) { $0.record(record) } }
        }
        if let kind = answer.entries.lazy.compactMap(\.record?.kind).first { self.kind(kind) }
        field(Tag.report) { $0.report(answer.report) }
        guard let explanation = answer.explanation else { return }
        field(Tag.explanations) { writer in for entry in answer.entries { writer.raw(entry.explanation) } }
        field(Tag.explanation) { $0.explanation(explanation) }
    }
}

extension [UInt8] {
    fileprivate func agent(in range: Range<Int>, of organization: Identifier) throws(BodyError) -> Agent {
        var id: Identifier?
        var slug: String?
        var name: String?
        var createdAt: Timestamp?
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.id: id = try identifier(field, "id")
            case Tag.slug: slug = try text(field, "slug")
            case Tag.name: name = try text(field, "name")
            case Tag.createdAt: createdAt = try time(field, "created_at")
            default: return false
            }
            return true
        }
        guard let id, let slug, let name, let createdAt else { throw .malformed("an agent lacks a field that every agent has") }
        return Agent(id: id, organization: organization, slug: slug, name: name, createdAt: createdAt)
    }
}
