internal import Records
internal import Storage

/// A job that forgets what is due, after it has reckoned anew what that is, where it is asked to.
struct ForgettingRun {
    private let runner: JobRunner
    private let engine: MemoryEngine
    private let job: Record
    /// Where the reckoning goes on; nil once it is done, or where none is asked for.
    private var part: MemoryPart?

    private static let rowsAtOnce = 200

    init(_ runner: JobRunner, _ engine: MemoryEngine, _ job: Record) {
        (self.runner, self.engine, self.job) = (runner, engine, job)
        let parameters = job.json(.parameters)
        guard parameters?[MemoryEngine.redateMember] == .bool(true) else { return }
        part = MemoryPart(
            agent: parameters?["agent"]?.text.flatMap { Identifier($0) }, after: job.text(.cursor).flatMap { Identifier($0) }, limit: ForgettingRun.rowsAtOnce)
    }

    func step() {
        guard !runner.hasEnded else { return runner.work(at: job) }
        let step = runner.step(job)
        if let part { return write(.redate(part), step) { $0.receipt.rows.count < part.limit ? nil : part.next($0.receipt.rows.last?.id) } }
        write(.forget(Sweep(limit: ForgettingRun.rowsAtOnce, hiddenBefore: engine.hiddenBefore(job.organization, at: engine.clock.now()))), step) { _ in nil }
    }

    private func write(_ action: WriteAction, _ step: JobStep, _ next: @escaping @Sendable (WriteOutcome) -> MemoryPart?) {
        runner.write(job, action, step) { [self] result in
            switch result {
            case .failure(let error): runner.stop(job, error)
            case .success(let outcome):
                if part == nil, outcome.receipt.rows.isEmpty { return runner.finish(job, runner.step(job, end: .succeeded)) }
                var rest = self
                rest.part = next(outcome)
                rest.step()
            }
        }
    }
}

extension MemoryPart {
    fileprivate func next(_ last: Identifier?) -> MemoryPart { MemoryPart(agent: agent, session: session, after: last ?? after, limit: limit) }
}
