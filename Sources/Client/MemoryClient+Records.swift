public import Records

extension MemoryClient {
    /// Makes all of them or none; they are of one kind.
    public func create(_ drafts: [RecordDraft], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.create(drafts), idempotencyKey)
    }

    /// The terms of a user that what was typed may become, the best first.
    public func suggestions(_ request: SuggestRequest) async throws(ClientError) -> [Suggestion] {
        guard case .suggested(let suggestions) = try await perform(.suggest(request)) else { throw .protocolViolation("another answer than suggestions") }
        return suggestions
    }

    /// The same in two parts, which are asked for at once: what letters find, which no vector makes wait, and what is near in meaning besides.
    public func suggestionParts(_ request: SuggestRequest) -> AsyncThrowingStream<[Suggestion], any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                var (letters, meaning) = (request, request)
                (letters.byMeaning, meaning.byMeaning) = (false, true)
                async let second = suggestions(meaning)
                do {
                    continuation.yield(try await suggestions(letters))
                    continuation.yield(try await second)
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The terms of a user that stand in a text, up to a part of it that one answer names.
    public func detection(_ request: DetectRequest) async throws(ClientError) -> Detection {
        guard case .detected(let detection) = try await perform(.detect(request)) else { throw .protocolViolation("another answer than a detection") }
        return detection
    }

    /// The terms that have to do with one, the closest first.
    public func related(_ request: RelatedRequest) async throws(ClientError) -> [RelatedTerm] {
        guard case .related(let terms) = try await perform(.related(request)) else { throw .protocolViolation("another answer than related terms") }
        return terms
    }

    /// Keeps what a user did with suggestions, and counts the words of what he wrote that no entry knows.
    public func learn(_ request: LearnRequest, idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.learn(request), idempotencyKey)
    }

    /// Those that are there, in the order asked.
    public func records(_ kind: Kind, _ ids: [Identifier], withVectors: Bool = false) async throws(ClientError) -> [Record] {
        guard case .records(let records) = try await perform(.fetch(kind, ids, withVectors: withVectors)) else {
            throw .protocolViolation("another answer than records")
        }
        return records
    }

    public func browse(_ listing: RecordListing) async throws(ClientError) -> RecordPage {
        guard case .recordPage(let page) = try await perform(.browse(listing)) else { throw .protocolViolation("another answer than a page") }
        return page
    }

    public func change(_ patch: RecordPatch, idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.change(patch), idempotencyKey)
    }

    /// Hides what can be restored, and deletes the rest.
    public func remove(_ kind: Kind, _ ids: [Identifier], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.remove(kind, ids), idempotencyKey)
    }

    public func restore(_ kind: Kind, _ ids: [Identifier], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.restore(kind, ids), idempotencyKey)
    }

    /// Counts a use of terms, or another sighting of patterns.
    public func use(_ kind: Kind, _ ids: [Identifier], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.use(kind, ids), idempotencyKey)
    }

    public func end(_ conversations: [Identifier], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.end(conversations), idempotencyKey)
    }

    /// A conversation with its last messages, oldest first.
    public func conversation(_ id: Identifier, messages: Int = 50) async throws(ClientError) -> (conversation: Record, messages: [Record]) {
        guard case .conversation(let conversation, let messages) = try await perform(.open(id, messages: messages)) else {
            throw .protocolViolation("another answer than a conversation")
        }
        return (conversation, messages)
    }

    /// The key as it is kept, and its text, which nobody can tell again.
    public func createKey(_ draft: RecordDraft, idempotencyKey: Identifier? = nil) async throws(ClientError) -> (key: Record, text: String) {
        try await key(.createKey(draft), idempotencyKey)
    }

    /// A new key like that one, which goes on for `overlapSeconds`.
    public func rotateKey(_ id: Identifier, overlapSeconds: Int64, idempotencyKey: Identifier? = nil) async throws(ClientError) -> (key: Record, text: String) {
        try await key(.rotateKey(id, overlapSeconds: overlapSeconds), idempotencyKey)
    }

    public func revokeKey(_ id: Identifier, idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.revokeKey(id), idempotencyKey)
    }

    private func key(_ operation: Operation, _ idempotencyKey: Identifier?) async throws(ClientError) -> (key: Record, text: String) {
        guard case .key(let key, let text) = try await perform(operation, idempotencyKey: idempotencyKey) else {
            throw .protocolViolation("another answer than a key")
        }
        return (key, text)
    }
}
