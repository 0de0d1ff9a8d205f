internal import Records

private enum Tag {
    static let main: UInt16 = 16
    static let worker: UInt16 = 17
    static let control: UInt16 = 17
    static let after: UInt16 = 17
    static let step: UInt16 = 17
    // Of a step.
    static let job: UInt16 = 16
    static let cursor: UInt16 = 18
    static let done: UInt16 = 19
    static let failed: UInt16 = 20
    static let error: UInt16 = 21
    static let end: UInt16 = 22
}

extension Operation {
    /// What is imported comes from another organization; whose it becomes, the engine says.
    private static let nobody = Identifier(high: 0, low: 0)

    func appendJob(to writer: inout FieldWriter) {
        switch self {
        case .startJob(let draft): writer.field(Tag.main) { $0.draft(draft) }
        case .claimJob(let id, let worker):
            writer.identifier(Tag.main, id)
            writer.identifier(Tag.worker, worker)
        case .stepJob(let step): writer.field(Tag.main) { $0.step(step) }
        case .controlJob(let id, let control):
            writer.identifier(Tag.main, id)
            writer.integer(Tag.control, control.rawValue)
        case .watchJob(let id, let after):
            writer.identifier(Tag.main, id)
            writer.integer(Tag.after, after)
        case .importing(let batch, let step):
            if let kind = batch.kind { writer.kind(kind) }
            switch batch {
            case .memories(let memories): for memory in memories { writer.field(Tag.main) { $0.memory(memory) } }
            case .records(let records): for record in records { writer.field(Tag.main) { $0.record(record) } }
            }
            writer.field(Tag.step) { $0.step(step) }
        case .ping, .status, .verify, .ensureAgent, .remember, .get, .list, .update, .delete, .search, .recall, .stream, .create, .fetch, .browse, .change, .remove, .restore,
            .use, .end, .open, .createKey, .rotateKey, .revokeKey, .history, .endSession, .erase, .suggest, .detect, .related, .learn:
            break
        }
    }

    static func readClaim(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var worker: Identifier?
        let id = try readIdentifier(body, in: range, and: Tag.worker) { (field) throws(BodyError) in worker = try body.identifier(field, "worker") }
        guard let worker else { throw .field(FieldError("worker", .missing)) }
        return .claimJob(id, worker: worker)
    }

    static func readControl(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var control: JobControl?
        let id = try readIdentifier(body, in: range, and: Tag.control) { (field) throws(BodyError) in
            guard let known = JobControl(rawValue: try body.integer(field, "control")) else { throw .field(FieldError("control", .outOfRange("1, 2 or 3"))) }
            control = known
        }
        guard let control else { throw .field(FieldError("control", .missing)) }
        return .controlJob(id, control)
    }

    static func readWatch(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var after: Int64 = 0
        let id = try readIdentifier(body, in: range, and: Tag.after) { (field) throws(BodyError) in after = try body.integer(field, "after") }
        return .watchJob(id, after: after)
    }

    static func readStep(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var step: JobStep?
        var reader = FieldReader(body, in: range)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.main else { return false }
            step = try body.step(in: field.range)
            return true
        }
        guard let step else { throw .field(FieldError("step", .missing)) }
        return .stepJob(step)
    }

    static func readImport(_ body: [UInt8], in range: Range<Int>) throws(BodyError) -> Operation {
        var kind: Kind?
        var rows: [Range<Int>] = []
        var step: JobStep?
        var reader = FieldReader(body, in: range)
        try reader.each(lists: TagSet(Tag.main)) { (field) throws(BodyError) in
            switch field.tag {
            case RecordTag.kind: kind = try body.kind(field)
            case Tag.main: rows.append(field.range)
            case Tag.step: step = try body.step(in: field.range)
            default: return false
            }
            return true
        }
        guard let kind else { throw .field(FieldError("kind", .missing)) }
        guard let step else { throw .field(FieldError("step", .missing)) }
        guard rows.count <= Limits.batchMax else { throw .field(FieldError(kind.plural, .tooMany(count: rows.count, countMax: Limits.batchMax))) }
        guard !rows.isEmpty else { throw .field(FieldError(kind.plural, .empty)) }
        return .importing(try batch(kind, body, rows), step)
    }

    private static func batch(_ kind: Kind, _ body: [UInt8], _ rows: [Range<Int>]) throws(BodyError) -> ImportBatch {
        var memories: [Memory] = []
        var records: [Record] = []
        for (position, range) in rows.enumerated() {
            do throws(BodyError) {
                if kind == .memory {
                    memories.append(try MemoryFields(body, in: range).memory(of: nobody))
                } else {
                    records.append(try RecordFields(kind, body, in: range).record(of: nobody))
                }
            } catch {
                throw error.inside("\(kind.plural)[\(position)]")
            }
        }
        return kind == .memory ? .memories(memories) : .records(records)
    }
}

extension FieldWriter {
    fileprivate mutating func step(_ step: JobStep) {
        identifier(Tag.job, step.job)
        identifier(Tag.worker, step.worker)
        if let cursor = step.cursor { text(Tag.cursor, cursor) }
        if step.done != 0 { integer(Tag.done, step.done) }
        if step.failed != 0 { integer(Tag.failed, step.failed) }
        if let error = step.error { text(Tag.error, error) }
        if let end = step.end { text(Tag.end, end.rawValue) }
    }
}

extension [UInt8] {
    fileprivate func step(in range: Range<Int>) throws(BodyError) -> JobStep {
        var job: Identifier?
        var worker: Identifier?
        var step = JobStep(job: Identifier(high: 0, low: 0), worker: Identifier(high: 0, low: 0))
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.job: job = try identifier(field, "job")
            case Tag.worker: worker = try identifier(field, "worker")
            case Tag.cursor: step.cursor = try text(field, "cursor")
            case Tag.done: step.done = try integer(field, "done_count")
            case Tag.failed: step.failed = try integer(field, "failed_count")
            case Tag.error: step.error = try text(field, "last_error")
            case Tag.end:
                guard let end = JobState(rawValue: try text(field, "state")) else { throw .field(FieldError("state", .unknown(known: JobState.allCases.map(\.rawValue)))) }
                step.end = end
            default: return false
            }
            return true
        }
        guard let job else { throw .field(FieldError("job", .missing)) }
        guard let worker else { throw .field(FieldError("worker", .missing)) }
        step.job = job
        step.worker = worker
        return step
    }
}
