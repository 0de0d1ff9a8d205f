internal import Dispatch
public import Embedding
internal import Secrets
internal import Synchronization
internal import VectorIndex
public import Records
public import Storage

public typealias Completion = @Sendable (Result<Outcome, EngineError>) -> Void

/// The operations, over one store and the indexes derived from it.
///
/// Nothing here waits: every operation ends in its completion, on whatever queue finished it. Invariants: no operation runs without a principal,
/// and no tenant comes from anywhere but the principal; the index takes a write only after the store has it on disk, and the completion runs after
/// the index has taken it, so that a caller finds what he has written.
public final class MemoryEngine: Sendable {
    let store: any Store
    let clock: Clock
    let log: Log
    let limits: EngineLimits
    let facts: EngineFacts
    let access: Access
    let partitions: Partitions
    let trainer: IndexTrainer
    let searches: SearchQueue
    /// Nil where callers bring all vectors.
    let embeddings: EmbeddingQueue?
    let meter = Meter()
    let identifiers = IdentifierSource()
    let watches = JobWatches()
    let recalled = RecalledMemories()
    let traces = RecallTraces()
    let agentSettings = AgentSettings()
    let jobDesk = JobRunner.Desk()
    let feed = ChangeFeed()
    let freshness = Freshness()
    let startedAt: Timestamp
    let startedTicks: UInt64
    let organizations: Mutex<[Identifier: Organization]>
    /// What was erased may still stand in the store's log.
    let scrubWaits = Atomic<Bool>(false)
    /// Takes committed writes into the indexes, in the order in which they were committed.
    let indexing = DispatchQueue(label: "pinyon.indexing", qos: .userInitiated)
    /// Reads the words of all rows.
    let reading = DispatchQueue(label: "pinyon.words", qos: .utility)
    /// Reads all rows once more, which takes long.
    let verifying = DispatchQueue(label: "pinyon.verifying", qos: .utility)

    /// Reads everything that is served from memory. Blocks until the indexes stand.
    public init(
        store: any Store, clock: Clock, log: Log, limits: EngineLimits, facts: EngineFacts, embedder: (any Embedder)? = nil
    ) throws(StorageError) {
        let tenancy = try store.reads.tenancy()
        for error in tenancy.damaged { log.error("a key or an organization is left out", (.detail, error.description)) }
        self.store = store
        self.clock = clock
        self.log = log
        self.limits = limits
        self.facts = facts
        access = Access(tenancy.keys)
        trainer = IndexTrainer(cores: limits.searchWorkers, clock: clock, log: log)
        partitions = Partitions(tenancy, trainer: trainer)
        searches = SearchQueue(workersMax: limits.searchWorkers, waitingMax: limits.searchesWaitingMax)
        embeddings = embedder.map { EmbeddingQueue($0, cacheBytesMax: limits.vectorCacheBytesMax, bytesMax: limits.waitingTextBytesMax, log: log) }
        startedAt = clock.now()
        startedTicks = clock.ticks()
        organizations = Mutex(Dictionary(uniqueKeysWithValues: tenancy.organizations.map { ($0.id, $0) }))
        try fillIndexes()
        readWords()
    }

    private func fillIndexes() throws(StorageError) {
        let loader = IndexLoader(partitions: partitions, log: log)
        let position = try store.reads.load { loader.take($0) }
        loader.finish()
        feed.hasRead(position)
        try catchUp()
        log.info("indexes stand", (.count, String(loader.rows)), (.version, String(feed.position.number)))
        if loader.damaged > 0 { log.error("damaged rows were left out of the indexes; run pinyon verify", (.count, String(loader.damaged))) }
    }

    /// The principal of a key that comes from that address, a number without port. Every refusal is logged with what may be shown of the key.
    public func authenticate(_ key: String, from address: String) throws(AccessError) -> Principal {
        try access.principal(for: key, from: address, at: clock.now())
    }

    /// Whether a connection that was let in must end: its key was revoked, has expired, or may not be used from there any more.
    public func isOver(_ principal: Principal, from address: String) -> Bool { access.isOver(principal.key, from: address, at: clock.now()) }

