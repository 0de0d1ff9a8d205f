import Records
import Wire

extension HouseModel {
    // MARK: Keys

    private func covers(_ own: Narrowing, _ other: Narrowing) -> Bool {
        for (mine, theirs) in [(own.user, other.user), (own.agent, other.agent), (own.session, other.session)] where mine != nil && mine != theirs { return false }
        guard let kinds = own.kinds else { return true }
        return other.kinds.map { $0.isSubset(of: kinds) } ?? false
    }

    static func scopes(of key: Record) -> Set<Scope> {
        Set(key.texts(.scopes).compactMap { Scope(rawValue: $0) }).union(key.text(.role).flatMap { Role(rawValue: $0) }?.scopes ?? [])
    }

    static func narrowing(of key: Record) -> Narrowing {
        let kinds = key[.kinds] == nil ? nil : Set(key.texts(.kinds).compactMap { Kind(name: $0) })
        return Narrowing(user: key.identifier(.user), agent: key.identifier(.agent), session: key.identifier(.session), kinds: kinds)
    }

    /// Why a holder may not make such a key.
    private func refusal(_ key: Record, _ holder: Holder) -> Expected? {
        guard HouseModel.scopes(of: key).isSubset(of: holder.scopes), covers(holder.narrowing, HouseModel.narrowing(of: key)) else { return .error(.forbidden) }
        return nil
    }

    /// Nobody changes or ends a key that allows more than his own.
    func refusalToTouch(_ id: Identifier, _ holder: Holder) -> Expected? {
        guard let key = self[.key, id], holder.reach.writes(key) else { return nil }
        return refusal(key, holder)
    }

    /// Whether without it nobody could do everything.
    private func isLastMaster(_ id: Identifier) -> Bool {
        let masters = all(.key).filter { key in
            HouseModel.scopes(of: key) == Set(Scope.allCases) && HouseModel.narrowing(of: key).isNone && key.time(.revokedAt) == nil
        }
        return masters.map(\.id) == [id]
    }

    func createKey(_ draft: RecordDraft, _ holder: Holder) -> Expected {
        var key = Record(.key, id: HouseModel.space, organization: organization, createdAt: Timestamp(microseconds: 0), values: draft.values)
        let own = holder.narrowing
        for (field, id) in [(RecordField.user, own.user), (.agent, own.agent), (.session, own.session)] where key[field] == nil { key[field] = id.map { .identifier($0) } }
        if key[.kinds] == nil, let kinds = own.kinds { key[.kinds] = .texts(kinds.map(\.name).sorted()) }
        if let refused = refusal(key, holder) { return refused }
        return hasReferences(key) ? .key(key) : .error(.invalidField)
    }

    mutating func rotateKey(_ id: Identifier, _ holder: Holder) -> Expected {
        guard var old = self[.key, id], holder.reach.sees(old), old.time(.revokedAt) == nil else { return .error(.notFound) }
        if let refused = refusal(old, holder) { return refused }
        let new = Record(.key, id: HouseModel.space, organization: organization, createdAt: Timestamp(microseconds: 0), row: old.values)
        old[.expiresAt] = .time(old.createdAt)
        old.version += 1
        self[.key, id] = old
        return .key(new)
    }

    mutating func revokeKey(_ id: Identifier, _ holder: Holder) -> Expected {
        if let refused = refusalToTouch(id, holder) { return refused }
        if isLastMaster(id) { return .error(.invalidField) }
        guard var key = live(.key, id, holder) else { return .error(.notFound) }
        if key.time(.revokedAt) == nil {
            key[.revokedAt] = .time(key.createdAt)
            key.version += 1
            self[.key, id] = key
        }
        return .rows([(id, key.version)])
    }

    // MARK: Jobs

    mutating func startJob(_ draft: RecordDraft, _ holder: Holder) -> Expected {
        guard holder.narrowing.isNone else { return .error(.forbidden) }
        guard let id = draft.id, let createdAt = draft.createdAt else { return .error(.internalError) }
        guard self[.job, id] == nil else { return .error(.alreadyExists) }
        self[.job, id] = Record(.job, id: id, organization: organization, createdAt: createdAt, values: draft.values)
        return .rows([(id: id, version: Int64(1))])
    }

    private mutating func put(_ given: Record, _ state: JobState? = nil) -> Record {
        var job = given
        job.version += 1
        if let state {
            job[.state] = .text(state.rawValue)
            if state != .running { job[.worker] = nil }
        }
        self[.job, job.id] = job
        return job
    }

    mutating func claimJob(_ id: Identifier, _ worker: Identifier, _ holder: Holder) -> Expected {
        guard var job = live(.job, id, holder) else { return .error(.notFound) }
        guard job.jobState == .queued || job.jobState == .running && job.identifier(.worker) == worker else { return .error(.jobRefused) }
        job[.worker] = .identifier(worker)
        return .job(put(job, .running))
    }

    mutating func stepJob(_ step: JobStep, _ holder: Holder) -> Expected {
        guard var job = live(.job, step.job, holder) else { return .error(.notFound) }
        guard job.jobState == .running, job.identifier(.worker) == step.worker else { return .error(.jobRefused) }
        if let cursor = step.cursor { job[.cursor] = .text(cursor) }
        if let error = step.error { job[.lastError] = .text(error) }
        job[.doneCount] = .integer((job.integer(.doneCount) ?? 0) + step.done)
        job[.failedCount] = .integer((job.integer(.failedCount) ?? 0) + step.failed)
        let done = put(job, step.end)
        return .rows([(done.id, done.version)])
    }

    mutating func controlJob(_ id: Identifier, _ control: JobControl, _ holder: Holder) -> Expected {
        guard let job = live(.job, id, holder), let state = job.jobState else { return .error(.notFound) }
        let next: JobState?
        switch (control, state) {
        case (.pause, .queued), (.pause, .running), (.pause, .paused): next = .paused
        case (.resume, .running): next = .running
        case (.resume, .queued), (.resume, .paused), (.resume, .failed): next = .queued
        case (.cancel, .succeeded): next = nil
        case (.cancel, _): next = .cancelled
        default: next = nil
        }
        guard let next else { return .error(.jobRefused) }
        let done = next == state ? job : put(job, next)
        return .rows([(id, done.version)])
    }

    func watchJob(_ id: Identifier, _ after: Int64, _ holder: Holder) -> Expected {
        guard let job = self[.job, id], holder.reach.sees(job) else { return .error(.notFound) }
        return .job(job)
    }

    /// Rows of terms, as another server had them, with a step of their job.
    mutating func bring(_ batch: ImportBatch, _ step: JobStep, _ holder: Holder) -> Expected {
        guard holder.narrowing.isNone else { return .error(.forbidden) }
        guard case .records(let rows) = batch else { return .error(.internalError) }
        for row in rows {
            guard self[row.kind, row.id] == nil else { return .error(.alreadyExists) }
            guard hasReferences(row) else { return .error(.invalidField) }
            self[row.kind, row.id] = Record(
                row.kind, id: row.id, organization: organization, createdAt: row.createdAt, updatedAt: row.updatedAt, version: row.version, row: row.values,
                embedding: row.embedding.map { Embedding(space: HouseModel.space, vector: $0.vector) })
        }
        if case .error(let code) = stepJob(step, holder) { return .error(code) }
        return .rows(rows.map { ($0.id, $0.version) })
    }
}
