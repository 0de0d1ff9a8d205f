import Records

/// Carries out write requests, whatever keeps the rows. Belongs to the queue of one writing connection.
final class Writer<Session: WriteSession> {
    let session: Session
    /// What the open transaction adds to the kept counts; written once, just before the commit.
    var added: [Identifier: StoreCounts] = [:]
    /// Dimensions of the spaces seen so far. Spaces are never changed.
    var dimensions: [SpaceName: Int] = [:]
    /// What organizations say of how memories are kept, read not long ago.
    var organizationSettings: [Identifier: OrganizationSettings] = [:]
    /// How many rows the request under way leaves waiting for a vector.
    var waiting = 0

    struct SpaceName: Hashable {
        let organization: Identifier
        let space: Identifier
    }

    struct OrganizationSettings {
        let settings: JSON?
        let readAt: Timestamp
    }

    init(_ session: Session) { self.session = session }

    /// Results in the order of the requests, when all that succeeded is on disk.
    ///
    /// When something fails that is not one request's own fault, nothing of the transaction remains. Unless it is the disk or the commit
    /// that failed, each request then runs once more in a careful transaction of its own, so that damage met by one does not fail the others.
    func carryOut(_ requests: [WriteRequest]) -> [Result<WriteOutcome, StorageError>] {
        do throws(StorageError) {
            return try transaction(requests, carefully: false)
        } catch {
            guard session.wantsCare || requests.count > 1 && !error.isOfTheWholeStore else { return requests.map { _ in .failure(error) } }
            return requests.map { request in
                do throws(StorageError) { return try transaction([request], carefully: true)[0] } catch { return .failure(error) }
            }
        }
    }

    /// Of at least one request.
    private func transaction(_ requests: [WriteRequest], carefully: Bool) throws(StorageError) -> [Result<WriteOutcome, StorageError>] {
        if dimensions.count > WriterLimits.dimensionsMax { dimensions.removeAll() }
        do throws(StorageError) {
            try session.begin(of: requests[0].organization, carefully: carefully)
            var results: [Result<WriteOutcome, StorageError>] = []
            results.reserveCapacity(requests.count)
            for request in requests {
                do throws(StorageError) {
                    results.append(.success(try outcome(of: request)))
                } catch {
                    guard error.isOfOneRequest else { throw error }
                    results.append(.failure(error))
                }
            }
            try writeCounts()
            try purge(requests)
            let transaction = try session.commit()
            return results.map { result in
                result.map { outcome in
                    var outcome = outcome
                    if !outcome.isReplay { outcome.transaction = transaction }
                    return outcome
                }
            }
        } catch {
            added.removeAll()
            dimensions.removeAll()
            organizationSettings.removeAll()
            do throws(StorageError) { try session.rollBack() } catch { throw .unavailable("a transaction could not be undone: \(error)") }
            throw error
        }
    }

    private func outcome(of request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard let idempotency = request.idempotency else { return try perform(request) }
        guard idempotency.digest.count == Idempotency.digestBytes else {
            throw .internalError("a digest has \(idempotency.digest.count) bytes, not \(Idempotency.digestBytes)")
        }
        if let known = try session.receipt(under: idempotency.key, of: request.organization), request.at < known.createdAt.adding(seconds: Limits.idempotencySeconds) {
            guard known.digest == idempotency.digest else { throw .idempotencyMismatch }
            var space: EmbeddingSpace?
            if case .ensureSpace = request.action { space = try session.mainSpace(of: request.organization) }
            return WriteOutcome(receipt: known.receipt, space: space, isReplay: true)
        }
        let outcome = try perform(request)
        if try session.put(outcome.receipt, under: idempotency, of: request.organization, at: request.at) != nil { throw .missingReference(field: "organization") }
        return outcome
    }

    private func perform(_ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        waiting = 0
        var outcome = try performWithStep(request)
        outcome.receipt.waiting = waiting
        return outcome
    }

