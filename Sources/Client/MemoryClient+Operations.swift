public import Records

extension MemoryClient {
    /// Facts about the server and the organization of the key.
    public func status() async throws(ClientError) -> JSON {
        guard case .status(let facts) = try await perform(.status) else { throw .protocolViolation("another answer than status") }
        return facts
    }

    public func ping() async throws(ClientError) {
        guard case .pong = try await perform(.ping) else { throw .protocolViolation("another answer than pong") }
    }

    /// The agent of that slug, made if there is none.
    public func ensureAgent(_ slug: String, name: String? = nil) async throws(ClientError) -> Agent {
        guard case .agent(let agent) = try await perform(.ensureAgent(slug: slug, name: name ?? slug)) else {
            throw .protocolViolation("another answer than an agent")
        }
        return agent
    }

    /// Has the server compare its indexes with its store, and mend them. Takes as long as reading all rows of the organization.
    public func verify() async throws(ClientError) -> JSON {
        guard case .verified(let facts) = try await perform(.verify) else { throw .protocolViolation("another answer than a verification") }
        return facts
    }

    /// Stores all of them or none; when this returns they are on the server's disk, and the next search finds them.
    public func remember(_ drafts: [MemoryDraft], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.remember(drafts), idempotencyKey)
    }

    public func update(_ patch: MemoryPatch, idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.update(patch), idempotencyKey)
    }

    public func delete(_ ids: [Identifier], idempotencyKey: Identifier? = nil) async throws(ClientError) -> WriteReceipt {
        try await write(.delete(ids), idempotencyKey)
    }

    func write(_ operation: Operation, _ idempotencyKey: Identifier?) async throws(ClientError) -> WriteReceipt {
        guard case .written(let receipt) = try await perform(operation, idempotencyKey: idempotencyKey) else {
            throw .protocolViolation("another answer than a receipt")
        }
        return receipt
    }

    /// Those that are there, in the order asked.
    public func memories(_ ids: [Identifier], withVectors: Bool = false) async throws(ClientError) -> [Memory] {
        guard case .memories(let memories) = try await perform(.get(ids, withVectors: withVectors)) else {
            throw .protocolViolation("another answer than memories")
        }
        return memories
    }

    public func list(_ listing: MemoryListing) async throws(ClientError) -> MemoryPage {
        guard case .page(let page) = try await perform(.list(listing)) else { throw .protocolViolation("another answer than a page") }
        return page
    }

    /// A memory with those that took its place and those whose place it took, in the order in which they were so.
    public func history(of id: Identifier) async throws(ClientError) -> [Memory] {
        guard case .memories(let memories) = try await perform(.history(id)) else { throw .protocolViolation("another answer than memories") }
        return memories
    }

    /// How many memories of the session were promoted and dropped. Asked again, it goes on where it ended.
    public func endSession(_ ending: SessionEnding) async throws(ClientError) -> JSON {
        guard case .counted(let counts) = try await perform(.endSession(ending)) else { throw .protocolViolation("another answer than counts") }
        return counts
    }

    /// How many rows of each kind went for good. Asked again, it goes on where it ended.
    public func erase(_ erasure: Erasure) async throws(ClientError) -> JSON {
        guard case .counted(let counts) = try await perform(.erase(erasure)) else { throw .protocolViolation("another answer than counts") }
        return counts
    }

    public func search(_ request: SearchRequest) async throws(ClientError) -> SearchAnswer {
        guard case .found(let answer) = try await perform(.search(request)) else { throw .protocolViolation("another answer than hits") }
        return answer
    }

    /// The memories of one agent that matter: those kept for good, and those of the given session.
    public func recall(_ request: RecallRequest) async throws(ClientError) -> SearchAnswer {
        guard case .found(let answer) = try await perform(.recall(request)) else { throw .protocolViolation("another answer than hits") }
        return answer
    }

    public func recall(
        agent: Identifier, session: Identifier? = nil, query: SearchRequest.Query, space: Identifier? = nil, k: Int = 10, filter: Filter? = nil
    ) async throws(ClientError) -> SearchAnswer {
        var request = RecallRequest(agent: agent, session: session, space: space, k: k, filter: filter)
        switch query {
        case .text(let text): request.text = text
        case .vector(let vector): request.vector = vector
        }
        return try await recall(request)
    }
}
