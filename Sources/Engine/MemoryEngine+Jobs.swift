internal import Recall
internal import Records
internal import Storage
internal import Synchronization

extension MemoryEngine {
    /// What can be brought from another server; keys, jobs and the organization itself stay where they are.
    private static let brought: Set<Kind> = [.memory, .user, .agent, .conversation, .message, .term, .pattern]
    private static let secondsADay: Int64 = 24 * 60 * 60

    func startJob(_ draft: RecordDraft, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let now = clock.now()
        var job: Record
        do throws(FieldError) {
            guard draft.kind == .job else { throw FieldError("kind", .unknown(known: ["job"])) }
            job = try record(of: draft, principal, nil, at: now)
            if job.jobType == .retention { job[.parameters] = .json(["before": .text(try retainedSince(job, at: now).description)]) }
        } catch {
            return completion(.failure(.field(error)))
        }
        guard principal.narrowing.isNone else { return completion(.failure(.narrowed(.job))) }
        write(.create([job]), principal, context, at: now, completion) { [self] outcome, finish in
            finish(.success(.written(outcome.receipt)))
            runner().wake()
        }
    }

    private func retainedSince(_ job: Record, at now: Timestamp) throws(FieldError) -> Timestamp {
        if let before = job.json(.parameters)?["before"] {
            guard let time = before.text.flatMap({ Timestamp($0) }), time <= now else { throw FieldError("parameters.before", .malformed("it must be a time that has passed")) }
            return time
        }
        guard let days = organizations.withLock({ $0[job.organization]?.retentionDays }) else {
            throw FieldError("settings.data_retention_days", .missing)
        }
        return now.adding(seconds: -days * MemoryEngine.secondsADay)
    }

    func retention(days: Int64, of organization: Identifier, at now: Timestamp) -> Record {
        let before = now.adding(seconds: -days * MemoryEngine.secondsADay)
        return Record(
            .job, id: identifiers.next(at: now), organization: organization, createdAt: now,
            values: [.type: .text(JobType.retention.rawValue), .parameters: .json(["before": .text(before.description)])])
    }

    /// A job that reckons anew when memories are forgotten, of one agent or of all, and forgets what is due then.
    func redating(of agent: Identifier?, _ organization: Identifier, at now: Timestamp) -> Record {
        var parameters: [JSON.Member] = [.init(MemoryEngine.redateMember, .bool(true))]
        if let agent { parameters.append(.init("agent", .text(agent.description))) }
        return Record(
            .job, id: identifiers.next(at: now), organization: organization, createdAt: now,
            values: [.type: .text(JobType.forgetting.rawValue), .parameters: .json(.object(parameters))])
    }

    /// In the parameters of a forgetting job.
    static let redateMember = "redate"

    /// Memories that were hidden before this are deleted.
    func hiddenBefore(_ organization: Identifier, at now: Timestamp) -> Timestamp {
        now.adding(seconds: -memorySettings(of: organization).restorableDays * MemoryEngine.secondsADay)
    }

    /// Entries of the audit that were written before this are deleted.
    func auditedBefore(_ organization: Identifier, at now: Timestamp) -> Timestamp {
        now.adding(seconds: -memorySettings(of: organization).traceDays * MemoryEngine.secondsADay)
    }

    private func memorySettings(of organization: Identifier) -> MemorySettings {
        MemorySettings(of: nil, under: organizations.withLock { $0[organization]?.memorySettings })
    }

    func claimJob(_ id: Identifier, _ worker: Identifier, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        job(id, principal, context, completion) { [self] job, completion in
            guard job.jobType?.isOfClient == true else { return completion(.failure(.jobRefused(id, why: "is done by the server"))) }
            write(.claimJob(id, worker: worker), principal, context, at: clock.now(), completion) { [self] outcome, finish in
                if let job = outcome.records.first { return finish(.success(.records([job.shown]))) }
                self.job(id, principal, context, finish) { job, finish in finish(.success(.records([job]))) }
            }
        }
    }