    private func performWithStep(_ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard let step = request.step else { return try performAlone(request) }
        return try undoingOnFailure { () throws(StorageError) in
            var outcome = try performAlone(request)
            let stepped = try take(request.action.step(step, outcome), request)
            outcome.records += stepped.records
            return outcome
        }
    }

    private func performAlone(_ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        guard let proposed = request.newSpace else { return try perform(request.action, request) }
        return try undoingOnFailure { () throws(StorageError) in
            let space = try ensure(proposed, request).space ?? proposed
            guard space.model.isSame(as: proposed.model) else {
                throw .wrongSpace(found: proposed.model.description, expected: space.model.description)
            }
            var outcome = try perform(request.action.placed(in: space.id), request)
            outcome.space = space
            return outcome
        }
    }

    private func perform(_ action: WriteAction, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        switch action {
        case .ensureAgent(let agent): try ensure(agent, request)
        case .ensureSpace(let space): try ensure(space, request)
        case .remember(let memories, let keepings):
            if memories.count > 1 || keepings.contains(where: { $0.supersedes != nil || !$0.similar.isEmpty }) {
                try undoingOnFailure { () throws(StorageError) in try remember(memories, keepings, request) }
            } else {
                try remember(memories, keepings, request)
            }
        case .update(let patch, let space): try update(patch, space: space, request)
        case .delete(let ids): try delete(ids, request)
        case .createOrganization, .create, .change, .remove, .restore, .use, .learn, .end, .rotateKey, .revokeKey, .noteKeyUses, .noteAccesses, .trace, .endAudit, .forget, .redate, .endSession, .erase, .bring, .retain,
            .claimJob, .stepJob, .controlJob, .embed:
            try undoingOnFailure { () throws(StorageError) in try performOnRecords(action, request) }
        }
    }

    /// What writes several rows, of which none may stay when one is refused.
    private func performOnRecords(_ action: WriteAction, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        switch action {
        case .createOrganization(let organization, let key): try create(organization, key, request)
        case .create(let records): try create(records, request)
        case .change(let patch, let space): try change(patch, space: space, request)
        case .remove(let kind, let ids): try remove(kind, ids, request)
        case .restore(.memory, let ids): try restoreMemories(ids, request)
        case .restore(let kind, let ids): try restore(kind, ids, request)
        case .use(let kind, let ids): try use(kind, ids, request)
        case .learn(let events, let words, let user): try learn(events, words, of: user, request)
        case .end(let ids): try end(ids, request)
        case .rotateKey(let id, let new, let end): try rotate(id, new, until: end, request)
        case .revokeKey(let id): try revoke(id, request)
        case .noteKeyUses(let uses): try note(uses, request)
        case .noteAccesses(let accesses): try note(accesses, request)
        case .trace(let traces): try note(traces, request)
        case .endAudit(let time, let limit): try endAudit(before: time, limit: limit, request)
        case .forget(let sweep): try forget(sweep, request)
        case .redate(let part): try redate(part, request)
        case .endSession(let ending, let part): try end(ending, part, request)
        case .erase(let erasure, let limit): try erase(erasure, limit: limit, request)
        case .bring(let batch): try bring(batch, request)
        case .retain(let time, let limit): try retain(since: time, limit: limit, request)
        case .claimJob(let id, let worker): try claim(id, worker: worker, request)
        case .stepJob(let step): try take(step, request)
        case .controlJob(let id, let control): try self.control(id, control, request)
        case .embed(let made, let space): try embed(made, space: space, request)
        case .ensureAgent, .ensureSpace, .remember, .update, .delete: throw .internalError("an action on records that is none")
        }
    }

    private func undoingOnFailure(_ body: () throws(StorageError) -> WriteOutcome) throws(StorageError) -> WriteOutcome {
        let before = added
        try session.mark()
        do throws(StorageError) {
            let outcome = try body()
            try session.release()
            return outcome
        } catch {
            guard error.isOfOneRequest else { throw error }
            added = before
            dimensions.removeAll()
            organizationSettings.removeAll()
            try session.rollBackToMark()
            throw error
        }
    }

