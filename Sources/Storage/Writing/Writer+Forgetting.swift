import Recall
import Records

/// What says that a memory is to be hidden.
enum DueColumn: String, CaseIterable {
    case forgetAt = "forget_at"
    case expiresAt = "expires_at"
}

/// What becomes of memories with time.
extension Writer {
    /// Hides memories of which too little is left, or that have expired, and deletes those that were hidden long ago. When one is forgotten follows from its agent's
    /// settings of now: where the column says otherwise, the column is put right. What is due is due no more afterwards, so that a second sweep changes nothing.
    func forget(_ sweep: Sweep, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = MemoryEffects()
        var fadings: [Identifier: Fading] = [:]
        let due = try due(sweep, request)
        for old in due {
            var new = old
            new.forgetAt = try fading(of: old.agent, request, &fadings).forgetAt(MemoryFacts(old))
            if old.isExpired(at: request.at) || new.forgetAt.map({ $0 <= request.at }) ?? false { new.hide(at: request.at) }
            try rewrite(new, from: old, request, &effects)
            effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
        }
        guard due.count < sweep.limit else { return effects.outcome }
        let gone = try session.hiddenMemories(before: sweep.hiddenBefore, limit: sweep.limit - due.count, of: request.organization)
        try unlink(gone.map(\.id), request, &effects)
        for old in gone { try drop(old, request, &effects) }
        return effects.outcome
    }

    /// Those of which either column says so.
    private func due(_ sweep: Sweep, _ request: WriteRequest) throws(StorageError) -> [Memory] {
        var found: [Memory] = []
        for column in DueColumn.allCases where found.count < sweep.limit {
            let due = try session.memories(due: column, at: request.at, limit: sweep.limit, of: request.organization)
            let known = Set(found.map(\.id))
            found += due.filter { !known.contains($0.id) }.prefix(sweep.limit - found.count)
        }
        return found
    }

    /// Reckons anew when memories are forgotten. Its rows are those that it looked at.
    func redate(_ part: MemoryPart, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = MemoryEffects()
        var fadings: [Identifier: Fading] = [:]
        for old in try session.memories(part, of: request.organization) {
            var new = old
            new.forgetAt = try fading(of: old.agent, request, &fadings).forgetAt(MemoryFacts(old))
            if new != old { try rewrite(new, from: old, request, &effects) }
            effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
        }
        return effects.outcome
    }

    /// Being restored counts as an access. One that would be forgotten again at once is pinned: whoever restores it wants it.
    func restoreMemories(_ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var hidden: [Memory] = []
        var seen: Set<Identifier> = []
        for id in ids where seen.insert(id).inserted {
            guard let memory = try session.memory(id, of: request.organization), memory.deletedAt != nil, request.narrowing.admits(memory) else { throw .notFound(.memory, id) }
            hidden.append(memory)
        }
        var effects = MemoryEffects()
        var fadings: [Identifier: Fading] = [:]
        for old in hidden {
            var new = old.accessed(at: request.at)
            new.deletedAt = nil
            if new.isExpired(at: request.at) { new.expiresAt = nil }
            new.change(at: request.at)
            let fading = try fading(of: new.agent, request, &fadings)
            if let moment = fading.forgetAt(MemoryFacts(new)), moment <= request.at { new.isPinned = true }
            new.forgetAt = fading.forgetAt(MemoryFacts(new))
            try rewrite(new, from: old, request, &effects)
            effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
        }
        return effects.outcome
    }

    /// A part of the memories of a session: those that are important enough are kept for good, the others stay or are hidden. Its rows are those that it looked at.
    func end(_ ending: SessionEnding, _ part: MemoryPart, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = MemoryEffects()
        for old in try session.memories(part, of: request.organization) {
            effects.rows.append(WriteReceipt.Row(id: old.id, version: old.version))
            guard old.isShown(at: request.at), request.narrowing.admits(old) else { continue }
            var new = old
            if let least = ending.promotesFrom, old.importance >= least {
                new.session = nil
                new.change(at: request.at)
                guard request.narrowing.admits(new) else { throw .notFound(.memory, old.id) }
            } else if ending.drops {
                new.hide(at: request.at)
            } else {
                continue
            }
            try rewrite(new, from: old, request, &effects)
        }
        return effects.outcome
    }
}

extension Memory {
    fileprivate mutating func hide(at time: Timestamp) {
        deletedAt = time
        change(at: time)
    }
}
