/// Rows that come from another organization or another server: everything in them is checked, also what a caller could not set.
extension Memory {
    public func check() throws(FieldError) {
        let draft = MemoryDraft(
            id: id, agent: agent, user: user, session: session, type: type, content: content, importance: importance, tags: tags, metadata: metadata,
            createdAt: createdAt, expiresAt: expiresAt, validFrom: validity.from, validTo: validity.to, vector: embedding?.vector)
        try draft.check()
        try Checks.time(updatedAt, "updated_at")
        try Checks.time(lastAccessedAt, "last_accessed_at")
        try Checks.time(validity.closedAt, "closed_at")
        try Checks.time(deletedAt, "deleted_at")
        if supersededBy != nil, validity.to == nil { throw FieldError("superseded_by", .malformed("what was superseded has a valid_to")) }
        guard accessCount >= 0 else { throw FieldError("access_count", .outOfRange("from 0")) }
        guard version >= 1 else { throw FieldError("version", .outOfRange("from 1")) }
    }

    public func moved(to organization: Identifier, space: Identifier?) -> Memory {
        Memory(
            id: id, organization: organization, agent: agent, user: user, session: session, type: type, content: content, importance: importance,
            accessCount: accessCount, lastAccessedAt: lastAccessedAt, tags: tags, metadata: metadata, createdAt: createdAt, updatedAt: updatedAt,
            expiresAt: expiresAt, isPinned: isPinned, validity: validity, supersededBy: supersededBy, sourceMessage: sourceMessage, deletedAt: deletedAt, version: version,
            embedding: embedding.flatMap { old in space.map { Embedding(space: $0, vector: old.vector) } })
    }
}

extension Record {
    public func check() throws(FieldError) {
        for rule in schema.rules where rule.setter != .hidden {
            guard let value = self[rule.field] else {
                guard !rule.isRequired else { throw FieldError(rule.field.name, .missing) }
                continue
            }
            try schema.check(value, rule.field, setters: [.creator, .caller, .server])
        }
        for (time, name) in [(createdAt, "created_at"), (updatedAt, "updated_at"), (deletedAt, "deleted_at")] { try Checks.time(time, name) }
        guard version >= 1 else { throw FieldError("version", .outOfRange("from 1")) }
        guard deletedAt == nil || schema.deletesSoftly else { throw FieldError("deleted_at", .malformed("a \(kind.name) is not hidden but deleted")) }
        if kind == .conversation, (text(.status) == "deleted") != (deletedAt != nil) {
            throw FieldError("status", .malformed("it is deleted exactly when there is a deleted_at"))
        }
        if let embedding {
            guard schema.hasVector else { throw FieldError("vector", .malformed("a \(kind.name) has none")) }
            try Checks.vector(embedding.vector, "vector")
        }
    }

    /// A conversation's own vector is not taken along but made anew from its title's and its messages'.
    public func moved(to organization: Identifier, space: Identifier?) -> Record {
        let vector = kind == .conversation ? self.vector(.titleVector) : embedding?.vector
        return Record(
            kind, id: id, organization: organization, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version, row: values,
            embedding: vector.flatMap { vector in space.map { Embedding(space: $0, vector: vector) } })
    }
}