    /// Appends to the change sequence and returns the number.
    func recordChange(
        _ kind: Kind, _ record: Identifier, version: Int64, _ operation: ChangeRecord.Operation, _ request: WriteRequest
    ) throws(StorageError) -> Int64 {
        try session.append(operation, kind, record, version: version, of: request.organization, at: request.at)
    }

    private func writeCounts() throws(StorageError) {
        for (organization, more) in added {
            for (kind, change) in more.changed { try session.count(change, of: kind, organization) }
        }
        added.removeAll(keepingCapacity: true)
    }

    /// Clears away old idempotency keys, more in each commit than the commit can have brought.
    private func purge(_ requests: [WriteRequest]) throws(StorageError) {
        guard let time = requests.map(\.at).max() else { return }
        try session.purgeReceipts(until: time.adding(seconds: -Limits.idempotencySeconds), limit: WriterLimits.purgedMin + 2 * requests.count)
    }
}

enum WriterLimits {
    /// Rows that are looked up at once; even the largest of them fit into memory together.
    static let rowsAtOnce = 64
    /// Spaces that are remembered; one more and all are forgotten.
    static let dimensionsMax = 10_000
    /// So long what an organization says of how memories are kept is not read again: another server may have changed it.
    static let settingsSeconds: Int64 = 60
    /// Idempotency keys that one commit clears away, besides two for each of its requests.
    static let purgedMin = 64
}

extension WriteAction {
    /// The step of a job, with what only the store can count.
    fileprivate func step(_ step: JobStep, _ outcome: WriteOutcome) -> JobStep {
        var counted = step
        switch self {
        case .retain: counted.done += Int64(outcome.removed.values.reduce(0) { $0 + $1.count })
        case .forget: counted.done += Int64(outcome.memories.count { $0.deletedAt != nil } + outcome.removed.values.reduce(0) { $0 + $1.count })
        case .redate: if let last = outcome.receipt.rows.last { counted.cursor = last.id.description }
        default: break
        }
        return counted
    }

    /// The same with its vectors in that space.
    fileprivate func placed(in space: Identifier) -> WriteAction {
        switch self {
        case .remember(let memories, let keepings): return .remember(memories.map { $0.placed(in: space) }, keepings)
        case .update(let patch, let given): return .update(patch, space: given.map { _ in space })
        case .create(let records): return .create(records.map { $0.placed(in: space) })
        case .bring(.memories(let memories)): return .bring(.memories(memories.map { $0.placed(in: space) }))
        case .bring(.records(let records)): return .bring(.records(records.map { $0.placed(in: space) }))
        case .change(let patch, let given): return .change(patch, space: given.map { _ in space })
        case .embed(let made, _): return .embed(made, space: space)
        case .createOrganization, .ensureAgent, .ensureSpace, .delete, .remove, .restore, .use, .learn, .end, .rotateKey, .revokeKey, .noteKeyUses, .noteAccesses, .trace, .endAudit, .forget,
            .redate, .endSession, .erase, .retain, .claimJob, .stepJob, .controlJob:
            return self
        }
    }
}

extension StorageError {
    /// Whether trying the requests one by one could not come to anything else.
    fileprivate var isOfTheWholeStore: Bool {
        switch self {
        case .busy, .full, .unavailable, .changesGone, .newerSchema, .notPinyon, .locked, .closed: true
        case .tooLarge, .notWanted, .notFound, .alreadyExists, .missingReference, .refusedField, .versionMismatch, .wrongDimension, .wrongSpace, .conversationEnded, .idempotencyMismatch, .corruptRow, .corruptFile,
            .jobIsHeld, .jobIsNotRunning, .internalError:
            false
        }
    }
}

extension Memory {
    fileprivate func placed(in space: Identifier) -> Memory {
        var placed = self
        placed.embedding = embedding.map { Embedding(space: space, vector: $0.vector) }
        return placed
    }
}

extension Record {
    fileprivate func placed(in space: Identifier) -> Record {
        var placed = self
        placed.embedding = embedding.map { Embedding(space: space, vector: $0.vector) }
        return placed
    }
}
