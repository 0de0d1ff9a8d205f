import Records

extension Writer {
    func remember(_ memories: [Memory], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var rows: [WriteReceipt.Row] = []
        rows.reserveCapacity(memories.count)
        var change: Int64 = 0
        var agents: Set<Identifier> = []
        for (place, memory) in memories.enumerated() {
            guard memory.organization == request.organization else { throw .internalError("a memory under another organization's request") }
            try check(memory.embedding, request.organization)
            try check(session: memory.session, of: memory.agent, "memories[\(place)].session", request)
            if agents.insert(memory.agent).inserted { try check(agent: memory.agent, "memories[\(place)].agent", request) }
            if let refusal = try session.insert(memory) { throw try self.refusal(of: memory, refusal) }
            if memory.embedding == nil { try noteWait(.memory, memory.id, lacksVector: true, request) }
            change = try recordChange(.memory, memory.id, version: memory.version, .put, request)
            rows.append(WriteReceipt.Row(id: memory.id, version: memory.version))
            count(.memory, of: request.organization, StoreCounts.Count(rows: 1, withVectors: memory.embedding == nil ? 0 : 1))
        }
        return WriteOutcome(receipt: WriteReceipt(change: change, rows: rows), memories: memories)
    }

    /// A session that is a conversation beyond the key takes no memory from it: who reads that session trusts what stands there. Nor does one with another agent.
    private func check(session: Identifier?, of agent: Identifier, _ field: String, _ request: WriteRequest) throws(StorageError) {
        guard let session, let conversation = try self.session.find(.conversation, session, of: request.organization, withVector: false) else { return }
        guard request.narrowing.isNone || request.narrowing.admitsConversation(conversation) else { throw .missingReference(field: "session") }
        guard conversation.deletedAt == nil, let owner = conversation.identifier(.agent), owner != agent else { return }
        throw .refusedField(FieldError(field, .malformed("it is a session of another agent")))
    }

    /// One whose memory is off takes none.
    private func check(agent: Identifier, _ field: String, _ request: WriteRequest) throws(StorageError) {
        guard try session.find(.agent, agent, of: request.organization, withVector: false)?.flag(.memoryEnabled) == false else { return }
        throw .refusedField(FieldError(field, .malformed("it keeps no memories: its memory_enabled is off")))
    }

    func check(_ embedding: Embedding?, _ organization: Identifier) throws(StorageError) {
        guard let embedding else { return }
        guard let dimension = try dimension(of: embedding.space, organization) else { throw .missingReference(field: "space") }
        guard embedding.vector.count == dimension else { throw .wrongDimension(found: embedding.vector.count, expected: dimension) }
    }

    func refusal(of memory: Memory, _ refusal: RowRefusal) throws(StorageError) -> StorageError {
        switch refusal {
        case .unique: return .alreadyExists(.memory, memory.id.description)
        case .foreignKey:
            let agent = try session.find(.agent, memory.agent, of: memory.organization, withVector: false)
            return .missingReference(field: agent == nil ? "agent" : "space")
        case .other(let message): return .internalError(message)
        }
    }

    func update(_ patch: MemoryPatch, space: Identifier?, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard let old = try session.memory(patch.id, of: request.organization), !old.isExpired(at: request.at), request.narrowing.admits(old) else {
            throw .notFound(.memory, patch.id)
        }
        if let expected = patch.ifVersion, expected != old.version { throw .versionMismatch(expected: expected, found: old.version) }
        if case .set = patch.vector, space == nil { throw .missingReference(field: "space") }
        let new = patch.applied(to: old, at: request.at, space: space)
        guard request.narrowing.admits(new) else { throw .notFound(.memory, patch.id) }
        if new.session != old.session { try check(session: new.session, of: new.agent, "session", request) }
        if new.embedding != old.embedding { try check(new.embedding, request.organization) }
        if let refusal = try session.update(new) { throw try self.refusal(of: new, refusal) }
        if new.content != old.content || patch.vector != .keep {
            try noteWait(.memory, new.id, lacksVector: new.embedding == nil && patch.vector != .clear, request)
        }
        let vectors: Int64 = (new.embedding == nil ? 0 : 1) - (old.embedding == nil ? 0 : 1)
        count(.memory, of: request.organization, StoreCounts.Count(withVectors: vectors))
        let change = try recordChange(.memory, new.id, version: new.version, .put, request)
        return WriteOutcome(
            receipt: WriteReceipt(change: change, rows: [WriteReceipt.Row(id: new.id, version: new.version)]), memories: [new])
    }

    func note(_ accesses: [Identifier: Timestamp], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var (memories, change): ([Memory], Int64) = ([], 0)
        for part in accesses.keys.sorted().parts(of: WriterLimits.rowsAtOnce) {
            for old in try session.memories(part, of: request.organization) {
                guard let time = accesses[old.id], old.countsAccess(at: time) else { continue }
                let new = old.accessed(at: time)
                if let refusal = try session.update(new) { throw try self.refusal(of: new, refusal) }
                change = try recordChange(.memory, new.id, version: new.version, .put, request)
                memories.append(new)
            }
        }
        return WriteOutcome(receipt: WriteReceipt(change: change, rows: memories.map { WriteReceipt.Row(id: $0.id, version: $0.version) }), memories: memories)
    }

    /// Looks at all rows before it deletes the first, so that a missing one leaves the others untouched.
    func delete(_ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var rows: [WriteReceipt.Row] = []
        var seen: Set<Identifier> = []
        var vectors: Int64 = 0
        for part in ids.parts(of: WriterLimits.rowsAtOnce) {
            let found = try session.memories(part, of: request.organization).keyed(by: \.id)
            for id in part where seen.insert(id).inserted {
                guard let memory = found[id], request.narrowing.admits(memory) else { throw .notFound(.memory, id) }
                rows.append(WriteReceipt.Row(id: id, version: memory.version))
                vectors += memory.embedding == nil ? 0 : 1
            }
        }
        var change: Int64 = 0
        for deleted in rows {
            try session.delete(.memory, deleted.id, of: request.organization)
            try endWait(.memory, deleted.id, request)
            change = try recordChange(.memory, deleted.id, version: deleted.version, .remove, request)
        }
        count(.memory, of: request.organization, StoreCounts.Count(rows: -Int64(rows.count), withVectors: -vectors))
        return WriteOutcome(receipt: WriteReceipt(change: change, rows: rows), removed: [.memory: rows.map(\.id)])
    }
}