    func stepJob(_ step: JobStep, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try step.check() } catch { return completion(.failure(.field(error))) }
        write(.stepJob(step), principal, context, at: clock.now(), completion)
    }

    func controlJob(_ id: Identifier, _ control: JobControl, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        write(.controlJob(id, control), principal, context, at: clock.now(), completion) { [self] outcome, finish in
            finish(.success(.written(outcome.receipt)))
            runner().wake()
        }
    }

    /// Answers when the job is of a later version than the caller has seen.
    func watchJob(_ id: Identifier, _ after: Int64, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let watch = JobWatches.Watch(organization: principal.organization, job: id, after: after, context: context, completion: completion)
        // First the watch, then the look: what is written between the two is told.
        guard let number = watches.add(watch) else { return completion(.failure(.busy("watches of jobs"))) }
        job(id, principal, context, { [watches] result in _ = watches.take(number).map { $0.completion(result) } }) { [watches] job, _ in
            guard job.version > after || job.jobState?.isOver == true else { return }
            _ = watches.take(number).map { $0.completion(.success(.records([job]))) }
        }
    }

    func runner() -> JobRunner { JobRunner(self) }

    private func job(
        _ id: Identifier, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion,
        _ then: @escaping @Sendable (Record, @escaping Completion) -> Void
    ) {
        store.reads.records(.job, [id], of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { context.interruption == nil }) {
            [self] result in
            finish(result, context, completion) { found, completion in
                guard let job = found.first else { return completion(.failure(.notFound(.job, id))) }
                then(job, completion)
            }
        }
    }

    /// Calls to run now and then: what is due is started, and who waits no longer for a job is let go.
    public func lookAfterJobs() {
        runner().look()
        scrubLater()
    }

    public func sweepWatches() { watches.sweep() }

    /// Before the server goes: no step is begun any more, and nobody waits.
    public func endJobs() {
        runner().end()
        feed.end()
        trainer.end()
        watches.end()
    }

    // MARK: Import

    func bring(_ batch: ImportBatch, _ step: JobStep, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard let kind = batch.kind, MemoryEngine.brought.contains(kind) else {
            return completion(.failure(.field(FieldError("kind", .unknown(known: MemoryEngine.brought.map(\.name).sorted())))))
        }
        guard principal.narrowing.isNone else { return completion(.failure(.narrowed(kind))) }
        let now = clock.now()
        let moved: ImportBatch
        let choice: SpaceChoice
        do throws(FieldError) {
            try Checks.batch(batch.count, kind.plural)
            try step.check()
            let first = batch.firstEmbedding
            choice = try space(for: first?.vector, of: first?.space, principal.organization, at: now)
            moved = try batch.moved(to: principal.organization, choice)
        } catch {
            return completion(.failure(.field(error)))
        }
        write(.bring(moved), in: choice, founds: batch.firstEmbedding != nil, step: step, principal, context, at: now, completion)
    }
}

extension ImportBatch {
    fileprivate var firstEmbedding: Embedding? {
        switch self {
        case .memories(let memories): memories.lazy.compactMap(\.embedding).first
        case .records(let records): records.lazy.compactMap(\.brought).first
        }
    }

    /// Every row checked as if a caller had set each of its fields, and made the organization's own.
    fileprivate func moved(to organization: Identifier, _ choice: SpaceChoice) throws(FieldError) -> ImportBatch {
        let space = choice.space?.id
        switch self {
        case .memories(let memories):
            var moved: [Memory] = []
            for (position, memory) in memories.enumerated() {
                do throws(FieldError) {
                    try memory.check()
                    if let embedding = memory.embedding { try choice.check(embedding.vector, of: embedding.space) }
                } catch {
                    throw error.inside("memories[\(position)]")
                }
                moved.append(memory.moved(to: organization, space: space))
            }
            return .memories(moved)
        case .records(let records):
            var moved: [Record] = []
            for (position, record) in records.enumerated() {
                do throws(FieldError) {
                    try record.check()
                    if let embedding = record.brought { try choice.check(embedding.vector, of: embedding.space) }
                } catch {
                    throw error.inside("\(record.kind.plural)[\(position)]")
                }
                moved.append(record.moved(to: organization, space: space))
            }
            return .records(moved)
        }
    }
}

extension Record {
    /// Its own vector, and the space that it is said to be of.
    fileprivate var brought: Embedding? { ownVector.map { Embedding(space: embedding?.space ?? .none, vector: $0) } }
}
