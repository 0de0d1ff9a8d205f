import Recall
import Records

/// What one request did to records, gathered for its outcome.
struct RecordEffects {
    var rows: [WriteReceipt.Row] = []
    var change: Int64 = 0
    var records: [Record] = []
    var removed: [Kind: [Identifier]] = [:]
    /// Conversations that follow their messages, written once at the end.
    var followers = Followers()

    var outcome: WriteOutcome { WriteOutcome(receipt: WriteReceipt(change: change, rows: rows), records: records, removed: removed) }
}

extension Writer {
    func create(_ records: [Record], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        try findConversations(of: records, request, &effects)
        for given in records {
            guard given.organization == request.organization else { throw .internalError("a record under another organization's request") }
            var record = given
            try check(record.embedding, request.organization)
            switch record.kind {
            case .message: try append(&record, request, &effects)
            case .conversation:
                if let embedding = record.embedding {
                    record.embedding = nil
                    record[.titleVector] = .vector(embedding.vector)
                    record.join(embedding)
                }
            case .memory, .agent, .organization, .key, .user, .term, .pattern, .job, .audit: break
            }
            try insert(record)
            if record.ownVector == nil { try noteWait(record, request) }
            try note(record, .put, request, &effects)
            count(record.kind, of: request.organization, StoreCounts.Count(rows: 1, withVectors: record.embedding == nil ? 0 : 1))
        }
        try writeFollowers(request, &effects)
        return effects.outcome
    }

    func change(_ patch: RecordPatch, space: Identifier?, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        let old = try live(patch.kind, patch.id, request)
        if let expected = patch.ifVersion, expected != old.version { throw .versionMismatch(expected: expected, found: old.version) }
        var new = patch.applied(to: old, at: request.at)
        var vector: Embedding?
        if case .set(let given) = patch.vector {
            guard let space else { throw .missingReference(field: "space") }
            vector = Embedding(space: space, vector: given)
            try check(vector, request.organization)
        }
        let textIsNew = Schema.embeddedFields(patch.kind).contains { new[$0] != old[$0] }
        let replacesVector = patch.vector != .keep || textIsNew
        switch patch.kind {
        case .conversation:
            if replacesVector {
                let space = if let known = old.embedding?.space { known } else { try session.mainSpace(of: request.organization)?.id }
                new.leave(old.vector(.titleVector).flatMap { title in space.map { Embedding(space: $0, vector: title) } })
                new[.titleVector] = vector.map { .vector($0.vector) }
                new.join(vector)
            }
        case .message:
            if new[.content] != old[.content] {
                new[.edited] = .flag(true)
                new[.editedAt] = .time(new.updatedAt)
            }
            if replacesVector {
                new.embedding = vector
                try follow(new, request, &effects) { conversation in
                    conversation.leave(old.embedding)
                    conversation.join(vector)
                }
            }
        case .term: if replacesVector { new.embedding = vector }
        case .memory, .agent, .organization, .key, .user, .pattern, .job, .audit: break
        }
        try update(new)
        if replacesVector {
            if patch.vector == .clear { try endWait(new.kind, new.id, request) } else { try noteWait(new, request) }
        }
        try note(new, .put, request, &effects)
        count(patch.kind, of: request.organization, StoreCounts.Count(withVectors: (new.embedding == nil ? 0 : 1) - (old.embedding == nil ? 0 : 1)))
        if let job = request.whenFadingChanges, try changesFading(from: old, to: new, request) {
            try insert(job)
            try note(job, .put, request, &effects)
            // The answer is about what was changed.
            effects.rows.removeLast()
        }
        try writeFollowers(request, &effects)
        return effects.outcome
    }

    private func changesFading(from old: Record, to new: Record, _ request: WriteRequest) throws(StorageError) -> Bool {
        guard [.agent, .organization].contains(new.kind), old[.settings] != new[.settings] else { return false }
        if new.kind == .organization {
            organizationSettings[new.id] = nil
            return MemorySettings(of: nil, in: old).fading != MemorySettings(of: nil, in: new).fading
        }
        let organization = try session.memorySettings(of: request.organization)
        return MemorySettings(of: old, under: organization).fading != MemorySettings(of: new, under: organization).fading
    }

