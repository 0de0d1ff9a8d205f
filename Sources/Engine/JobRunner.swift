internal import Dispatch
internal import Records
internal import Storage
internal import Synchronization

/// Does the server's own jobs, one at a time, in steps that leave room for others between them.
struct JobRunner: Sendable {
    /// What is under way, of one engine.
    final class Desk: Sendable {
        let worker = Identifier(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        fileprivate let state = Mutex(State())
    }

    fileprivate struct State {
        var isBusy = false
        /// It was woken while busy, perhaps after it had looked for what waits.
        var isWoken = false
        var hasEnded = false
        /// When it was last looked for what an organization is due.
        var lookedAt: Timestamp?
        /// How often a job that goes on failing was tried.
        var tries: [Identifier: Int] = [:]
        /// Organizations whose rows that wait for vectors have their job.
        var embedding: Set<Identifier> = []
    }

    private static let rowsAtOnce = 200
    /// The longest is shorter than the lease of a job, which each try renews.
    private static let retrySeconds = [1, 2, 4, 8, 15]
    private static let pauseMilliseconds = 100
    private static let lookSeconds: Int64 = 60 * 60
    private static let dueSeconds: Int64 = 24 * 60 * 60
    private static let types = Set(JobType.allCases.filter { !$0.isOfClient })

    private let engine: MemoryEngine
    private var worker: Identifier { engine.jobDesk.worker }

    init(_ engine: MemoryEngine) { self.engine = engine }

    /// Starts what waits, unless something runs already.
    func wake() {
        let isFree = engine.jobDesk.state.withLock { state in
            guard !state.isBusy, !state.hasEnded else {
                state.isWoken = true
                return false
            }
            state.isBusy = true
            return true
        }
        guard isFree else { return }
        engine.store.reads.waitingJobs(JobRunner.types, at: engine.clock.now()) { [self] result in
            switch result {
            case .failure(let error): rest("jobs could not be read", error)
            case .success(let jobs):
                guard let job = jobs.first else { return rest() }
                claim(job)
            }
        }
    }

    func end() { engine.jobDesk.state.withLock { $0.hasEnded = true } }

    var hasEnded: Bool { engine.jobDesk.state.withLock { $0.hasEnded } }

    private func rest(_ message: String? = nil, _ error: StorageError? = nil) {
        if let message, let error, error != .closed { engine.log.warning(message, (.detail, error.description)) }
        let isWoken = engine.jobDesk.state.withLock { state in
            defer { state.isWoken = false }
            state.isBusy = false
            return state.isWoken && !state.hasEnded
        }
        if isWoken { wake() }
    }

    func write(_ job: Record, _ action: WriteAction, _ step: JobStep? = nil, _ then: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        let request = WriteRequest(organization: job.organization, at: engine.clock.now(), action: action, step: step)
        engine.submit(request, completion: then)
    }

    private func claim(_ job: Record) {
        write(job, .claimJob(job.id, worker: worker)) { [self] result in
            switch result {
            case .success: work(at: job)
            case .failure(let error): rest("a job could not be claimed", error)
            }
        }
    }

    func work(at job: Record) {
        guard !hasEnded else { return rest() }
        switch job.jobType {
        case .retention: retain(job)
        case .forgetting: ForgettingRun(self, engine, job).step()
        case .embedding:
            guard let run = EmbeddingRun(self, engine, job) else {
                return finish(job, step(job, error: "this server does not make the vectors of this organization", end: .failed))
            }
            run.step()
        case .importing, .exporting, nil: finish(job, step(job, error: "it is no job of the server", end: .failed))
        }
    }

    private func retain(_ job: Record) {
        guard let before = job.json(.parameters)?["before"]?.text.flatMap({ Timestamp($0) }) else {
            return finish(job, step(job, error: "its parameters cannot be read", end: .failed))
        }
        write(job, .retain(since: before, limit: JobRunner.rowsAtOnce), step(job)) { [self] result in
            switch result {
            case .success(let outcome):
                if outcome.removed.isEmpty { finish(job, step(job, end: .succeeded)) } else { work(at: job) }
            case .failure(let error): stop(job, error)
            }
        }
    }

