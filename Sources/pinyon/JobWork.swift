internal import Client
internal import Glibc
internal import Records
internal import Wire

/// A job that this process works at: claimed, told of each step, paused when somebody wants to stop.
struct JobWork {
    let client: MemoryClient
    let id: Identifier
    let worker: Identifier
    let progress: Progress
    private let stop: StopRequests

    /// Where an unfinished one had come to; nil for a new one.
    let cursor: String?
    private(set) var done: Int64
    private(set) var failed: Int64

    private static let claimSecondsMax = Int(Limits.jobLeaseSeconds) + 5
    private static let jobsLookedAt = 200

    private init(_ client: MemoryClient, _ job: Record, _ worker: Identifier, _ stop: StopRequests, _ progress: Progress) {
        self.client = client
        self.worker = worker
        self.progress = progress
        id = job.id
        self.stop = stop
        cursor = job.text(.cursor)
        done = job.integer(.doneCount) ?? 0
        failed = job.integer(.failedCount) ?? 0
    }

    /// Takes the job, once no other worker holds it.
    static func claim(_ client: MemoryClient, _ id: Identifier, _ progress: Progress) async throws -> JobWork {
        let worker = Identifier(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
        // Before it is held, so that it is let go of in any case.
        Signals.ignoreBrokenPipes()
        let stop = Signals.stopRequests()
        stop.onSecond { _exit(130) }
        return JobWork(client, try await claim(client, id, worker, stop, progress), worker, stop, progress)
    }

    /// The newest unfinished job of that type with these parameters.
    static func unfinished(_ client: MemoryClient, _ type: JobType, _ parameters: JSON) async throws -> Record? {
        try await recent(client, type).first { job in
            guard let state = job.jobState, !state.isOver || state == .failed else { return false }
            return job.json(.parameters) == parameters
        }
    }

    /// The newest job of that type for a file of that name, whatever was in it.
    static func newest(_ client: MemoryClient, _ type: JobType, file: String) async throws -> Record? {
        try await recent(client, type).first { $0.json(.parameters)?["file"]?.text == file && $0.jobState != .cancelled }
    }

    private static func recent(_ client: MemoryClient, _ type: JobType) async throws -> [Record] {
        try await client.browse(RecordListing(.job, [.type: .text(type.rawValue)], limit: jobsLookedAt)).records
    }

    private static func claim(_ client: MemoryClient, _ id: Identifier, _ worker: Identifier, _ stop: StopRequests, _ progress: Progress) async throws -> Record {
        guard let job = try await client.records(.job, [id]).first else { throw Failure("there is no job \(id)") }
        if job.jobState == .paused || job.jobState == .failed { _ = try await client.controlJob(id, .resume) }
        var waited = 0
        while true {
            do throws(ClientError) {
                return try await client.claimJob(id, worker: worker)
            } catch {
                guard case .refused(let fault) = error, fault.code == .jobRefused else { throw error }
                let isHeld = try await client.records(.job, [id]).first?.jobState == .running
                guard isHeld, waited < claimSecondsMax, !stop.hasCome else { throw Failure(fault.sentence) }
                if waited == 0 { progress.say("the job is held by another process; it is taken over when that is silent for \(Limits.jobLeaseSeconds) s") }
                waited += 1
                try await Task.sleep(nanoseconds: 1_000_000_000)
            }
        }
    }

    func step(cursor: String?, done: Int64 = 0, failed: Int64 = 0, error: String? = nil, end: JobState? = nil) -> JobStep {
        JobStep(job: id, worker: worker, cursor: cursor, done: done, failed: failed, error: error.map(JobWork.shortened), end: end)
    }

    mutating func count(done: Int64, failed: Int64) {
        self.done += done
        self.failed += failed
    }

    var isAskedToStop: Bool { stop.hasCome }

    /// Lets go of the job, with what ended the work, so that it waits for the next one who wants to go on; one that nobody can go on with is cancelled.
    /// Returns what to tell the caller.
    func letGo(after error: any Error, isResumable: Bool) async -> any Error {
        let why = (error as? Failure)?.sentence ?? (error as? ClientError)?.description ?? "\(error)"
        _ = try? await client.stepJob(step(cursor: nil, error: why))
        _ = try? await client.controlJob(id, isResumable ? .pause : .cancel)
        guard isResumable, let lost = error as? ClientError else { return error }
        return Failure("\(Connection.advice(lost)). Stopped after \(done) rows; the same command goes on from there (job \(id))")
    }

    /// Between two steps: whether it was asked to stop. Then the job waits for the next one who wants to go on.
    func pauseIfAsked() async throws {
        guard stop.hasCome else { return }
        progress.end()
        _ = try await client.controlJob(id, .pause)
        throw Failure("stopped after \(done) rows; the same command goes on from there (job \(id))")
    }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= Limits.titleBytesMax ? text : String(text.prefix(Limits.titleBytesMax / 4)) + "…"
    }
}