    /// Looks at all of them before anything happens to the first.
    func remove(_ kind: Kind, _ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        for var record in try allLive(kind, ids, request) {
            guard record.schema.deletesSoftly else {
                try deleteRow(kind, record.id, request)
                try note(record, .remove, request, &effects)
                count(kind, of: request.organization, StoreCounts.Count(rows: -1, withVectors: record.embedding == nil ? 0 : -1))
                continue
            }
            record.deletedAt = request.at
            record.updatedAt = max(request.at, record.updatedAt)
            record.version += 1
            if kind == .conversation {
                record[.status] = .text("deleted")
                for message in try session.messages(of: record.id, request.organization) {
                    effects.change = try recordChange(.message, message.id, version: message.version, .remove, request)
                    effects.removed[.message, default: []].append(message.id)
                }
            }
            if kind == .message {
                try follow(record, request, &effects) { conversation in
                    conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) - 1)
                    conversation.leave(record.embedding)
                }
            }
            try update(record)
            try note(record, .remove, request, &effects)
            count(kind, of: request.organization, StoreCounts.Count(deleted: 1))
        }
        try writeFollowers(request, &effects)
        return effects.outcome
    }

    func restore(_ kind: Kind, _ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        var records: [Record] = []
        var seen: Set<Identifier> = []
        for id in ids where seen.insert(id).inserted {
            guard let record = try session.find(kind, id, of: request.organization), record.deletedAt != nil, request.narrowing.admits(record),
                try !isHidden(record, request.organization)
            else { throw .notFound(kind, id) }
            records.append(record)
        }
        for var record in records {
            record.deletedAt = nil
            record.updatedAt = max(request.at, record.updatedAt)
            record.version += 1
            if kind == .conversation { record[.status] = .text("active") }
            if kind == .message {
                try follow(record, request, &effects) { conversation in
                    conversation[.messageCount] = .integer((conversation.integer(.messageCount) ?? 0) + 1)
                    conversation.join(record.embedding)
                }
            }
            try update(record)
            try note(record, .put, request, &effects)
            count(kind, of: request.organization, StoreCounts.Count(deleted: -1))
            guard kind == .conversation else { continue }
            for message in try session.liveMessages(of: record.id, request.organization) {
                effects.change = try recordChange(.message, message.id, version: message.version, .put, request)
                effects.records.append(message)
            }
        }
        try writeFollowers(request, &effects)
        return effects.outcome
    }

    /// Uses are no change that a caller made, so the version stays.
    func use(_ kind: Kind, _ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        try use(kind, ids, request, &effects)
        return effects.outcome
    }

    func use(_ kind: Kind, _ ids: [Identifier], _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        let (counter, moment): (RecordField, RecordField) = kind == .term ? (.frequency, .lastUsedAt) : (.occurrences, .lastSeenAt)
        for id in ids {
            guard var record = try session.find(kind, id, of: request.organization), request.narrowing.shows(record) else { throw .notFound(kind, id) }
            if kind == .term { record[.frecencyAt] = .time(Frecency(record).used(at: request.at).unitAt) }
            let known = record.integer(counter) ?? 0
            record[counter] = .integer(known == .max ? known : known + 1)
            record[moment] = .time(max(request.at, record.time(moment) ?? request.at))
            try update(record)
            try note(record, .put, request, &effects)
        }
    }

    // MARK: One row

    func insert(_ record: Record) throws(StorageError) {
        if let refusal = try session.insert(record) { throw try self.refusal(of: record, isNew: true, refusal) }
    }

    func update(_ record: Record) throws(StorageError) {
        if let refusal = try session.update(record) { throw try self.refusal(of: record, isNew: false, refusal) }
    }

    /// Writes what a caller changed of a record; its version counts such changes.
    func rewrite(_ given: Record, _ request: WriteRequest, _ effects: inout RecordEffects) throws(StorageError) {
        var record = given
        record.updatedAt = max(request.at, record.updatedAt)
        record.version += 1
        try update(record)
        try note(record, .put, request, &effects)
    }

    func note(
        _ record: Record, _ operation: ChangeRecord.Operation, _ request: WriteRequest, _ effects: inout RecordEffects
    ) throws(StorageError) {
        effects.change = try recordChange(record.kind, record.id, version: record.version, operation, request)
        effects.rows.append(WriteReceipt.Row(id: record.id, version: record.version))
        switch operation {
        case .put: effects.records.append(record)
        case .remove, .clear: effects.removed[record.kind, default: []].append(record.id)
        }
    }

    func deleteRow(_ kind: Kind, _ id: Identifier, _ request: WriteRequest) throws(StorageError) {
        try session.delete(kind, id, of: request.organization)
        try endWait(kind, id, request)
    }

    /// The row, unless it is hidden or beyond what the request may reach.
    func live(_ kind: Kind, _ id: Identifier, _ request: WriteRequest) throws(StorageError) -> Record {
        guard let record = try session.find(kind, id, of: request.organization), try isLive(record, request) else { throw .notFound(kind, id) }
        return record
    }

    private func isLive(_ record: Record, _ request: WriteRequest) throws(StorageError) -> Bool {
        guard record.deletedAt == nil, request.narrowing.admits(record) else { return false }
        return try !isHidden(record, request.organization)
    }

    func allLive(_ kind: Kind, _ ids: [Identifier], _ request: WriteRequest) throws(StorageError) -> [Record] {
        var records: [Record] = []
        var seen: Set<Identifier> = []
        for part in ids.parts(of: WriterLimits.rowsAtOnce) {
            let found = try session.records(kind, part, of: request.organization).keyed(by: \.id)
            for id in part where seen.insert(id).inserted {
                guard let record = found[id], try isLive(record, request) else { throw .notFound(kind, id) }
                records.append(record)
            }
        }
        return records
    }

    func count(_ kind: Kind, of organization: Identifier, _ more: StoreCounts.Count) {
        guard StoreCounts.kinds.contains(kind) else { return }
        added[organization, default: StoreCounts()][kind] += more
    }

    func refusal(of record: Record, isNew: Bool, _ refusal: RowRefusal) throws(StorageError) -> StorageError {
        switch refusal {
        case .unique:
            if isNew, try session.find(record.kind, record.id, of: record.organization, withVector: false) != nil {
                return .alreadyExists(record.kind, record.id.description)
            }
            let name = record.text(.email) ?? record.text(.slug) ?? record.id.description
            return .alreadyExists(record.kind, name)
        case .foreignKey:
            for rule in record.schema.rules {
                guard let reference = rule.reference, case .identifier(let id)? = record[rule.field] else { continue }
                if try session.find(reference, id, of: record.organization, withVector: false) == nil { return .missingReference(field: rule.field.name) }
            }
            return .missingReference(field: "organization")
        case .other(let message): return .internalError(message)
        }
    }
}
