import Records

extension Writer {
    func rotate(_ id: Identifier, _ new: Record, until end: Timestamp, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        var old = try live(.key, id, request)
        guard old.time(.revokedAt) == nil else { throw .notFound(.key, id) }
        try insert(new)
        try note(new, .put, request, &effects)
        old[.expiresAt] = .time(min(end, old.time(.expiresAt) ?? end))
        try rewrite(old, request, &effects)
        return effects.outcome
    }

    func revoke(_ id: Identifier, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        var key = try live(.key, id, request)
        guard key.time(.revokedAt) == nil else {
            return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: id, version: key.version)]), records: [key])
        }
        key[.revokedAt] = .time(request.at)
        try rewrite(key, request, &effects)
        return effects.outcome
    }

    func note(_ uses: [KeyUse], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        for use in uses {
            guard var key = try session.find(.key, use.key, of: request.organization) else { continue }
            let known = key.integer(.useCount) ?? 0
            key[.useCount] = .integer(known > Int64.max - use.count ? .max : known + use.count)
            key[.lastUsedAt] = .time(max(use.last, key.time(.lastUsedAt) ?? use.last))
            key[.lastUsedFrom] = .text(use.from)
            try update(key)
        }
        return WriteOutcome(receipt: WriteReceipt(change: 0, rows: []))
    }
}
