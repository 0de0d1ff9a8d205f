import Records
import Wire

/// What becomes of memories beside each other, and with time.
extension HouseModel {
    static let now = Moment(Timestamp(microseconds: 1_700_000_000_000_000))

    func isShown(_ memory: Memory) -> Bool { memory.deletedAt == nil && !isExpired(memory) }

    /// Whether a search finds it: what is so only later, or no longer, is not.
    func isCurrent(_ memory: Memory) -> Bool { isShown(memory) && memory.validity.holds(at: HouseModel.now) }

    private static func folded(_ text: String) -> String { text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    private func begin(_ memory: Memory) -> Timestamp { memory.validity.from ?? memory.createdAt }

    private func beside(_ memory: Memory) -> [Memory] {
        memories.values.filter { other in
            other.agent == memory.agent && other.user == memory.user && other.session == memory.session && isShown(other) && other.validity.holds(at: Moment(begin(memory)))
        }
    }

    /// Nil when it is stored, merged or known; otherwise what is wrong with it.
    mutating func keep(_ given: Memory, _ draft: MemoryDraft, _ holder: Holder, found: Set<Identifier>, _ rows: inout [(id: Identifier?, version: Int64)]) -> ErrorCode? {
        var memory = given
        let same = beside(memory).filter { $0.supersededBy == nil && HouseModel.folded($0.content) == HouseModel.folded(memory.content) }
        if same.contains(where: { $0.id == memory.id }) { return .alreadyExists }
        if let known = same.min(by: { $0.id < $1.id }) {
            if let old = draft.supersedes, old != known.id, let wrong = supersede(old, by: known, at: begin(memory), holder) { return wrong }
            var new = known
            take(memory, into: &new)
            new.validity.to = known.validity.to.flatMap { end in memory.validity.to.map { max(end, $0) } }
            if new.validity.to == nil { new.validity.closedAt = nil }
            if new != known { new.version += 1 }
            new.accessCount = max(1, known.accessCount)
            memories[new.id] = new
            rows.append((new.id, new.version))
            return nil
        }
        let similar = similar(to: memory, draft, found)
        if draft.onSimilar == .merge, draft.supersedes == nil, let nearest = similar.first {
            guard let merged = merge(memory, into: nearest) else { return .invalidField }
            rows.append(merged)
            return nil
        }
        let begin = begin(memory)
        if let old = draft.supersedes {
            if let wrong = supersede(old, by: memory, at: begin, holder) { return wrong }
            memory.validity.from = begin
        }
        for other in similar where other.id != draft.supersedes && draft.onSimilar == .supersede {
            if end(other, by: memory, at: begin) { memory.validity.from = begin }
        }
        guard memories[memory.id] == nil else { return .alreadyExists }
        guard self[.agent, memory.agent] != nil else { return .invalidField }
        memories[memory.id] = memory
        rows.append((memory.id, 1))
        return nil
    }

    /// Those that the index can find, and, where something is done about them, those that came with it.
    private func similar(to memory: Memory, _ draft: MemoryDraft, _ found: Set<Identifier>) -> [Memory] {
        guard let vector = memory.embedding?.vector, draft.onSimilar == .merge || draft.onSimilar == .supersede else { return [] }
        let others = beside(memory).filter { $0.type == memory.type && $0.embedding != nil && $0.id != memory.id && (!found.contains($0.id) || isCurrent($0)) }
        let near = others.map { ($0, Judge.cosine(vector, $0.embedding?.vector ?? [])) }.filter { $0.1 >= draft.similarity ?? SimilarAction.similarityDefault }
        return near.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.id < $1.0.id }.prefix(SimilarAction.countMax).map(\.0)
    }

    private mutating func supersede(_ id: Identifier, by memory: Memory, at begin: Timestamp, _ holder: Holder) -> ErrorCode? {
        guard let old = memories[id], isShown(old), holder.reach.writes(old.row), old.agent == memory.agent, old.user == memory.user else { return .invalidField }
        return end(old, by: memory, at: begin) ? nil : .invalidField
    }

    private mutating func end(_ old: Memory, by memory: Memory, at begin: Timestamp) -> Bool {
        let isBefore = old.validity.from.map { $0 < begin } ?? true
        guard old.supersededBy == nil, isBefore, old.validity.to.map({ begin < $0 }) ?? true, memory.validity.to.map({ begin < $0 }) ?? true else { return false }
        var ended = old
        ended.validity.to = begin
        ended.supersededBy = memory.id
        ended.version += 1
        memories[ended.id] = ended
        return true
    }

    private func take(_ memory: Memory, into new: inout Memory) {
        let old = new
        new.importance = max(old.importance, memory.importance)
        new.tags += memory.tags.filter { !old.tags.contains($0) }
        if case .object(let own) = old.metadata, case .object(let more) = memory.metadata {
            new.metadata = .object(own.filter { member in !more.contains { $0.name == member.name } } + more)
        }
        new.isPinned = old.isPinned || memory.isPinned
        new.expiresAt = old.expiresAt.flatMap { a in memory.expiresAt.map { max(a, $0) } }
        new.sourceMessage = old.sourceMessage ?? memory.sourceMessage
    }

