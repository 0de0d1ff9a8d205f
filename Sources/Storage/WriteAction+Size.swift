import Records

extension WriteAction {
    var rowCount: Int {
        switch self {
        case .createOrganization: 3
        case .ensureAgent, .ensureSpace, .update: 1
        case .remember(let memories, _): memories.count
        case .delete(let ids), .remove(_, let ids), .restore(_, let ids), .use(_, let ids), .end(let ids): ids.count
        case .create(let records): records.count
        case .change, .revokeKey: 1
        case .learn(let events, _, _): 2 * events.count + 1
        case .rotateKey: 2
        case .noteKeyUses(let uses): uses.count
        case .noteAccesses(let accesses): accesses.count
        case .trace(let traces): traces.count
        case .endAudit(_, let limit): limit
        case .bring(let batch): batch.count
        case .retain(_, let limit): limit
        case .forget(let sweep): sweep.limit
        case .erase(_, let limit): limit
        case .redate(let part), .endSession(_, let part): part.limit
        case .claimJob, .stepJob, .controlJob: 1
        case .embed(let made, _): made.count
        }
    }

    /// What it holds in memory and will about write, for bounding queues: an estimate, whose cost does not grow with the texts.
    var approximateBytes: Int {
        switch self {
        case .createOrganization, .ensureAgent, .ensureSpace: WriteAction.rowBytes
        case .remember(let memories, _): memories.reduce(0) { $0 + WriteAction.bytes(of: $1) }
        case .update(let patch, _):
            WriteAction.rowBytes + (patch.content?.utf8.count ?? 0) + (patch.metadata.map(WriteAction.bytes) ?? 0)
                + WriteAction.bytes(of: patch.tags ?? []) + WriteAction.bytes(of: patch.vector)
        case .delete(let ids), .remove(_, let ids), .restore(_, let ids), .use(_, let ids), .end(let ids): ids.count * WriteAction.rowBytes
        case .create(let records): records.reduce(0) { $0 + $1.approximateBytes }
        case .change(let patch, _):
            patch.values.values.reduce(WriteAction.rowBytes + WriteAction.bytes(of: patch.vector)) { $0 + WriteAction.bytes(of: $1) }
        case .rotateKey, .revokeKey: 2 * WriteAction.rowBytes
        case .learn(let events, let words, _): 2 * events.count * WriteAction.rowBytes + words.count * WriteAction.wordBytes + Limits.metadataBytesMax
        case .noteKeyUses(let uses): uses.count * WriteAction.rowBytes
        case .noteAccesses(let accesses): accesses.count * WriteAction.rowBytes
        case .trace(let traces): traces.reduce(0) { $0 + ($1.found.count + 1) * WriteAction.rowBytes }
        case .endAudit(_, let limit): limit * WriteAction.rowBytes
        case .bring(.memories(let memories)): memories.reduce(0) { $0 + WriteAction.bytes(of: $1) }
        case .bring(.records(let records)): records.reduce(0) { $0 + $1.approximateBytes }
        case .retain(_, let limit): limit * WriteAction.rowBytes
        case .forget(let sweep): sweep.limit * WriteAction.rowBytes
        case .erase(let erasure, let limit): (erasure.ids.count + limit) * WriteAction.rowBytes
        case .redate(let part), .endSession(_, let part): part.limit * WriteAction.rowBytes
        case .claimJob, .stepJob, .controlJob: WriteAction.rowBytes
        case .embed(let made, _): made.reduce(0) { $0 + WriteAction.rowBytes + $1.text.utf8.count + 4 * ($1.vector?.count ?? 0) }
        }
    }

    fileprivate static let rowBytes = 512
    private static let wordBytes = 64

    static func bytes(of memory: Memory) -> Int {
        rowBytes + memory.content.utf8.count + bytes(of: memory.tags) + bytes(of: memory.metadata) + 4 * (memory.embedding?.vector.count ?? 0)
    }

    private static func bytes(of tags: [String]) -> Int { tags.reduce(0) { $0 + 16 + $1.utf8.count } }

    private static func bytes(of vector: Change<[Float]>) -> Int {
        switch vector {
        case .set(let vector): 4 * vector.count
        case .keep, .clear: 0
        }
    }

    private static func bytes(of value: Value) -> Int {
        switch value {
        case .flag, .integer, .number, .identifier, .time: 16
        case .text(let text): 16 + text.utf8.count
        case .texts(let texts): bytes(of: texts)
        case .json(let json): bytes(of: json)
        case .bytes(let given): given.count
        case .vector(let vector): 4 * vector.count
        }
    }

    static func bytes(of value: JSON) -> Int {
        switch value {
        case .null, .bool, .integer, .number: 16
        case .text(let text): 16 + text.utf8.count
        case .list(let values): values.reduce(16) { $0 + bytes(of: $1) }
        case .object(let members): members.reduce(16) { $0 + 16 + $1.name.utf8.count + bytes(of: $1.value) }
        }
    }
}

extension Record {
    /// What it holds in memory and about writes.
    var approximateBytes: Int {
        var bytes = WriteAction.rowBytes + 4 * (embedding?.vector.count ?? 0)
        for value in values {
            switch value {
            case .text(let text)?: bytes += text.utf8.count
            case .texts(let texts)?: bytes += texts.reduce(0) { $0 + 16 + $1.utf8.count }
            case .json(let json)?: bytes += WriteAction.bytes(of: json)
            case .bytes(let given)?: bytes += given.count
            case .vector(let vector)?: bytes += 4 * vector.count
            case nil, .flag?, .integer?, .number?, .identifier?, .time?: break
            }
        }
        return bytes
    }
}
