/// Everything that takes long is a job of one of these types.
public enum JobType: String, Hashable, Sendable, CaseIterable {
    /// Records come from a client's file, batch by batch.
    case importing = "import"
    /// Records go to a client's file, page by page.
    case exporting = "export"
    /// What is older than the organization keeps is deleted.
    case retention
    /// Rows that wait for their vector get it.
    case embedding = "embed"
    /// Memories of which little is left, and those that have expired, are hidden; those that were for long are deleted.
    case forgetting = "forget"

    /// Whether a client does the work; the rest the server does itself.
    public var isOfClient: Bool {
        switch self {
        case .importing, .exporting: true
        case .retention, .embedding, .forgetting: false
        }
    }
}

public enum JobState: String, Hashable, Sendable, CaseIterable {
    case queued
    case running
    case paused
    case succeeded
    case failed
    case cancelled

    public var isOver: Bool {
        switch self {
        case .queued, .running, .paused: false
        case .succeeded, .failed, .cancelled: true
        }
    }
}

/// What is done to a job from outside. A job that is paused or cancelled is taken from its worker, whose next step is refused.
public enum JobControl: UInt8, Hashable, Sendable, CaseIterable {
    case pause = 1
    /// What is paused or failed waits for a worker again, and goes on where it was.
    case resume = 2
    case cancel = 3

    public var name: String {
        switch self {
        case .pause: "pause"
        case .resume: "resume"
        case .cancel: "cancel"
        }
    }
}

/// A step of a job, told by the worker that holds it. It renews the lease; a step that comes with a write is taken in the same transaction, or neither is.
public struct JobStep: Hashable, Sendable {
    public var job: Identifier
    public var worker: Identifier
    /// Where a worker that takes over goes on; nil leaves it as it was.
    public var cursor: String?
    /// How many more were done, and how many more failed.
    public var done: Int64
    public var failed: Int64
    /// The last thing that went wrong; nil leaves it as it was.
    public var error: String?
    /// Succeeded or failed when this was the last step.
    public var end: JobState?

    public init(
        job: Identifier, worker: Identifier, cursor: String? = nil, done: Int64 = 0, failed: Int64 = 0, error: String? = nil, end: JobState? = nil
    ) {
        self.job = job
        self.worker = worker
        self.cursor = cursor
        self.done = done
        self.failed = failed
        self.error = error
        self.end = end
    }

    public func check() throws(FieldError) {
        if let cursor { try Checks.text(cursor, "cursor", bytesMax: Limits.titleBytesMax) }
        if let error { try Checks.text(error, "last_error", bytesMax: Limits.titleBytesMax) }
        guard done >= 0 else { throw FieldError("done_count", .outOfRange("from 0")) }
        guard failed >= 0 else { throw FieldError("failed_count", .outOfRange("from 0")) }
        if let end, end != .succeeded, end != .failed { throw FieldError("state", .unknown(known: [JobState.succeeded.rawValue, JobState.failed.rawValue])) }
    }
}

/// Rows as another server had them, with their identifiers, times, versions and counts.
public enum ImportBatch: Hashable, Sendable {
    case memories([Memory])
    /// All of one kind.
    case records([Record])

    public var kind: Kind? {
        switch self {
        case .memories: .memory
        case .records(let records): records.first?.kind
        }
    }

    public var count: Int {
        switch self {
        case .memories(let memories): memories.count
        case .records(let records): records.count
        }
    }
}

extension Record {
    public var jobState: JobState? { text(.state).flatMap { JobState(rawValue: $0) } }

    public var jobType: JobType? { text(.type).flatMap { JobType(rawValue: $0) } }
}
