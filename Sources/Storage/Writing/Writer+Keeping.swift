import Recall
import Records

/// One new memory on its way, and what is told of it.
struct KeepingRun {
    let keeping: Keeping
    let fading: Fading
    var note: RememberNote
    var field: String { "memories[\(note.row)].supersedes" }

    init(keeping: Keeping, place: Int, fading: Fading) {
        self.keeping = keeping
        self.fading = fading
        note = RememberNote(row: place)
    }
}

/// A new memory beside those that are there: of the same agent, user and session the same is not stored twice, and nearly the same is told, or superseded, or merged.
extension Writer {
    func keep(_ given: Memory, _ run: inout KeepingRun, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        var memory = given
        if let known = try duplicate(of: memory, request) {
            run.note.fate = .duplicate
            return try access(known, instead: memory, &run, request, &effects)
        }
        let similar = try similar(to: memory, run.keeping, request)
        if run.keeping.onSimilar == .merge, run.keeping.supersedes == nil, let nearest = similar.first?.memory {
            run.note.fate = .merged
            run.note.similar = similar.dropFirst().map(\.told)
            return try merge(memory, into: nearest, run, request, &effects)
        }
        if let old = run.keeping.supersedes {
            try supersede(old, by: memory, at: memory.begin, &run, request, &effects)
            memory.validity.from = memory.begin
        }
        for one in similar where one.memory.id != run.keeping.supersedes {
            if run.keeping.onSimilar == .supersede, let ended = one.memory.ended(by: memory, at: memory.begin, toldAt: request.at) {
                try rewrite(ended, from: one.memory, request, &effects)
                run.note.superseded.append(ended.id)
                memory.validity.from = memory.begin
            } else {
                run.note.similar.append(one.told)
            }
        }
        try store(memory, request, &effects)
    }

    /// One that says the same when the new one begins, and whose place none has taken.
    private func duplicate(of memory: Memory, _ request: WriteRequest) throws(StorageError) -> Memory? {
        let begin = memory.begin
        let known = try session.memories(hash: ContentHash.of(memory.content), beside: memory, after: begin, limit: WriterLimits.rowsAtOnce)
        let same = known.filter {
            $0.isShown(at: request.at) && $0.supersededBy == nil && $0.validity.holds(at: Moment(begin)) && ContentHash.isSame($0.content, memory.content)
        }
        guard let first = same.min(by: { $0.id < $1.id }) else { return nil }
        // Whoever names the memory means to make it.
        if same.contains(where: { $0.id == memory.id }) { throw .alreadyExists(.memory, memory.id.description) }
        return first
    }

    /// It is accessed, and is kept at least as long, and taken at least as seriously, as the new one would be.
    private func access(
        _ known: Memory, instead memory: Memory, _ run: inout KeepingRun, _ request: WriteRequest, _ effects: inout MemoryEffects
    ) throws(StorageError) {
        if let old = run.keeping.supersedes, old != known.id { try supersede(old, by: known, at: memory.begin, &run, request, &effects) }
        var new = known.taking(memory)
        new.validity.to = known.validity.to.flatMap { end in memory.validity.to.map { max(end, $0) } }
        if new.validity.to == nil { new.validity.closedAt = nil }
        if new != known { new.change(at: request.at) }
        new = new.accessed(at: request.at)
        if new != known {
            new.forgetAt = run.fading.forgetAt(MemoryFacts(new))
            try rewrite(new, from: known, request, &effects)
        }
        effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
    }

    private struct Similar {
        let memory: Memory
        let cosine: Double

        var told: RememberNote.Similar { RememberNote.Similar(id: memory.id, cosine: cosine) }
    }

    /// The nearest first.
    private func similar(to memory: Memory, _ keeping: Keeping, _ request: WriteRequest) throws(StorageError) -> [Similar] {
        guard let embedding = memory.embedding, !keeping.similar.isEmpty else { return [] }
        let begin = Moment(memory.begin)
        var similar: [Similar] = []
        for known in try session.memories(keeping.similar.sorted(), of: request.organization) where known.id != memory.id && known.type == memory.type && known.isBeside(memory) {
            guard known.isShown(at: request.at), known.validity.holds(at: begin), let other = known.embedding, other.space == embedding.space else { continue }
            let cosine = embedding.cosine(other)
            if cosine >= keeping.similarity { similar.append(Similar(memory: known, cosine: cosine)) }
        }
        similar.sort { $0.cosine != $1.cosine ? $0.cosine > $1.cosine : $0.memory.id < $1.memory.id }
        return Array(similar.prefix(SimilarAction.countMax))
    }