    func step(_ job: Record, done: Int64 = 0, failed: Int64 = 0, error: String? = nil, end: JobState? = nil) -> JobStep {
        JobStep(job: job.id, worker: worker, done: done, failed: failed, error: error?.shortened, end: end)
    }

    /// After a step that could not be written.
    func stop(_ job: Record, _ error: StorageError) {
        switch error {
        // It was paused, cancelled or taken over.
        case .jobIsHeld, .jobIsNotRunning, .notFound:
            forget(job)
            next()
        case .busy: DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(JobRunner.pauseMilliseconds)) { self.work(at: job) }
        case .closed: rest()
        default: finish(job, step(job, error: error.description, end: .failed))
        }
    }

    /// Another try after a while, in which the desk is free for other jobs.
    func retry(_ job: Record, _ why: String) {
        let tries = engine.jobDesk.state.withLock { state in
            state.tries[job.id, default: 0] += 1
            return state.tries[job.id] ?? 1
        }
        let seconds = JobRunner.retrySeconds[min(tries, JobRunner.retrySeconds.count) - 1]
        write(job, .stepJob(step(job, error: why))) { [self] result in
            if case .failure(let error) = result { return stop(job, error) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { resume(job) }
            next()
        }
    }

    private func resume(_ job: Record) {
        let isFree = engine.jobDesk.state.withLock { state in
            guard !state.isBusy, !state.hasEnded else { return false }
            state.isBusy = true
            return true
        }
        if isFree { return work(at: job) }
        if !hasEnded { DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(JobRunner.pauseMilliseconds)) { self.resume(job) } }
    }

    func hasProgressed(_ job: Record) { engine.jobDesk.state.withLock { $0.tries[job.id] = nil } }

    private func forget(_ job: Record) {
        engine.jobDesk.state.withLock { state in
            state.tries[job.id] = nil
            if job.jobType == .embedding { state.embedding.remove(job.organization) }
        }
    }

    func finish(_ job: Record, _ step: JobStep) {
        write(job, .stepJob(step)) { [self] result in
            forget(job)
            switch result {
            case .success:
                engine.log.info("a job ended", (.organization, job.organization.description), (.detail, "\(job.text(.type) ?? "") \(job.id)"))
                next()
                // What came to wait after the job had looked for the last time.
                if job.jobType == .embedding, step.end == .succeeded { lookForTexts() }
            case .failure(let error): rest("the end of a job could not be written", error)
            }
        }
    }

    private func next() {
        engine.jobDesk.state.withLock { $0.isWoken = true }
        rest()
    }

    // MARK: What is due

    /// Starts retention for every organization that wants it and had none for a day.
    func look() {
        let now = engine.clock.now()
        let isDue = engine.jobDesk.state.withLock { state in
            guard !state.hasEnded, state.lookedAt.map({ $0.adding(seconds: JobRunner.lookSeconds) <= now }) ?? true else { return false }
            state.lookedAt = now
            return true
        }
        if isDue {
            for organization in engine.organizations.withLock({ Array($0.values) }) where organization.retentionDays != nil { look(organization, at: now) }
            lookForTexts()
            lookForDue(at: now)
        }
        wake()
    }

    /// A sweep for every organization that has something to forget.
    private func lookForDue(at now: Timestamp) {
        engine.store.reads.organizationsDue(at: now) { [self] result in
            switch result {
            case .success(let organizations):
                for due in organizations {
                    if due.isDue || due.hiddenAt.map({ $0 < engine.hiddenBefore(due.organization, at: now) }) ?? false { start(.forgetting, of: due.organization) }
                    let before = engine.auditedBefore(due.organization, at: now)
                    if due.auditedAt.map({ $0 < before }) ?? false { engine.endAudit(of: due.organization, before: before) }
                }
            case .failure(let error): if error != .closed { engine.log.warning("what is due to be forgotten could not be read", (.detail, error.description)) }
            }
        }
    }

