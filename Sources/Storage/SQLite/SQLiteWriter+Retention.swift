import Records

extension SQLiteWriter {
    /// Deletes at most `limit` rows that are older than that moment: messages first, then conversations in which none is left.
    func retain(since time: Timestamp, limit: Int, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        let messages = try older(.message, "created_at", than: time, limit: limit, request)
        for id in messages {
            guard let message = try stored.find(.message, id, of: request.organization) else { continue }
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
            for id in try older(.conversation, "last_activity_at", than: time, limit: limit - messages.count, request) {
                guard let conversation = try stored.find(.conversation, id, of: request.organization) else { continue }
                try drop(conversation, request, &effects)
            }
        }
        return effects.outcome
    }

    private func drop(_ record: Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        try deleteRow(record.kind, record.id, request)
        effects.records.removeAll { $0.kind == record.kind && $0.id == record.id }
        try note(record, .remove, request, &effects)
        let isDeleted = record.deletedAt != nil
        count(
            record.kind, of: request.organization,
            StoreCounts.Count(rows: -1, withVectors: record.embedding == nil ? 0 : -1, deleted: isDeleted ? -1 : 0))
    }

    private func older(_ kind: Kind, _ column: String, than time: Timestamp, limit: Int, _ request: WriteRequest) throws(StorageError) -> [Identifier] {
        let table = Table.of(kind).name
        let isEmpty = kind == .message ? "" : " AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.organization_id = ?1 AND m.conversation_id = \(table).id)"
        let statement = try stored["SELECT id FROM \(table) WHERE organization_id = ?1 AND \(column) < ?2\(isEmpty) ORDER BY \(column), id LIMIT ?3"]
        try statement.bind(1, request.organization)
        try statement.bind(2, time.microseconds)
        try statement.bind(3, Int64(limit))
        defer { statement.reset() }
        var ids: [Identifier] = []
        while try statement.step() {
            if let id = statement.identifier(0) { ids.append(id) }
        }
        return ids
    }
}
