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
        var hasEnded = false
        /// When it was last looked for what an organization is due.
        var lookedAt: Timestamp?
    }

    private static let rowsAtOnce = 200
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
            guard !state.isBusy, !state.hasEnded else { return false }
            state.isBusy = true
            return true
        }
        guard isFree else { return }
        engine.store.waitingJobs(JobRunner.types, at: engine.clock.now()) { [self] result in
            switch result {
            case .failure(let error): rest("jobs could not be read", error)
            case .success(let jobs):
                guard let job = jobs.first else { return rest() }
                claim(job)
            }
        }
    }

    func end() { engine.jobDesk.state.withLock { $0.hasEnded = true } }

    private func rest(_ message: String? = nil, _ error: StorageError? = nil) {
        if let message, let error, error != .closed { engine.log.warning(message, (.detail, error.description)) }
        engine.jobDesk.state.withLock { $0.isBusy = false }
    }

    private func write(_ job: Record, _ action: WriteAction, _ step: JobStep? = nil, _ then: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
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

    private func work(at job: Record) {
        guard !engine.jobDesk.state.withLock({ $0.hasEnded }) else { return rest() }
        guard job.jobType == .retention, let before = job.json(.parameters)?["before"]?.text.flatMap({ Timestamp($0) }) else {
            return finish(job, JobStep(job: job.id, worker: worker, error: "its parameters cannot be read", end: .failed))
        }
        write(job, .retain(since: before, limit: JobRunner.rowsAtOnce), JobStep(job: job.id, worker: worker)) { [self] result in
            switch result {
            case .success(let outcome):
                if outcome.removed.isEmpty { finish(job, JobStep(job: job.id, worker: worker, end: .succeeded)) } else { work(at: job) }
            // It was paused, cancelled or taken over.
            case .failure(.jobIsHeld), .failure(.jobIsNotRunning), .failure(.notFound): next()
            case .failure(.busy):
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(JobRunner.pauseMilliseconds)) { self.work(at: job) }
            case .failure(let error): finish(job, JobStep(job: job.id, worker: worker, error: error.description.shortened, end: .failed))
            }
        }
    }

    private func finish(_ job: Record, _ step: JobStep) {
        write(job, .stepJob(step)) { [self] result in
            switch result {
            case .success:
                engine.log.info("a job ended", (.organization, job.organization.description), (.detail, "\(job.text(.type) ?? "") \(job.id)"))
                next()
            case .failure(let error): rest("the end of a job could not be written", error)
            }
        }
    }

    private func next() {
        rest()
        wake()
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
        if isDue { for organization in engine.organizations.withLock({ Array($0.values) }) where organization.retentionDays != nil { look(organization, at: now) } }
        wake()
    }

    private func look(_ organization: Organization, at now: Timestamp) {
        let last = RecordListing(.job, [.type: .text(JobType.retention.rawValue)], limit: 1)
        engine.store.page(last, of: organization.id, shownTo: .none, isWanted: { true }) { [self] result in
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
