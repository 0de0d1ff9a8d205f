import Records
import Storage

extension Store {
    func write(_ request: WriteRequest) async throws -> WriteOutcome {
        try await result { write(request, completion: $0) }
    }

    func memories(_ ids: [Identifier], of organization: Identifier, withVectors: Bool = true) async throws -> [Memory] {
        try await result { memories(ids, of: organization, shownTo: .none, withVectors: withVectors, isWanted: { true }, completion: $0) }
    }

    func page(_ listing: MemoryListing, of organization: Identifier, at time: Timestamp = startTime) async throws -> MemoryPage {
        try await result { page(listing, of: organization, shownTo: .none, at: time, isWanted: { true }, completion: $0) }
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
        try await result { records(kind, ids, of: organization, shownTo: narrowing, withVectors: withVectors, isWanted: { true }, completion: $0) }
    }

    func records(_ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing = .none) async throws -> RecordPage {
        try await result { page(listing, of: organization, shownTo: narrowing, isWanted: { true }, completion: $0) }
    }

    func waitingJobs(_ types: Set<JobType>, at time: Timestamp) async throws -> [Record] {
        try await result { waitingJobs(types, at: time, completion: $0) }
    }

    func waitingTexts(of organization: Identifier, limit: Int = 100) async throws -> [WaitingText] {
        try await result { waitingTexts(of: organization, limit: limit, completion: $0) }
    }

    func organizationsWaiting() async throws -> [Identifier] {
        try await result { organizationsWaiting(completion: $0) }
    }

    func counts(of organization: Identifier) async throws -> StoreCounts {
        try await result { counts(of: organization, completion: $0) }
    }

    func changes(after number: Int64 = 0, limit: Int = 100_000) async throws -> [ChangeRecord] {
        try await result { changes(after: number, limit: limit, completion: $0) }
    }

    func loaded() throws -> (memories: [Memory], failures: [StorageError], last: Int64) {
        var memories: [Memory] = []
        var failures: [StorageError] = []
        let last = try load { result in
            switch result {
            case .success(.memory(let memory)): memories.append(memory)
            case .success(.record): break
            case .failure(let error): failures.append(error)
            }
        }
        return (memories, failures, last)
    }

    private func result<Value: Sendable>(
        _ start: (@escaping @Sendable (Result<Value, StorageError>) -> Void) -> Void
    ) async throws -> Value {
        try await withCheckedContinuation { continuation in start { continuation.resume(returning: $0) } }.get()
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
