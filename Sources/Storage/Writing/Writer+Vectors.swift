import Records

/// Rows that wait for a vector: each has a text, and none of its own. The wait is written in the transaction that leaves the row so, and ends with the row.
extension Writer {
    /// After a write that left the row with another text or another vector.
    func noteWait(_ kind: Kind, _ id: Identifier, lacksVector: Bool, _ request: WriteRequest) throws(StorageError) {
        guard lacksVector else { return try endWait(kind, id, request) }
        guard request.vectorsFollow else { return }
        waiting += 1
        try session.putWait(kind, id, of: request.organization, since: request.at)
    }

    func noteWait(_ record: Record, _ request: WriteRequest) throws(StorageError) {
        try noteWait(record.kind, record.id, lacksVector: record.embeddedText != nil && record.ownVector == nil, request)
    }

    func endWait(_ kind: Kind, _ id: Identifier, _ request: WriteRequest) throws(StorageError) {
        guard Kind.searchable.contains(kind) else { return }
        try session.endWait(kind, id, of: request.organization)
    }

    /// What callers made of the rows is left as it is, their versions too.
    func embed(_ made: [MadeVector], space: Identifier, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        var memories: [Memory] = []
        for one in made {
            let embedding = one.vector.map { Embedding(space: space, vector: $0) }
            try check(embedding, request.organization)
            if one.kind == .memory {
                if let memory = try embed(one, embedding, request, &effects) { memories.append(memory) }
            } else {
                try embedRecord(one, embedding, request, &effects)
            }
        }
        try writeFollowers(request, &effects, areTouched: false)
        let outcome = effects.outcome
        return WriteOutcome(receipt: outcome.receipt, memories: memories, records: outcome.records, removed: outcome.removed)
    }

    private func embed(
        _ made: MadeVector, _ embedding: Embedding?, _ request: WriteRequest, _ effects: inout RecordEffects
    ) throws(StorageError) -> Memory? {
        guard let embedding, var memory = try session.memory(made.id, of: request.organization), memory.embedding == nil else {
            try endWait(.memory, made.id, request)
            return nil
        }
        guard memory.content == made.text else { return nil }
        memory.embedding = embedding
        if let refusal = try session.update(memory) { throw try self.refusal(of: memory, refusal) }
        count(.memory, of: request.organization, StoreCounts.Count(withVectors: 1))
        try endWait(.memory, memory.id, request)
        effects.change = try recordChange(.memory, memory.id, version: memory.version, .put, request)
        effects.rows.append(WriteReceipt.Row(id: memory.id, version: memory.version))
        return memory
    }

    private func embedRecord(
        _ made: MadeVector, _ embedding: Embedding?, _ request: WriteRequest, _ effects: inout RecordEffects
    ) throws(StorageError) {
        // What a message before it did to the conversation is not written yet.
        let known = made.kind == .conversation ? effects.followers.take(made.id) : nil
        let found = if let known { known } else { try session.find(made.kind, made.id, of: request.organization) }
        guard let embedding, var record = found, let text = record.embeddedText, record.ownVector == nil else {
            if let known { effects.followers.change(known) }
            return try endWait(made.kind, made.id, request)
        }
        guard text == made.text else {
            if let known { effects.followers.change(known) }
            return
        }
        let hadVector = (known == nil ? record : effects.followers.found[made.id])?.embedding != nil
        if record.kind == .conversation {
            record[.titleVector] = .vector(embedding.vector)
            record.join(embedding)
        } else {
            record.embedding = embedding
        }
        if record.kind == .message, record.deletedAt == nil {
            try follow(record, request, &effects) { $0.join(embedding) }
        }
        try update(record)
        if record.kind == .conversation { effects.followers.wrote(record) }
        try endWait(made.kind, made.id, request)
        let isOfDeleted = try isHidden(record, request.organization)
        let isHidden = isOfDeleted || record.deletedAt != nil
        try note(record, isHidden ? .remove : .put, request, &effects)
        count(record.kind, of: request.organization, StoreCounts.Count(withVectors: (record.embedding == nil ? 0 : 1) - (hadVector ? 1 : 0)))
    }
}
