import Records

extension Writer {
    /// Deletes at most `limit` rows that are older than that moment: messages first, then conversations in which none is left.
    func retain(since time: Timestamp, limit: Int, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        let messages = try session.older(.message, than: time, limit: limit, of: request.organization)
        for id in messages {
            guard let message = try session.find(.message, id, of: request.organization) else { continue }
            if message.deletedAt == nil {
                try follow(message, request, &effects) { conversation in
                    conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) - 1)
                    conversation.leave(message.embedding)
                }
            }
            try drop(message, request, &effects)
        }
        try writeFollowers(request, &effects, areTouched: false)
        if messages.count < limit {
            for id in try session.older(.conversation, than: time, limit: limit - messages.count, of: request.organization) {
                guard let conversation = try session.find(.conversation, id, of: request.organization) else { continue }
                try drop(conversation, request, &effects)
            }
        }
        return effects.outcome
    }

    func drop(_ record: Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        try deleteRow(record.kind, record.id, request)
        effects.records.removeAll { $0.kind == record.kind && $0.id == record.id }
        try note(record, .remove, request, &effects)
        let isDeleted = record.deletedAt != nil
        count(
            record.kind, of: request.organization,
            StoreCounts.Count(rows: -1, withVectors: record.embedding == nil ? 0 : -1, deleted: isDeleted ? -1 : 0))
    }
}
