import Recall
import Records

/// What one request did to memories, gathered for its outcome.
struct MemoryEffects {
    var rows: [WriteReceipt.Row] = []
    var change: Int64 = 0
    var notes: [RememberNote] = []
    var removed: [Identifier] = []
    private var memories: [Memory] = []
    private var places: [Identifier: Int] = [:]

    /// As it is now.
    mutating func take(_ memory: Memory) {
        if let place = places[memory.id] { return memories[place] = memory }
        places[memory.id] = memories.count
        memories.append(memory)
    }

    var outcome: WriteOutcome {
        WriteOutcome(receipt: WriteReceipt(change: change, rows: rows, notes: notes), memories: memories, removed: removed.isEmpty ? [:] : [.memory: removed])
    }
}

extension Writer {
    /// Without keepings each is stored as it is.
    func remember(_ memories: [Memory], _ keepings: [Keeping], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = MemoryEffects()
        effects.rows.reserveCapacity(memories.count)
        var fadings: [Identifier: Fading] = [:]
        for (place, given) in memories.enumerated() {
            guard given.organization == request.organization else { throw .internalError("a memory under another organization's request") }
            try check(given.embedding, request.organization)
            try check(session: given.session, of: given.agent, "memories[\(place)].session", request)
            let fading = try fading(of: given.agent, request, &fadings, takesNewIn: keepings.isEmpty ? nil : "memories[\(place)].agent")
            try check(source: given.sourceMessage, request)
            var memory = given
            memory.forgetAt = fading.forgetAt(MemoryFacts(memory))
            if keepings.isEmpty {
                try store(memory, request, &effects)
            } else {
                var run = KeepingRun(keeping: keepings[place], place: place, fading: fading)
                try keep(memory, &run, request, &effects)
                if !run.note.saysNothing { effects.notes.append(run.note) }
            }
        }
        return effects.outcome
    }

    func store(_ memory: Memory, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        if let refusal = try session.insert(memory) { throw try self.refusal(of: memory, refusal) }
        if memory.embedding == nil { try noteWait(.memory, memory.id, lacksVector: true, request) }
        effects.change = try recordChange(.memory, memory.id, version: memory.version, memory.deletedAt == nil ? .put : .remove, request)
        effects.rows.append(WriteReceipt.Row(id: memory.id, version: memory.version))
        effects.take(memory)
        count(.memory, of: request.organization, StoreCounts.Count(rows: 1, withVectors: memory.embedding == nil ? 0 : 1, deleted: memory.deletedAt == nil ? 0 : 1))
    }

    /// Writes what has become of one that is there, and counts what it lost or won.
    func rewrite(_ new: Memory, from old: Memory, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        if let refusal = try session.update(new) { throw try self.refusal(of: new, refusal) }
        effects.change = try recordChange(.memory, new.id, version: new.version, new.deletedAt == nil ? .put : .remove, request)
        effects.take(new)
        let vectors: Int64 = (new.embedding == nil ? 0 : 1) - (old.embedding == nil ? 0 : 1)
        let deleted: Int64 = (new.deletedAt == nil ? 0 : 1) - (old.deletedAt == nil ? 0 : 1)
        count(.memory, of: request.organization, StoreCounts.Count(withVectors: vectors, deleted: deleted))
    }

    /// A session that is a conversation beyond the key takes no memory from it: who reads that session trusts what stands there. Nor does one with another agent.
    private func check(session: Identifier?, of agent: Identifier, _ field: String, _ request: WriteRequest) throws(StorageError) {
        guard let session, let conversation = try self.session.find(.conversation, session, of: request.organization, withVector: false) else { return }
        guard request.narrowing.isNone || request.narrowing.admitsConversation(conversation) else { throw .missingReference(field: "session") }
        guard conversation.deletedAt == nil, let owner = conversation.identifier(.agent), owner != agent else { return }
        throw .refusedField(FieldError(field, .malformed("it is a session of another agent")))
    }

    /// A message may be any, but for one that is there and beyond the key.
    private func check(source: Identifier?, _ request: WriteRequest) throws(StorageError) {
        guard let source, !request.narrowing.isNone, let message = try session.find(.message, source, of: request.organization, withVector: false) else { return }
        guard request.narrowing.admits(message) else { throw .missingReference(field: "source_message") }
    }

    /// How the memories of an agent fade, read once for each. Where new ones come, an agent whose memory is off is refused in that field.
    func fading(of agent: Identifier, _ request: WriteRequest, _ known: inout [Identifier: Fading], takesNewIn field: String? = nil) throws(StorageError) -> Fading {
        if let fading = known[agent] { return fading }
        let settings = try settings(of: agent, request)
        if let field, !settings.isEnabled { throw .refusedField(FieldError(field, .malformed("it keeps no memories: its memory_enabled is off"))) }
        known[agent] = settings.fading
        return settings.fading
    }

