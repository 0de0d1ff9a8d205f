import Records

/// Conversations as one request found them, and as it leaves them.
struct Followers {
    private(set) var found: [Identifier: Record] = [:]
    private(set) var changed: [Identifier: Record] = [:]

    subscript(id: Identifier) -> Record? { changed[id] ?? found[id] }

    mutating func find(_ conversation: Record) { if found[conversation.id] == nil { found[conversation.id] = conversation } }

    mutating func change(_ conversation: Record) { changed[conversation.id] = conversation }

    /// What is not written yet of it.
    mutating func take(_ id: Identifier) -> Record? { changed.removeValue(forKey: id) }

    /// It is written so.
    mutating func wrote(_ conversation: Record) {
        found[conversation.id] = conversation
        changed[conversation.id] = nil
    }
}

/// What a conversation has from its messages: their number, the last activity, and its vector.
extension Writer {
    /// Those of many messages at once.
    func findConversations(of records: [Record], _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        let ids = Set(records.compactMap { $0.kind == .message ? $0.identifier(.conversation) : nil })
        guard ids.count > 1 else { return }
        for part in ids.sorted().parts(of: WriterLimits.rowsAtOnce) {
            for conversation in try session.records(.conversation, part, of: request.organization) { effects.followers.find(conversation) }
        }
    }

    /// Makes a message a part of its conversation. The tenant's user and agent come from there, and from nowhere else.
    func append(_ message: inout Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        guard let id = message.identifier(.conversation), let found = try conversation(id, request, &effects), found.deletedAt == nil,
            request.narrowing.admitsConversation(found)
        else { throw .missingReference(field: "conversation") }
        guard found.time(.endedAt) == nil else { throw .conversationEnded(id) }
        var conversation = found
        message[.user] = conversation[.user]
        message[.agent] = conversation[.agent]
        conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) + 1)
        conversation[.lastActivityAt] = .time(max(message.createdAt, conversation.time(.lastActivityAt) ?? message.createdAt))
        conversation.join(message.embedding)
        effects.followers.change(conversation)
    }

    /// Changes what the message's conversation has from it.
    func follow(
        _ message: Record, _ request: WriteRequest, _ effects: inout RecordEffects, _ body: (inout Record) -> Void
    ) throws(StorageError) {
        guard let id = message.identifier(.conversation), var conversation = try conversation(id, request, &effects) else {
            throw .corruptRow(table: Table.messages.name, place: message.id.description)
        }
        body(&conversation)
        effects.followers.change(conversation)
    }

    /// Its version counts the changes that callers make to it; what follows from messages leaves it as it is.
    func writeFollowers(_ request: WriteRequest, _ effects: inout RecordEffects, areTouched: Bool = true) throws(StorageError) {
        for (id, follower) in effects.followers.changed.sorted(by: { $0.key < $1.key }) {
            var conversation = follower
            let hadVector = effects.followers.found[id]?.embedding != nil
            if areTouched { conversation.updatedAt = max(request.at, conversation.updatedAt) }
            try update(conversation)
            effects.change = try recordChange(.conversation, id, version: conversation.version, .put, request)
            effects.records.append(conversation)
            effects.followers.wrote(conversation)
            count(.conversation, of: request.organization, StoreCounts.Count(withVectors: (conversation.embedding == nil ? 0 : 1) - (hadVector ? 1 : 0)))
        }
    }

    func end(_ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        for var conversation in try allLive(.conversation, ids, request) {
            guard conversation.time(.endedAt) == nil else {
                effects.rows.append(WriteReceipt.Row(id: conversation.id, version: conversation.version))
                continue
            }
            conversation[.endedAt] = .time(request.at)
            try rewrite(conversation, request, &effects)
        }
        return effects.outcome
    }

    func conversation(_ id: Identifier, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) -> Record? {
        if let known = effects.followers[id] { return known }
        let found = try session.find(.conversation, id, of: request.organization)
        if let found { effects.followers.find(found) }
        return found
    }

    /// Whether what it belongs to is deleted.
    func isHidden(_ record: Record, _ organization: Identifier) throws(StorageError) -> Bool {
        guard record.kind == .message, let id = record.identifier(.conversation) else { return false }
        return try session.find(.conversation, id, of: organization, withVector: false)?.deletedAt != nil
    }
}

extension Narrowing {
    /// Whether messages may be written to it: those of a key that sees messages alone, too.
    func admitsConversation(_ conversation: Record) -> Bool {
        var widened = self
        widened.kinds = nil
        return widened.admits(conversation)
    }
}
