/// Everything that a caller can ask for. The wire carries these, the engine performs them, and neither knows more of the other.
public enum Operation: Hashable, Sendable {
    case ping
    case status
    /// Compares what searches are answered from with what is stored, of the caller's organization, and mends what differs.
    case verify
    case ensureAgent(slug: String, name: String)
    case remember([MemoryDraft])
    case get([Identifier], withVectors: Bool)
    case list(MemoryListing)
    case update(MemoryPatch)
    case delete([Identifier])
    /// Over memories, conversations, messages or terms.
    case search(SearchRequest)
    /// The memories of one agent that matter.
    case recall(RecallRequest)
    /// Every memory of a listing, page by page, as a stream.
    case stream(MemoryListing)

    /// All of one kind, all or none.
    case create([RecordDraft])
    case fetch(Kind, [Identifier], withVectors: Bool)
    case browse(RecordListing)
    case change(RecordPatch)
    /// Hides what can be restored, and deletes the rest.
    case remove(Kind, [Identifier])
    case restore(Kind, [Identifier])
    /// Counts a use of terms, or another sighting of patterns.
    case use(Kind, [Identifier])
    case end([Identifier])
    /// A memory, with those that took its place and those whose place it took.
    case history(Identifier)
    /// What becomes of the memories of a session that is over.
    case endSession(SessionEnding)
    /// All that is kept of somebody or something goes for good.
    case erase(Erasure)
    /// A conversation with its last messages.
    case open(Identifier, messages: Int)
    /// The terms of a user that what he types may become.
    case suggest(SuggestRequest)
    /// The terms of a user that stand in a text.
    case detect(DetectRequest)
    /// The terms of a user that have to do with one of them.
    case related(RelatedRequest)
    /// What a user did with suggestions, and what he wrote.
    case learn(LearnRequest)

    case createKey(RecordDraft)
    /// A new key like that one, which goes on for a while.
    case rotateKey(Identifier, overlapSeconds: Int64)
    case revokeKey(Identifier)

    case startJob(RecordDraft)
    /// A worker of a client takes a job that nobody holds.
    case claimJob(Identifier, worker: Identifier)
    case stepJob(JobStep)
    case controlJob(Identifier, JobControl)
    /// The job, as soon as it is of a later version.
    case watchJob(Identifier, after: Int64)
    /// Rows of another server, and the step of the job that brings them: both or neither.
    case importing(ImportBatch, JobStep)

    /// Names an operation in logs, in metrics and in access rules. The numbers are sent; they never change their meaning.
    public enum Name: UInt16, Hashable, Sendable, CaseIterable {
        case ping = 1
        case status = 2
        case verify = 3
        case ensureAgent = 16
        case remember = 32
        case get = 33
        case list = 34
        case update = 35
        case delete = 36
        case search = 37
        case stream = 38
        case recall = 39
        case history = 40
        case endSession = 41
        case erase = 42
        case create = 48
        case fetch = 49
        case browse = 50
        case change = 51
        case remove = 52
        case restore = 53
        case use = 54
        case end = 55
        case open = 56
        case suggest = 57
        case detect = 58
        case related = 59
        case learn = 60
        case createKey = 64
        case rotateKey = 65
        case revokeKey = 66
        case startJob = 80
        case claimJob = 81
        case stepJob = 82
        case controlJob = 83
        case watchJob = 84
        case importing = 85
    }

    public var name: Name {
        switch self {
        case .ping: .ping
        case .status: .status
        case .verify: .verify
        case .ensureAgent: .ensureAgent
        case .remember: .remember
        case .get: .get
        case .list: .list
        case .update: .update
        case .delete: .delete
        case .search: .search
        case .recall: .recall
        case .stream: .stream
        case .create: .create
        case .fetch: .fetch
        case .browse: .browse
        case .change: .change
        case .remove: .remove
        case .restore: .restore
        case .use: .use
        case .end: .end
        case .open: .open
        case .createKey: .createKey
        case .rotateKey: .rotateKey
        case .revokeKey: .revokeKey
        case .startJob: .startJob
        case .claimJob: .claimJob
        case .stepJob: .stepJob
        case .controlJob: .controlJob
        case .watchJob: .watchJob
        case .importing: .importing
        case .history: .history
        case .endSession: .endSession
        case .erase: .erase
        case .suggest: .suggest
        case .detect: .detect
        case .related: .related
        case .learn: .learn
        }
    }

