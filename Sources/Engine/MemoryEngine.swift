internal import Dispatch
internal import Secrets
internal import VectorIndex
internal import Columns
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
    let searches: SearchQueue
    let meter = Meter()
    let startedAt: Timestamp
    let startedTicks: UInt64
    let organizations: [Identifier: Organization]
    /// Takes committed writes into the indexes, in the order in which they were committed.
    let indexing = DispatchQueue(label: "pinyon.indexing", qos: .userInitiated)

    /// Reads everything that is served from memory. Blocks until the indexes stand.
    public init(store: any Store, clock: Clock, log: Log, limits: EngineLimits, facts: EngineFacts) throws(StorageError) {
        let tenancy = try store.tenancy()
        self.store = store
        self.clock = clock
        self.log = log
        self.limits = limits
        self.facts = facts
        access = Access(tenancy.keys)
        partitions = Partitions(tenancy.spaces)
        searches = SearchQueue(workersMax: limits.searchWorkers, waitingMax: limits.searchesWaitingMax)
        startedAt = clock.now()
        startedTicks = clock.ticks()
        organizations = Dictionary(uniqueKeysWithValues: tenancy.organizations.map { ($0.id, $0) })
        try fillIndexes()
    }

    private func fillIndexes() throws(StorageError) {
        let loader = IndexLoader(partitions: partitions, log: log)
        let change = try store.load { loader.take($0) }
        loader.finish()
        log.info("indexes stand", (.count, String(loader.rows)), (.version, String(change)))
        if loader.damaged > 0 { log.error("damaged rows were left out of the indexes; run pinyon verify", (.count, String(loader.damaged))) }
    }

    /// The principal of a key. Every refusal is logged with what may be shown of the key.
    public func authenticate(_ key: String) throws(AccessError) -> Principal {
        try access.principal(for: key, at: clock.now())
    }

    public func perform(_ operation: Operation, for principal: Principal, context: OperationContext, completion: @escaping Completion) {
        let name = operation.name
        let start = clock.ticks()
        let finish: Completion = { [meter, clock] result in
            let failed = if case .failure = result { true } else { false }
            meter.add(name, nanoseconds: clock.ticks() &- start, failed: failed)
            completion(result)
        }
        if let scope = name.requiredScope, !principal.scopes.contains(scope) { return finish(.failure(.forbidden(scope))) }
        if let interruption = context.interruption { return finish(.failure(interruption)) }
        switch operation {
        case .ping: finish(.success(.pong))
        case .status: status(of: principal.organization, completion: finish)
        case .ensureAgent(let slug, let name): ensureAgent(slug, name, principal, context, finish)
        case .listAgents:
            store.agents(of: principal.organization) { finish($0.mapError(EngineError.init).map(Outcome.agents)) }
        case .remember(let drafts): remember(drafts, principal, context, finish)
        case .get(let ids, let withVectors): get(ids, withVectors, principal, context, finish)
        case .list(let listing), .stream(let listing): list(listing, principal, context, finish)
        case .update(let patch): update(patch, principal, context, finish)
        case .delete(let ids): delete(ids, principal, context, finish)
        case .search(let request): search(request, principal, context, finish)
        }
    }

    /// Answers a ping on the spot, for servers that count every microsecond.
    public func pong() {
        meter.add(.ping, nanoseconds: 0, failed: false)
    }
}

/// Bounds of the engine's own queues.
public struct EngineLimits: Sendable {
    public var searchWorkers: Int
    public var searchesWaitingMax: Int

    public init(searchWorkers: Int, searchesWaitingMax: Int = 4_096) {
        self.searchWorkers = searchWorkers
        self.searchesWaitingMax = searchesWaitingMax
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
