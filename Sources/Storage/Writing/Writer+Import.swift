import Records

/// Rows as another server had them. What follows from messages is counted anew, and nothing that they say is taken for it.
extension Writer {
    func bring(_ batch: ImportBatch, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        switch batch {
        case .memories(let memories):
            return try remember(memories, [], request)
        case .records(let records):
            var effects = RecordEffects()
            try findConversations(of: records, request, &effects)
            for record in records { try bring(record, request, &effects) }
            try writeFollowers(request, &effects, areTouched: false)
            return effects.outcome
        }
    }

    private func bring(_ given: Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        guard given.organization == request.organization else { throw .internalError("a record under another organization's request") }
        var record = given
        var isHidden = record.deletedAt != nil
        switch record.kind {
        case .conversation:
            let title = record.vector(.titleVector)
            let space = record.embedding?.space
            record.embedding = nil
            record[.titleVector] = nil
            record[.messageCount] = .integer(0)
            record[.vectorCount] = .integer(0)
            if let title, let space {
                record[.titleVector] = .vector(title)
                record.join(Embedding(space: space, vector: title))
            }
            try check(record.embedding, request.organization)
        case .message:
            try check(record.embedding, request.organization)
            isHidden = try join(&record, request, &effects) || isHidden
        case .user, .agent, .term, .pattern: try check(record.embedding, request.organization)
        case .memory, .organization, .key, .job, .audit: throw .internalError("a \(record.kind) cannot be imported")
        }
        try insert(record)
        if record.ownVector == nil { try noteWait(record, request) }
        try note(record, isHidden ? .remove : .put, request, &effects)
        let isDeleted = record.deletedAt != nil
        count(
            record.kind, of: request.organization,
            StoreCounts.Count(rows: 1, withVectors: record.embedding == nil ? 0 : 1, deleted: isDeleted ? 1 : 0))
    }

    /// Whether its conversation is deleted.
    private func join(_ message: inout Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) -> Bool {
        guard let id = message.identifier(.conversation), var conversation = try conversation(id, request, &effects) else {
            throw .missingReference(field: "conversation")
        }
        message[.user] = conversation[.user]
        message[.agent] = conversation[.agent]
        if message.deletedAt == nil {
            conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) + 1)
            conversation.join(message.embedding)
        }
        conversation[.lastActivityAt] = .time(max(message.createdAt, conversation.time(.lastActivityAt) ?? message.createdAt))
        effects.followers.change(conversation)
        return conversation.deletedAt != nil
    }
}