    public func perform(_ operation: Operation, for principal: Principal, context: OperationContext, completion: @escaping Completion) {
        let name = operation.name
        let start = clock.ticks()
        let finish: Completion = { [meter, clock] result in
            let failed = if case .failure = result { true } else { false }
            meter.add(name, nanoseconds: clock.ticks() &- start, failed: failed)
            completion(result)
        }
        if let error = principal.refusal(of: operation) { return finish(.failure(error)) }
        if let interruption = context.interruption { return finish(.failure(interruption)) }
        switch operation {
        case .ping: finish(.success(.pong))
        case .status: status(for: principal, completion: finish)
        case .verify: verify(principal, context, finish)
        case .ensureAgent(let slug, let name): ensureAgent(slug, name, principal, context, finish)
        case .remember(let drafts): remember(drafts, principal, context, finish)
        case .get(let ids, let withVectors): get(ids, withVectors, principal, context, finish)
        case .list(let listing), .stream(let listing): list(listing, principal, context, finish)
        case .update(let patch): update(patch, principal, context, finish)
        case .delete(let ids): delete(ids, principal, context, finish)
        case .search(let request): search(request, principal, context, finish)
        case .history(let id): history(id, principal, context, finish)
        case .endSession(let ending): endSession(ending, principal, context, finish)
        case .erase(let erasure): erase(erasure, principal, context, finish)
        case .recall(let request): recall(request, principal, context, finish)
        case .create(let drafts): create(drafts, principal, context, finish)
        case .fetch(let kind, let ids, let withVectors): fetch(kind, ids, withVectors, principal, context, finish)
        case .browse(let listing): browse(listing, principal, context, finish)
        case .change(let patch): change(patch, principal, context, finish)
        case .remove(let kind, let ids): remove(kind, ids, principal, context, finish)
        case .restore(let kind, let ids): restore(kind, ids, principal, context, finish)
        case .use(let kind, let ids): use(kind, ids, principal, context, finish)
        case .end(let ids): end(ids, principal, context, finish)
        case .suggest(let request): suggest(request, principal, context, finish)
        case .detect(let request): detect(request, principal, context, finish)
        case .related(let request): related(request, principal, context, finish)
        case .learn(let request): learn(request, principal, context, finish)
        case .open(let id, let messages): open(id, messages, principal, context, finish)
        case .createKey(let draft): createKey(draft, principal, context, finish)
        case .rotateKey(let id, let overlapSeconds): rotateKey(id, overlapSeconds, principal, context, finish)
        case .revokeKey(let id): revokeKey(id, principal, context, finish)
        case .startJob(let draft): startJob(draft, principal, context, finish)
        case .claimJob(let id, let worker): claimJob(id, worker, principal, context, finish)
        case .stepJob(let step): stepJob(step, principal, context, finish)
        case .controlJob(let id, let control): controlJob(id, control, principal, context, finish)
        case .watchJob(let id, let after): watchJob(id, after, principal, context, finish)
        case .importing(let batch, let step): bring(batch, step, principal, context, finish)
        }
    }

    /// For the key's record: that it was used, and from where.
    public func noteUse(by principal: Principal, from address: String) { access.noteUse(of: principal.key, from: address, at: clock.now()) }

    /// Answers a ping on the spot, for servers that count every microsecond.
    public func pong() {
        meter.add(.ping, nanoseconds: 0, failed: false)
    }
}

/// Bounds of the engine's own queues.
public struct EngineLimits: Sendable {
    public var searchWorkers: Int
    public var searchesWaitingMax: Int
    /// Of texts that wait for their vectors.
    public var waitingTextBytesMax: Int
    /// Of vectors that are kept for texts which come again.
    public var vectorCacheBytesMax: Int

    public init(
        searchWorkers: Int,
        searchesWaitingMax: Int = 4_096,
        waitingTextBytesMax: Int = 64 * 1_024 * 1_024,
        vectorCacheBytesMax: Int = 64 * 1_024 * 1_024
    ) {
        self.searchWorkers = searchWorkers
        self.searchesWaitingMax = searchesWaitingMax
        self.waitingTextBytesMax = waitingTextBytesMax
        self.vectorCacheBytesMax = vectorCacheBytesMax
    }
}

/// What the engine cannot know by itself and `status` shows.
public struct EngineFacts: Sendable {
    public let version: String
    /// Name and versions of the store, as its members.
    public let store: JSON
    public let residentBytes: @Sendable () -> Int

    public init(version: String, store: JSON, residentBytes: @escaping @Sendable () -> Int) {
        self.version = version
        self.store = store
        self.residentBytes = residentBytes
    }
}

extension Principal {
    /// Why the key does not allow the operation, whatever it asks for.
    fileprivate func refusal(of operation: Operation) -> EngineError? {
        if let scope = operation.requiredScopes.subtracting(scopes).min(by: { $0.rawValue < $1.rawValue }) { return .forbidden(scope) }
        guard let kind = operation.kind else { return nil }
        if !narrowing.admits(kind) { return .narrowed(kind) }
        if case .open = operation, !narrowing.admits(.message) { return .narrowed(.message) }
        if case .learn = operation, !narrowing.admits(.pattern) { return .narrowed(.pattern) }
        return nil
    }
}
