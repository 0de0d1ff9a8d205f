import Records
import Wire

extension HouseModel {
    private static let past = Timestamp(microseconds: 1_000_000_000_000_000)

    func isExpired(_ memory: Memory) -> Bool { memory.expiresAt.map { $0 <= HouseModel.past } ?? false }

    /// A session may be anything; one that is a conversation must be within reach.
    private func takes(_ session: Identifier?, _ holder: Holder) -> Bool {
        guard let session, let conversation = self[.conversation, session] else { return true }
        let own = holder.narrowing
        return Reach(narrowing: Narrowing(user: own.user, agent: own.agent, session: own.session)).writes(conversation)
    }

    /// Whether the holder can see that it is a conversation with another agent.
    func isForeign(_ session: Identifier?, to agent: Identifier, _ holder: Holder) -> Bool {
        guard let session, let conversation = self[.conversation, session], conversation.deletedAt == nil, takes(session, holder) else { return false }
        return conversation.identifier(.agent).map { $0 != agent } ?? false
    }

    mutating func remember(_ drafts: [MemoryDraft], _ holder: Holder) -> Expected {
        var made: [Memory] = []
        for draft in drafts {
            guard let id = draft.id, let createdAt = draft.createdAt else { return .error(.internalError) }
            let memory = Memory(
                id: id, organization: organization, agent: draft.agent, user: draft.user ?? holder.narrowing.user,
                session: draft.session ?? holder.narrowing.session, type: draft.type, content: draft.content, importance: draft.importance, tags: draft.tags,
                metadata: draft.metadata, createdAt: createdAt, updatedAt: createdAt, expiresAt: draft.expiresAt,
                isPinned: draft.isPinned, validity: Validity(from: draft.validFrom, to: draft.validTo), sourceMessage: draft.sourceMessage,
                embedding: draft.vector.map { Embedding(space: HouseModel.space, vector: $0) })
            guard holder.reach.writes(memory.row) else { return .error(.forbidden) }
            made.append(memory)
        }
        // What the index has when the request comes.
        let found = Set(memories.keys)
        var rows: [(id: Identifier?, version: Int64)] = []
        for (memory, draft) in zip(made, drafts) {
            guard takes(memory.session, holder), !isForeign(memory.session, to: memory.agent, holder) else { return .error(.invalidField) }
            guard memory.sourceMessage.flatMap({ self[.message, $0] }).map({ holder.reach.writes($0) }) ?? true else { return .error(.invalidField) }
            if let wrong = keep(memory, draft, holder, found: found, &rows) { return .error(wrong) }
        }
        return .rows(rows)
    }

    func get(_ ids: [Identifier], _ withVectors: Bool, _ holder: Holder) -> Expected {
        let found = ids.compactMap { memories[$0] }.filter { isShown($0) && holder.reach.writes($0.row) }
        return found.isEmpty ? .error(.notFound) : .memories(found, withVectors: withVectors)
    }

    func matching(_ listing: MemoryListing, _ holder: Holder) -> [Memory] {
        memories.values.filter { memory in
            listing.admits(memory, at: HouseModel.now.valid) && holder.reach.writes(memory.row) && listing.agent.map { memory.agent == $0 } ?? true
                && listing.session.map { memory.session == $0 } ?? true && listing.type.map { memory.type == $0 } ?? true
                && listing.after.map { memory.id < $0 } ?? true
        }.sorted { $1.id < $0.id }
    }

    func list(_ listing: MemoryListing, _ holder: Holder) -> Expected {
        let found = matching(listing, holder)
        return .memoryPage(Array(found.prefix(listing.limit)), hasMore: found.count > listing.limit, withVectors: listing.withVectors)
    }

    mutating func update(_ patch: MemoryPatch, _ holder: Holder) -> Expected {
        guard let old = memories[patch.id], isShown(old), holder.reach.writes(old.row) else { return .error(.notFound) }
        if let version = patch.ifVersion, version != old.version { return .error(.versionMismatch) }
        var new = old
        if case .set(let user) = patch.user { new.user = user } else if case .clear = patch.user { new.user = nil }
        if case .set(let session) = patch.session { new.session = session } else if case .clear = patch.session { new.session = nil }
        if let type = patch.type { new.type = type }
        if let content = patch.content { new.content = content }
        if let importance = patch.importance { new.importance = importance }
        if let tags = patch.tags { new.tags = tags }
        if let metadata = patch.metadata { new.metadata = metadata }
        new.isPinned = patch.isPinned ?? old.isPinned
        new.validity.to = patch.validTo.applied(to: old.validity.to)
        if new.validity.to != old.validity.to { new.supersededBy = nil }
        new.version += 1
        switch patch.vector {
        case .set(let vector): new.embedding = Embedding(space: HouseModel.space, vector: vector)
        case .clear: new.embedding = nil
        case .keep: if new.content != old.content { new.embedding = nil }
        }
        guard holder.reach.writes(new.row) else { return .error(.notFound) }
        guard new.validity.from.map({ from in new.validity.to.map { from < $0 } ?? true }) ?? true else { return .error(.invalidField) }
        guard new.session == old.session || takes(new.session, holder) && !isForeign(new.session, to: new.agent, holder) else { return .error(.invalidField) }
        memories[patch.id] = new
        return .rows([(new.id, new.version)])
    }

    mutating func delete(_ ids: [Identifier], _ holder: Holder) -> Expected {
        var rows: [(id: Identifier?, version: Int64)] = []
        var seen: Set<Identifier> = []
        for id in ids where seen.insert(id).inserted {
            guard let memory = memories[id], holder.reach.writes(memory.row) else { return .error(.notFound) }
            rows.append((id, memory.version))
        }
        for id in ids { memories[id] = nil }
        unlink(seen)
        return .rows(rows)
    }

    /// Every row that may be in the answer: it is seen, it has a vector, and it is neither deleted nor expired. The filter is the asker's to judge.
    func search(_ request: SearchRequest, _ holder: Holder) -> Expected {
        let rows = request.kind == .memory ? memories.values.filter(isCurrent).map(\.row) : all(request.kind).filter(isLive).map(whole)
        return .hits(request, rows.filter { $0.embedding != nil && holder.reach.sees($0) })
    }

    /// A key of one session recalls from it without being told.
    func recall(_ request: RecallRequest, _ holder: Holder) -> Expected {
        guard !isForeign(request.session, to: request.agent, holder) else { return .error(.invalidField) }
        let expected = search(SearchRequest(query: .vector(request.vector ?? []), k: request.k), holder)
        guard case .hits(let search, let rows) = expected else { return expected }
        let session = request.session ?? holder.narrowing.session
        return .hits(search, rows.filter { row in
            row.identifier(.agent) == request.agent && (request.everySession || row.identifier(.session) == nil || row.identifier(.session) == session)
        })
    }
}
