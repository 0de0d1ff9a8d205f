import Records

extension Writer {
    /// Adds an entry for each recall. Nothing derived follows it, so that it is no change of the sequence.
    func note(_ traces: [RecallTrace], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var keys: [Identifier: AuditKey] = [:]
        for part in Set(traces.flatMap { $0.found.map(\.memory) }).sorted().parts(of: WriterLimits.rowsAtOnce) {
            for (memory, known) in try session.auditKeys(of: part, request.organization) {
                let key = known ?? AuditKey.random()
                if known == nil { try session.put(key, of: memory, request.organization) }
                keys[memory] = key
            }
        }
        for trace in traces {
            let record = trace.record(of: request.organization) { found in keys[found.memory]?.digest(of: found.contentDigest) }
            switch try session.insert(record) {
            // It was written before, by a transaction of which nobody heard that it was.
            case nil, .unique: break
            case .foreignKey, .other: throw .missingReference(field: "organization")
            }
        }
        return WriteOutcome(receipt: WriteReceipt(change: 0, rows: []))
    }

    /// Deletes at most `limit` entries that are older than that moment.
    func endAudit(before time: Timestamp, limit: Int, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        let ids = try session.older(.audit, than: time, limit: limit, of: request.organization)
        for id in ids { try session.delete(.audit, id, of: request.organization) }
        return WriteOutcome(receipt: WriteReceipt(change: 0, rows: ids.map { WriteReceipt.Row(id: $0, version: 1) }))
    }
}