    private mutating func merge(_ memory: Memory, into old: Memory) -> (id: Identifier?, version: Int64)? {
        var new = old
        take(memory, into: &new)
        new.accessCount = max(1, old.accessCount)
        new.content = memory.content
        new.embedding = memory.embedding
        new.validity = Validity(from: memory.validity.from ?? old.validity.from, to: memory.validity.to)
        guard (try? new.validity.check()) != nil else { return nil }
        new.version += 1
        memories[new.id] = new
        return (new.id, new.version)
    }

    /// What a memory that is gone took the place of has ended all the same.
    mutating func unlink(_ gone: Set<Identifier>) {
        for memory in Array(memories.values) where memory.supersededBy.map(gone.contains) ?? false { memories[memory.id]?.supersededBy = nil }
    }

    func history(_ id: Identifier, _ holder: Holder) -> Expected {
        func sees(_ memory: Memory) -> Bool { isShown(memory) && holder.reach.writes(memory.row) }
        guard let first = memories[id], sees(first) else { return .error(.notFound) }
        var (chain, ahead) = ([first.id: first], [first])
        while let memory = ahead.popLast() {
            for other in memories.values where (other.supersededBy == memory.id || memory.supersededBy == other.id) && chain[other.id] == nil && sees(other) {
                chain[other.id] = other
                ahead.append(other)
            }
        }
        return .memories(chain.values.sorted { begin($0) != begin($1) ? begin($0) < begin($1) : $0.id < $1.id }, withVectors: false)
    }

    mutating func endSession(_ ending: SessionEnding, _ holder: Holder) -> Expected {
        if ending.promotesFrom != nil, holder.narrowing.session != nil { return .error(.forbidden) }
        var (promoted, dropped): (Int64, Int64) = (0, 0)
        for memory in Array(memories.values) where memory.session == ending.session && ending.agent ?? memory.agent == memory.agent && isShown(memory) && holder.reach.writes(memory.row) {
            var new = memory
            if let least = ending.promotesFrom, memory.importance >= least {
                new.session = nil
                promoted += 1
            } else if ending.drops {
                new.deletedAt = HouseModel.now.valid
                dropped += 1
            } else {
                continue
            }
            new.version += 1
            memories[new.id] = new
        }
        return .counted(["promoted": .integer(promoted), "dropped": .integer(dropped)])
    }

    mutating func restoreMemories(_ ids: [Identifier], _ holder: Holder) -> Expected {
        var rows: [(id: Identifier?, version: Int64)] = []
        var seen: Set<Identifier> = []
        for id in ids where seen.insert(id).inserted {
            guard var memory = memories[id], memory.deletedAt != nil, holder.reach.writes(memory.row) else { return .error(.notFound) }
            memory.deletedAt = nil
            if isExpired(memory) { memory.expiresAt = nil }
            memory.accessCount = max(1, memory.accessCount)
            memory.version += 1
            memories[id] = memory
            rows.append((id, memory.version))
        }
        return .rows(rows)
    }

    /// By rules of its own: what belongs to what goes, goes.
    mutating func erase(_ erasure: Erasure, _ holder: Holder) -> Expected {
        guard holder.narrowing.isNone else { return .error(.forbidden) }
        let ids = Set(erasure.ids)
        func isOf(_ id: Identifier?) -> Bool { id.map(ids.contains) ?? false }
        func belongs(_ record: Record) -> Bool {
            switch erasure.subject {
            case .user: isOf(record.identifier(.user))
            case .agent: isOf(record.identifier(.agent))
            case .conversation: record.kind == .conversation && isOf(record.id)
            case .session, .memory: false
            }
        }
        let conversations = Set(all(.conversation).filter(belongs).map(\.id))
        let messages = Set(all(.message).filter { $0.identifier(.conversation).map(conversations.contains) ?? false }.map(\.id))
        var gone: [Kind: Set<Identifier>] = [.conversation: conversations, .message: messages]
        gone[.memory] = Set(
            memories.values.filter { memory in
                let isOwn =
                    switch erasure.subject {
                    case .user: isOf(memory.user)
                    case .agent: isOf(memory.agent)
                    case .conversation, .session: isOf(memory.session)
                    case .memory: isOf(memory.id)
                    }
                return isOwn || memory.session.map(conversations.contains) ?? false || memory.sourceMessage.map(messages.contains) ?? false
            }.map(\.id))
        if erasure.subject == .user { for kind in [Kind.term, .pattern] { gone[kind] = Set(all(kind).filter(belongs).map(\.id)) } }
        if [.user, .agent].contains(erasure.subject) { gone[.key] = Set(all(.key).filter(belongs).map(\.id)) }
        if erasure.subject == .user { gone[.user] = Set(all(.user).map(\.id).filter(ids.contains)) }
        if erasure.subject == .agent { gone[.agent] = Set(all(.agent).map(\.id).filter(ids.contains)) }
        for (kind, rows) in gone { for id in rows { if kind == .memory { memories[id] = nil } else { self[kind, id] = nil } } }
        unlink(gone[.memory] ?? [])
        for var agent in all(.agent) where erasure.subject == .user && isOf(agent.identifier(.user)) {
            agent[.user] = nil
            agent.version += 1
            self[.agent, agent.id] = agent
        }
        return .counted(.object(Kind.allCases.compactMap { kind in gone[kind].flatMap { $0.isEmpty ? nil : JSON.Member(kind.plural, .integer(Int64($0.count))) } } + [.init("scrubbed", .bool(true))]))
    }
}