    /// How an agent keeps memories; one that is not there does as its organization does.
    private func settings(of agent: Identifier, _ request: WriteRequest) throws(StorageError) -> MemorySettings {
        let known = organizationSettings[request.organization]
        let organization: JSON?
        if let known, known.readAt <= request.at, request.at < known.readAt.adding(seconds: WriterLimits.settingsSeconds) {
            organization = known.settings
        } else {
            organization = try session.memorySettings(of: request.organization)
            if organizationSettings.count >= WriterLimits.dimensionsMax { organizationSettings = [:] }
            organizationSettings[request.organization] = OrganizationSettings(settings: organization, readAt: request.at)
        }
        return MemorySettings(of: try session.find(.agent, agent, of: request.organization, withVector: false), under: organization)
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
        guard let old = try session.memory(patch.id, of: request.organization), old.isShown(at: request.at), request.narrowing.admits(old) else {
            throw .notFound(.memory, patch.id)
        }
        if let expected = patch.ifVersion, expected != old.version { throw .versionMismatch(expected: expected, found: old.version) }
        if case .set = patch.vector, space == nil { throw .missingReference(field: "space") }
        var new = patch.applied(to: old, at: request.at, space: space)
        guard request.narrowing.admits(new) else { throw .notFound(.memory, patch.id) }
        do throws(FieldError) { try new.validity.check() } catch { throw .refusedField(error) }
        if new.session != old.session { try check(session: new.session, of: new.agent, "session", request) }
        if new.embedding != old.embedding { try check(new.embedding, request.organization) }
        new.forgetAt = try settings(of: new.agent, request).fading.forgetAt(MemoryFacts(new))
        var effects = MemoryEffects()
        try rewrite(new, from: old, request, &effects)
        if new.content != old.content || patch.vector != .keep {
            try noteWait(.memory, new.id, lacksVector: new.embedding == nil && patch.vector != .clear, request)
        }
        effects.rows = [WriteReceipt.Row(id: new.id, version: new.version)]
        return effects.outcome
    }

    func note(_ accesses: [Identifier: Timestamp], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = MemoryEffects()
        var fadings: [Identifier: Fading] = [:]
        for part in accesses.keys.sorted().parts(of: WriterLimits.rowsAtOnce) {
            for old in try session.memories(part, of: request.organization) {
                guard let time = accesses[old.id], old.deletedAt == nil, old.countsAccess(at: time) else { continue }
                var new = old.accessed(at: time)
                new.forgetAt = try fading(of: old.agent, request, &fadings).forgetAt(MemoryFacts(new))
                try rewrite(new, from: old, request, &effects)
                effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
            }
        }
        return effects.outcome
    }

    /// Looks at all rows before it deletes the first, so that a missing one leaves the others untouched.
    func delete(_ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var memories: [Memory] = []
        var seen: Set<Identifier> = []
        for part in ids.parts(of: WriterLimits.rowsAtOnce) {
            let found = try session.memories(part, of: request.organization).keyed(by: \.id)
            for id in part where seen.insert(id).inserted {
                guard let memory = found[id], request.narrowing.admits(memory) else { throw .notFound(.memory, id) }
                memories.append(memory)
            }
        }
        var effects = MemoryEffects()
        try unlink(memories.map(\.id), request, &effects)
        for memory in memories { try drop(memory, request, &effects) }
        return effects.outcome
    }

    /// Before these are gone: those whose place they took have ended all the same.
    func unlink(_ ids: [Identifier], _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        let gone = Set(ids)
        for part in ids.parts(of: WriterLimits.rowsAtOnce) {
            for old in try session.memories(supersededBy: part, of: request.organization) where !gone.contains(old.id) {
                var new = old
                new.supersededBy = nil
                try rewrite(new, from: old, request, &effects)
            }
        }
    }

    /// The row goes, with all that is kept of it.
    func drop(_ memory: Memory, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        try deleteRow(.memory, memory.id, request)
        effects.change = try recordChange(.memory, memory.id, version: memory.version, .remove, request)
        effects.rows.append(WriteReceipt.Row(id: memory.id, version: memory.version))
        effects.removed.append(memory.id)
        count(
            .memory, of: request.organization,
            StoreCounts.Count(rows: -1, withVectors: memory.embedding == nil ? 0 : -1, deleted: memory.deletedAt == nil ? 0 : -1))
    }
}
