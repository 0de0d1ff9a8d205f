/// Everything that takes long is a job of one of these types.
public enum JobType: String, Hashable, Sendable, CaseIterable {
    /// Records come from a client's file, batch by batch.
    case importing = "import"
    /// Records go to a client's file, page by page.
    case exporting = "export"
    /// What is older than the organization keeps is deleted.
    case retention
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

/// What is done to a job from outside.
public enum JobControl: UInt8, Hashable, Sendable, CaseIterable {
    case pause = 1
    case resume = 2
    case cancel = 3
}