    private func supersede(
        _ id: Identifier, by memory: Memory, at begin: Timestamp, _ run: inout KeepingRun, _ request: WriteRequest, _ effects: inout MemoryEffects
    ) throws(StorageError) {
        let found = try session.memory(id, of: request.organization)
        guard let old = found, old.isShown(at: request.at), request.narrowing.admits(old), old.agent == memory.agent, old.user == memory.user else {
            throw .refusedField(FieldError(run.field, .malformed("there is no such memory of the same agent and user")))
        }
        guard old.supersededBy == nil else { throw .refusedField(FieldError(run.field, .malformed("another took its place already"))) }
        guard let ended = old.ended(by: memory, at: begin, toldAt: request.at) else {
            throw .refusedField(FieldError(run.field, .outOfRange("a memory that begins before the new one does, which has an end after that if it has one, and has not ended by then")))
        }
        try rewrite(ended, from: old, request, &effects)
        run.note.superseded.append(id)
    }

    /// The older one says what the new one says, from when and to when that is so, and keeps what it was.
    private func merge(_ memory: Memory, into old: Memory, _ run: KeepingRun, _ request: WriteRequest, _ effects: inout MemoryEffects) throws(StorageError) {
        var new = old.taking(memory).accessed(at: request.at)
        new.content = memory.content
        new.embedding = memory.embedding
        new.validity = Validity(from: memory.validity.from ?? old.validity.from, to: memory.validity.to)
        if new.validity.to != old.validity.to { new.validity.closedAt = new.validity.to.map { _ in request.at } } else { new.validity.closedAt = old.validity.closedAt }
        do throws(FieldError) { try new.validity.check() } catch { throw .refusedField(error.inside("memories[\(run.note.row)]")) }
        new.change(at: request.at)
        new.forgetAt = run.fading.forgetAt(MemoryFacts(new))
        try rewrite(new, from: old, request, &effects)
        try endWait(.memory, new.id, request)
        effects.rows.append(WriteReceipt.Row(id: new.id, version: new.version))
    }
}

extension Memory {
    /// From when on it is so, as far as it matters to others.
    fileprivate var begin: Timestamp { validity.from ?? createdAt }

    /// The same, so until the new one begins; nil where it does not begin before, or has ended by then, or the new one would end before it begins.
    fileprivate func ended(by new: Memory, at begin: Timestamp, toldAt time: Timestamp) -> Memory? {
        guard supersededBy == nil, validity.from.map({ $0 < begin }) ?? true, validity.to.map({ begin < $0 }) ?? true, new.validity.to.map({ begin < $0 }) ?? true else { return nil }
        var ended = self
        ended.validity.to = begin
        ended.validity.closedAt = min(time, max(new.createdAt, createdAt))
        ended.supersededBy = new.id
        ended.change(at: time)
        return ended
    }

    /// With what another one has beside its text: the longer time, the greater importance, and all tags and metadata.
    fileprivate func taking(_ other: Memory) -> Memory {
        var new = self
        new.importance = max(importance, other.importance)
        new.tags = Array((tags + other.tags.filter { !tags.contains($0) }).prefix(Limits.tagsMax))
        new.metadata = metadata.taking(other.metadata)
        new.isPinned = isPinned || other.isPinned
        new.expiresAt = expiresAt.flatMap { a in other.expiresAt.map { max(a, $0) } }
        new.sourceMessage = sourceMessage ?? other.sourceMessage
        return new
    }
}

extension Embedding {
    fileprivate func cosine(_ other: Embedding) -> Double {
        var (product, own, others) = (0.0, 0.0, 0.0)
        for (a, b) in zip(vector, other.vector) {
            let (a, b) = (Double(a), Double(b))
            product += a * b
            own += a * a
            others += b * b
        }
        let length = (own * others).squareRoot()
        return length > 0 ? product / length : 0
    }
}

extension JSON {
    /// With the members of the other, whose values win; the other alone where both together are too large.
    fileprivate func taking(_ other: JSON) -> JSON {
        guard case .object(let own) = self, case .object(let new) = other else { return other }
        let names = Set(new.map(\.name))
        let both = JSON.object(own.filter { !names.contains($0.name) } + new)
        return (try? Checks.metadata(both)) == nil ? other : both
    }
}