    /// A job of the server's, unless there is one that is not over.
    private func start(_ type: JobType, of organization: Identifier) {
        let last = RecordListing(.job, [.type: .text(type.rawValue)], limit: 1)
        engine.store.reads.page(last, of: organization, shownTo: .none, isWanted: { true }) { [self] result in
            guard case .success(let page) = result, page.records.first?.jobState?.isOver != false else { return }
            let now = engine.clock.now()
            let job = Record(.job, id: engine.identifiers.next(at: now), organization: organization, createdAt: now, values: [.type: .text(type.rawValue)])
            write(job, .create([job])) { [self] result in
                if case .failure(let error) = result, error != .closed { engine.log.warning("a job could not be started", (.detail, error.description)) }
                wake()
            }
        }
    }

    /// A job for every organization that has rows which wait for their vector, where this server can make it.
    func lookForTexts() {
        guard engine.embeddings != nil else { return }
        engine.store.reads.organizationsWaiting { [self] result in
            switch result {
            case .success(let organizations): for organization in organizations { embedWaiting(of: organization) }
            case .failure(let error): if error != .closed { engine.log.warning("rows that wait for vectors could not be read", (.detail, error.description)) }
            }
        }
    }

    /// Sees to it that there is a job for the rows of an organization that wait for their vector.
    func embedWaiting(of organization: Identifier) {
        guard let choice = try? engine.space(for: nil, of: nil, organization, at: engine.clock.now()), choice.embeds else { return }
        let isNew = engine.jobDesk.state.withLock { $0.hasEnded ? false : $0.embedding.insert(organization).inserted }
        guard isNew else { return }
        let last = RecordListing(.job, [.type: .text(JobType.embedding.rawValue)], limit: 1)
        engine.store.reads.page(last, of: organization, shownTo: .none, isWanted: { true }) { [self] result in
            switch result {
            case .failure(let error): missJob(of: organization, error)
            case .success(let page) where page.records.first?.jobState?.isOver == false: wake()
            case .success:
                let now = engine.clock.now()
                let job = Record(
                    .job, id: engine.identifiers.next(at: now), organization: organization, createdAt: now,
                    values: [.type: .text(JobType.embedding.rawValue)])
                write(job, .create([job])) { [self] result in
                    if case .failure(let error) = result { missJob(of: organization, error) }
                    wake()
                }
            }
        }
    }

    private func missJob(of organization: Identifier, _ error: StorageError) {
        engine.jobDesk.state.withLock { _ = $0.embedding.remove(organization) }
        if error != .closed { engine.log.warning("an embedding job could not be started", (.detail, error.description)) }
    }

    private func look(_ organization: Organization, at now: Timestamp) {
        let last = RecordListing(.job, [.type: .text(JobType.retention.rawValue)], limit: 1)
        engine.store.reads.page(last, of: organization.id, shownTo: .none, isWanted: { true }) { [self] result in
            guard case .success(let page) = result, let days = organization.retentionDays else { return }
            if let job = page.records.first, job.jobState?.isOver != true || job.createdAt.adding(seconds: JobRunner.dueSeconds) > now { return }
            let job = engine.retention(days: days, of: organization.id, at: now)
            write(job, .create([job])) { [self] result in
                if case .failure(let error) = result, error != .closed { engine.log.warning("retention could not be started", (.detail, error.description)) }
                wake()
            }
        }
    }
}

extension String {
    /// What a job keeps of an error.
    fileprivate var shortened: String { utf8.count <= Limits.titleBytesMax ? self : String(prefix(Limits.titleBytesMax / 4)) + "…" }
}
