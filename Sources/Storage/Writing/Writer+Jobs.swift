import Records

/// A job is held by one worker at a time: only its holder takes a step, and a step is written in the transaction of the work that it tells of.
extension Writer {
    func claim(_ id: Identifier, worker: Identifier, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var job = try live(.job, id, request)
        switch job.jobState {
        case .queued: break
        case .running:
            let isDead = job.time(.leaseUntil).map { $0 <= request.at } ?? true
            guard isDead || job.identifier(.worker) == worker else { throw .jobIsHeld(id) }
        case .paused, .succeeded, .failed, .cancelled, nil: throw .jobIsNotRunning(id, state: job.text(.state) ?? "")
        }
        job[.state] = .text(JobState.running.rawValue)
        job[.worker] = .identifier(worker)
        if job[.startedAt] == nil { job[.startedAt] = .time(request.at) }
        return try write(job.beating(at: request.at), request)
    }

    func control(_ id: Identifier, _ control: JobControl, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var job = try live(.job, id, request)
        guard let state = job.jobState, let next = state.after(control) else { throw .jobIsNotRunning(id, state: job.text(.state) ?? "") }
        guard next != state else { return WriteOutcome(receipt: WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: id, version: job.version)])) }
        job[.state] = .text(next.rawValue)
        job.release(at: request.at)
        return try write(job, request)
    }

    func take(_ step: JobStep, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var job = try live(.job, step.job, request)
        guard job.jobState == .running else { throw .jobIsNotRunning(step.job, state: job.text(.state) ?? "") }
        guard job.identifier(.worker) == step.worker else { throw .jobIsHeld(step.job) }
        if let cursor = step.cursor { job[.cursor] = .text(cursor) }
        if let error = step.error { job[.lastError] = .text(error) }
        job.add(step, at: request.at)
        job = job.beating(at: request.at)
        if let end = step.end {
            job[.state] = .text(end.rawValue)
            job.release(at: request.at)
        }
        return try write(job, request)
    }

    private func write(_ job: Record, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        try rewrite(job, request, &effects)
        return effects.outcome
    }
}

extension JobState {
    /// Nil where that cannot be done any more.
    fileprivate func after(_ control: JobControl) -> JobState? {
        switch (self, control) {
        case (.queued, .pause), (.running, .pause), (.paused, .pause): .paused
        case (.paused, .resume), (.failed, .resume), (.queued, .resume): .queued
        case (.running, .resume): .running
        case (.queued, .cancel), (.running, .cancel), (.paused, .cancel), (.failed, .cancel), (.cancelled, .cancel): .cancelled
        case (.succeeded, _), (.failed, .pause), (.cancelled, .pause), (.cancelled, .resume): nil
        }
    }
}

extension Record {
    fileprivate func beating(at time: Timestamp) -> Record {
        var job = self
        job[.heartbeatAt] = .time(time)
        job[.leaseUntil] = .time(time.adding(seconds: Limits.jobLeaseSeconds))
        return job
    }

    fileprivate mutating func release(at time: Timestamp) {
        self[.worker] = nil
        self[.leaseUntil] = nil
        self[.finishedAt] = jobState?.isOver == true ? .time(time) : nil
    }

    /// How much of the last step's pace is in the rate: enough to follow, not enough to jump.
    private static let newShare = 0.3

    fileprivate mutating func add(_ step: JobStep, at time: Timestamp) {
        for (field, more) in [(RecordField.doneCount, step.done), (.failedCount, step.failed)] {
            let known = integer(field) ?? 0
            self[field] = .integer(known > Int64.max - more ? .max : known + more)
        }
        guard let last = self.time(.heartbeatAt), time > last, step.done + step.failed > 0 else { return }
        let pace = Double(step.done + step.failed) * 1_000_000 / Double(time.microseconds - last.microseconds)
        let known = number(.rate) ?? 0
        self[.rate] = .number(min(known == 0 ? pace : known * (1 - Record.newShare) + pace * Record.newShare, 1e15))
    }
}
