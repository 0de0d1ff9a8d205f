import Records

/// Rows that go for good, with all that is kept of them.
extension Writer {
    /// A part of what is to go, in an order in which nothing is left that refers to what is gone. Done when nothing went; then nobody can ask for earlier answers either.
    func erase(_ erasure: Erasure, limit: Int, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var (memories, records) = (MemoryEffects(), RecordEffects())
        for id in erasure.ids where memories.rows.count + records.rows.count < limit {
            try eraseMemories(erasure.field(of: .memory), id, limit, request, &memories)
            guard memories.rows.count < limit else { break }
            try eraseConversations(erasure.field(of: .conversation), id, limit - memories.rows.count, request, &memories, &records)
            guard memories.rows.count + records.rows.count < limit else { break }
            try eraseRest(erasure, id, limit, request, &records)
        }
        try writeFollowers(request, &records, areTouched: false)
        if memories.rows.isEmpty, records.rows.isEmpty { try session.purgeReceipts(of: request.organization) }
        let (first, second) = (memories.outcome, records.outcome)
        return WriteOutcome(
            receipt: WriteReceipt(change: max(first.receipt.change, second.receipt.change), rows: first.receipt.rows + second.receipt.rows), memories: first.memories,
            records: second.records, removed: first.removed.merging(second.removed) { $0 + $1 })
    }

    private func eraseMemories(_ field: RecordField?, _ id: Identifier, _ limit: Int, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        guard let field else { return }
        let ids = try session.identifiers(.memory, field, id, limit: limit - effects.rows.count, of: request.organization)
        try unlink(ids, request, &effects)
        for id in ids {
            do throws(StorageError) {
                if let memory = try session.memory(id, of: request.organization) { try drop(memory, request, &effects) }
            } catch {
                try drop(damaged: .memory, id, error, request) { row, change in
                    (effects.change, effects.rows) = (change, effects.rows + [row])
                    effects.removed.append(id)
                }
            }
        }
    }

    /// The right to be forgotten does not hang on a checksum.
    private func drop(
        damaged kind: Kind, _ id: Identifier, _ error: StorageError, _ request: WriteRequest, _ note: (WriteReceipt.Row, Int64) -> Void
    ) throws(StorageError) {
        guard case .corruptRow = error, let traces = try session.traces(of: kind, id, in: request.organization) else { throw error }
        try deleteRow(kind, id, request)
        count(kind, of: request.organization, StoreCounts.Count(rows: -1, withVectors: traces.hasVector ? -1 : 0, deleted: traces.isDeleted ? -1 : 0))
        note(WriteReceipt.Row(id: id, version: traces.version), try recordChange(kind, id, version: traces.version, .remove, request))
    }

    /// A row of another kind; nil where it is damaged, and gone with that.
    private func row(_ kind: Kind, _ id: Identifier, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) -> Record? {
        do throws(StorageError) { return try session.find(kind, id, of: request.organization) } catch {
            try drop(damaged: kind, id, error, request) { row, change in
                (effects.change, effects.rows) = (change, effects.rows + [row])
                effects.removed[kind, default: []].append(id)
            }
            return nil
        }
    }

    /// Messages first, each with the memories that were made of it, and a conversation when none of it is left.
    private func eraseConversations(
        _ field: RecordField?, _ id: Identifier, _ limit: Int, _ request: WriteRequest, _ memories: inout MemoryEffects, _ effects: inout RecordEffects
    ) throws(StorageError) {
        guard let field else { return }
        let before = memories.rows.count
        func left() -> Int { limit - effects.rows.count - (memories.rows.count - before) }
        for conversation in try session.identifiers(.conversation, field, id, limit: limit, of: request.organization) where left() > 0 {
            let messages = try session.identifiers(.message, .conversation, conversation, limit: left(), of: request.organization)
            for message in messages {
                guard let row = try row(.message, message, request, &effects) else { continue }
                try eraseMemories(.sourceMessage, message, Int(Int32.max), request, &memories)
                if row.deletedAt == nil {
                    try follow(row, request, &effects) { conversation in
                        conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) - 1)
                        conversation.leave(row.embedding)
                    }
                }
                try drop(row, request, &effects)
            }
            guard left() > 0 else { return }
            try eraseMemories(.session, conversation, Int(Int32.max), request, &memories)
            _ = effects.followers.take(conversation)
            if let row = try row(.conversation, conversation, request, &effects) { try drop(row, request, &effects) }
        }
    }

    /// Terms, patterns and keys, and at last the user or the agent.
    private func eraseRest(_ erasure: Erasure, _ id: Identifier, _ limit: Int, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        for kind in [Kind.term, .pattern, .key] {
            guard let field = erasure.field(of: kind) else { continue }
            for row in try session.identifiers(kind, field, id, limit: limit, of: request.organization) {
                guard let record = try self.row(kind, row, request, &effects) else { continue }
                try drop(record, request, &effects)
                // Whoever holds it learns that at once.
                if kind == .key { effects.records.append(record.revoked(at: request.at)) }
            }
        }
        guard effects.rows.count < limit, let kind = [Kind.user, .agent].first(where: { erasure.field(of: $0) == .id }) else { return }
        guard let record = try row(kind, id, request, &effects) else { return }
        if kind == .user {
            for agent in try session.identifiers(.agent, .user, id, limit: Int(Int32.max), of: request.organization) {
                guard var row = try session.find(.agent, agent, of: request.organization) else { continue }
                row[.user] = nil
                try rewrite(row, request, &effects)
            }
        }
        try drop(record, request, &effects)
    }
}

extension Record {
    fileprivate func revoked(at time: Timestamp) -> Record {
        var revoked = self
        revoked[.revokedAt] = .time(time)
        return revoked
    }
}
