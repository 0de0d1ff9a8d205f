import Records
import Storage
import Synchronization

/// The greatest change number that each store acknowledged, with the store, so that no other takes its place in memory.
private let lastWritten = Mutex<[ObjectIdentifier: (store: any Store, change: Int64)]>([:])

extension Store {
    func write(_ request: WriteRequest) async throws -> WriteOutcome {
        let outcome = try await result { write(request, completion: $0) }
        if !outcome.isReplay { lastWritten.withLock { $0[identity] = (self, max(outcome.receipt.change, $0[identity]?.change ?? 0)) } }
        return outcome
    }

    func memories(_ ids: [Identifier], of organization: Identifier, withVectors: Bool = true) async throws -> [Memory] {
        try await result { reads.memories(ids, of: organization, shownTo: .none, withVectors: withVectors, isWanted: { true }, completion: $0) }
    }

    func page(_ listing: MemoryListing, of organization: Identifier, at time: Timestamp = startTime) async throws -> MemoryPage {
        try await result { reads.page(listing, of: organization, shownTo: .none, at: time, isWanted: { true }, completion: $0) }
    }

    func history(of id: Identifier, _ organization: Identifier, at time: Timestamp = startTime) async throws -> [Memory] {
        try await result { reads.history(of: id, organization, shownTo: .none, at: time, isWanted: { true }, completion: $0) }
    }

    func agents(of organization: Identifier) async throws -> [Agent] {
        try await records(RecordListing(.agent, order: .slug, isAscending: true), of: organization).records.compactMap { Agent($0) }
    }

    func agent(slug: String, of organization: Identifier) async throws -> Agent? {
        try await records(RecordListing(.agent, [.slug: .text(slug)]), of: organization).records.first.flatMap { Agent($0) }
    }

    func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing = .none, withVectors: Bool = true
    ) async throws -> [Record] {
        try await result { reads.records(kind, ids, of: organization, shownTo: narrowing, withVectors: withVectors, isWanted: { true }, completion: $0) }
    }

    func records(_ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing = .none) async throws -> RecordPage {
        try await result { reads.page(listing, of: organization, shownTo: narrowing, isWanted: { true }, completion: $0) }
    }

    func waitingJobs(_ types: Set<JobType>, at time: Timestamp) async throws -> [Record] {
        try await result { reads.waitingJobs(types, at: time, completion: $0) }
    }

    func waitingTexts(of organization: Identifier, limit: Int = 100) async throws -> [WaitingText] {
        try await result { reads.waitingTexts(of: organization, limit: limit, completion: $0) }
    }

    func organizationsWaiting() async throws -> [Identifier] {
        try await result { reads.organizationsWaiting(completion: $0) }
    }

    func counts(of organization: Identifier) async throws -> StoreCounts {
        try await result { reads.counts(of: organization, completion: $0) }
    }

    func changes(after position: ChangePosition = .start, limit: Int = 100_000) async throws -> [ChangeRecord] {
        try await awaitChanges()
        return try await result { reads.changes(after: position, limit: limit, completion: $0) }
    }

    private var identity: ObjectIdentifier { ObjectIdentifier(self as AnyObject) }

    /// Returns when all that was written through `write` can be read as changes: where several write, no older transaction is open any more, not even another
    /// test's.
    private func awaitChanges() async throws {
        guard let last = lastWritten.withLock({ $0[identity]?.change }), last > 0 else { return }
        for _ in 0..<6_000 {
            let all = try await result { reads.changes(after: .start, limit: 100_000, completion: $0) }
            if all.contains(where: { $0.number == last }) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw StorageError.internalError("the change \(last) could not be read within a minute")
    }

    /// In the order of the identifiers.
    func loaded() throws -> (memories: [Memory], failures: [StorageError], last: ChangePosition) {
        var memories: [Memory] = []
        var failures: [StorageError] = []
        let last = try reads.load { result in
            switch result {
            case .success(.memory(let memory)): memories.append(memory)
            case .success(.record): break
            case .failure(let error): failures.append(error)
            }
        }
        return (memories.sorted { $0.id < $1.id }, failures, last)
    }

    private func result<Value: Sendable>(
        _ start: (@escaping @Sendable (Result<Value, StorageError>) -> Void) -> Void
    ) async throws -> Value {
        try await withCheckedContinuation { continuation in start { continuation.resume(returning: $0) } }.get()
    }
}

extension ChangeRecord {
    /// Without what tells one store's sequence from another's.
    var alone: ChangeRecord {
        ChangeRecord(number: number, organization: organization, kind: kind, record: record, version: version, operation: operation, at: at)
    }
}

/// What a failed call threw; nil when it did not throw.
func storageError(_ body: () async throws -> Void) async -> StorageError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StorageError
    }
}

extension Memory {
    /// As every store fills indexes with it at least.
    var withoutContent: Memory {
        var memory = self
        memory.content = ""
        return memory
    }
}