    /// The kind of record that it is about; nil where it is about none.
    public var kind: Kind? {
        switch self {
        case .ping, .status, .verify: nil
        case .ensureAgent: .agent
        case .remember, .get, .list, .update, .delete, .stream, .recall, .history, .endSession, .erase: .memory
        case .search(let request): request.kind
        case .suggest, .detect, .related, .learn: .term
        case .create(let drafts): drafts.first?.kind
        case .fetch(let kind, _, _), .remove(let kind, _), .restore(let kind, _), .use(let kind, _): kind
        case .browse(let listing): listing.kind
        case .change(let patch): patch.kind
        case .end, .open: .conversation
        case .createKey, .rotateKey, .revokeKey: .key
        case .startJob, .claimJob, .stepJob, .controlJob, .watchJob: .job
        case .importing(let batch, _): batch.kind
        }
    }

    /// What a key must be allowed before the operation is looked at; empty where any valid key will do.
    public var requiredScopes: Set<Scope> {
        if case .open = self { return [.conversationsRead, .messagesRead] }
        return Operation.requiredScopes(name, kind)
    }

    public static func requiredScopes(_ name: Name, _ kind: Kind?) -> Set<Scope> {
        switch name {
        case .ping: []
        case .status: [.statusRead]
        case .ensureAgent: [.agentsWrite]
        case .remember, .update, .delete, .endSession: [.memoriesWrite]
        case .get, .list, .stream, .recall, .history: [.memoriesRead]
        case .search, .fetch, .browse: kind.map { [.reading($0)] } ?? Set(Scope.allCases)
        case .create, .change, .remove, .restore, .use: kind.map { [.writing($0)] } ?? Set(Scope.allCases)
        case .erase: [.usersWrite, .agentsWrite, .conversationsWrite, .messagesWrite, .memoriesWrite, .termsWrite, .patternsWrite, .adminKeys]
        case .end: [.conversationsWrite]
        case .suggest, .detect, .related: [.termsRead]
        case .learn: [.termsWrite, .patternsWrite]
        case .open: [.conversationsRead, .messagesRead]
        case .createKey, .rotateKey, .revokeKey: [.adminKeys]
        case .startJob, .claimJob, .stepJob, .controlJob, .verify: [.jobsRun]
        case .watchJob: [.jobsRead]
        case .importing: kind.map { [.writing($0), .jobsRun] } ?? Set(Scope.allCases)
        }
    }
}

extension Operation.Name: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ping: "ping"
        case .status: "status"
        case .verify: "verify"
        case .ensureAgent: "ensure_agent"
        case .remember: "remember"
        case .get: "get"
        case .list: "list"
        case .update: "update"
        case .delete: "delete"
        case .search: "search"
        case .recall: "recall"
        case .stream: "stream"
        case .create: "create"
        case .fetch: "fetch"
        case .browse: "browse"
        case .change: "change"
        case .remove: "remove"
        case .restore: "restore"
        case .use: "use"
        case .end: "end"
        case .open: "open"
        case .createKey: "create_key"
        case .rotateKey: "rotate_key"
        case .revokeKey: "revoke_key"
        case .startJob: "start_job"
        case .claimJob: "claim_job"
        case .stepJob: "step_job"
        case .controlJob: "control_job"
        case .watchJob: "watch_job"
        case .importing: "import"
        case .history: "history"
        case .endSession: "end_session"
        case .erase: "erase"
        case .suggest: "suggest"
        case .detect: "detect"
        case .related: "related"
        case .learn: "learn"
        }
    }

    /// Whether it changes what is stored, so that a retry needs an idempotency key to be harmless.
    public var isWrite: Bool {
        switch self {
        case .ensureAgent, .remember, .update, .delete, .create, .change, .remove, .restore, .use, .end, .createKey, .rotateKey, .revokeKey, .startJob,
            .claimJob, .stepJob, .controlJob, .importing, .endSession, .erase, .learn:
            true
        case .ping, .status, .verify, .get, .list, .search, .recall, .stream, .fetch, .browse, .open, .watchJob, .history, .suggest, .detect, .related: false
        }
    }
}
