internal import Dispatch
internal import Records
internal import Storage
internal import Synchronization
internal import VectorIndex

/// Brings what is derived up to date from the change sequence: an index knows up to which change it has read, and reads on from there.
extension MemoryEngine {
    private static let changesAtOnce = 1_000

    private struct Place: Hashable {
        let organization: Identifier
        let kind: Kind
    }

    /// Takes every change after the one up to which was read. Blocks; for the start, before anything is asked. The result is how many there were.
    @discardableResult
    func catchUp() throws(StorageError) -> Int {
        var taken = 0
        while true {
            let after = readUpTo.withLock { $0 }
            let changes = try waitFor { store.reads.changes(after: after, limit: MemoryEngine.changesAtOnce, completion: $0) }
            guard let last = changes.last else { return taken }
            if taken == 0 { try takeTenancy() }
            try take(changes)
            taken += changes.count
            readUpTo.withLock { $0 = last.position }
        }
    }

    /// What was written is known up to here.
    func hasRead(_ position: ChangePosition) { readUpTo.withLock { $0 = max($0, position) } }

    private func takeTenancy() throws(StorageError) {
        let tenancy = try store.reads.tenancy()
        for space in tenancy.spaces { partitions.ensure(space) }
        for key in tenancy.keys { access.put(key) }
        organizations.withLock { known in
            for organization in tenancy.organizations { known[organization.id] = organization }
        }
    }

    private func take(_ changes: [ChangeRecord]) throws(StorageError) {
        var ids: [Place: Set<Identifier>] = [:]
        for change in changes where Kind.searchable.contains(change.kind) {
            ids[Place(organization: change.organization, kind: change.kind), default: []].insert(change.record)
        }
        for (place, changed) in ids {
            if place.kind == .conversation { for id in changed { try takeMessages(of: id, place.organization) } }
            for part in changed.sorted().parts(of: Limits.batchMax) { try take(part, place) }
        }
    }

    /// Whatever happened to them: what is there is put anew, and the rest goes.
    private func take(_ ids: [Identifier], _ place: Place) throws(StorageError) {
        guard partitions[place.organization, place.kind] != nil else { return }
        var found: [Identifier: IndexChange] = [:]
        if place.kind == .memory {
            let memories = try each(ids) { (ids, done) in
                store.reads.memories(ids, of: place.organization, shownTo: .none, withVectors: true, isWanted: { true }, completion: done)
            }
            for memory in memories { found[memory.id] = .of(memory) }
        } else {
            let records = try each(ids) { (ids, done) in
                store.reads.records(place.kind, ids, of: place.organization, shownTo: .none, withVectors: true, isWanted: { true }, completion: done)
            }
            for record in records { found[record.id] = .of(record) }
        }
        partitions.apply(ids.map { found[$0] ?? .remove($0) }, to: place.organization, place.kind)
    }

    /// When a conversation is deleted or restored, its messages go and come with it, without a change of their own.
    private func takeMessages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) {
        var listing = RecordListing(.message, [.conversation: .identifier(conversation)], deleted: .with, limit: Limits.pageMax)
        repeat {
            let asked = listing
            let page = try waitFor { store.reads.page(asked, of: organization, shownTo: .none, isWanted: { true }, completion: $0) }
            for part in page.records.map(\.id).parts(of: Limits.batchMax) { try take(part, Place(organization: organization, kind: .message)) }
            listing.after = page.next
        } while listing.after != nil
    }

    /// In halves where the whole would be more than one answer may hold.
    private func each<Row: Sendable>(
        _ ids: [Identifier], _ read: ([Identifier], @escaping @Sendable (Result<[Row], StorageError>) -> Void) -> Void
    ) throws(StorageError) -> [Row] {
        do throws(StorageError) {
            return try waitFor { read(ids, $0) }
        } catch {
            guard case .tooLarge = error, ids.count > 1 else { throw error }
            return try each(Array(ids[..<(ids.count / 2)]), read) + each(Array(ids[(ids.count / 2)...]), read)
        }
    }

    private func waitFor<Value: Sendable>(
        _ start: (@escaping @Sendable (Result<Value, StorageError>) -> Void) -> Void
    ) throws(StorageError) -> Value {
        let done = DispatchSemaphore(value: 0)
        let answer = Mutex<Result<Value, StorageError>?>(nil)
        start { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = answer.withLock({ $0 }) else { throw .internalError("a read ended without an answer") }
        return try result.get()
    }
}

extension Array {
    fileprivate func parts(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
