internal import Dispatch
internal import Lexical
internal import Records
internal import Storage
internal import Synchronization
internal import Terminology
internal import VectorIndex

/// Brings what is in memory up to date from the change sequence: it knows up to which change it has read, and reads on from there.
extension MemoryEngine {
    private static let changesAtOnce = 1_000
    private static let tenancyNanoseconds: UInt64 = 500_000_000
    private static let pauseMilliseconds = 250
    private static let tendSeconds: Int64 = 60
    private static let tenancyKinds: Set<Kind> = [.organization, .key]

    struct Place: Hashable {
        let organization: Identifier
        let kind: Kind
    }

    /// Goes on reading what others write to the same store, until the jobs end.
    public func followOthers() {
        guard store.isShared else { return }
        feed.queue.async { self.followOnce() }
    }

    private func followOnce() {
        guard !feed.state.withLock({ $0.hasEnded }) else { return }
        do throws(StorageError) {
            do throws(StorageError) { try readOn() } catch {
                guard error == .changesGone else { throw error }
                log.warning("changes are gone that were not read; all rows are read anew")
                try store.tend()
                try rebuild()
            }
            tendStore()
            if feed.state.withLock({ state in
                defer { state.isFailing = false }
                return state.isFailing
            }) { log.info("what others write is read again") }
        } catch {
            if error == .closed { return }
            let isNew = feed.state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNew { log.warning("what others write cannot be read; answers are from memory until then", (.detail, error.description)) }
        }
        feed.queue.asyncAfter(deadline: .now() + .milliseconds(MemoryEngine.pauseMilliseconds)) { [weak self] in self?.followOnce() }
    }

    /// Takes every change after the one up to which was read. Blocks; for the start, before anything is asked. The result is how many there were.
    @discardableResult
    func catchUp() throws(StorageError) -> Int {
        try feed.queue.sync { Result { () throws(StorageError) in try readOn() } }.get()
    }

    /// On the feed's queue, as everything below.
    @discardableResult
    private func readOn() throws(StorageError) -> Int {
        try payOwed()
        var taken = 0
        var tenancyTicks = clock.ticks()
        while true {
            let began = clock.now()
            let after = feed.position
            let changes = try waitFor { store.reads.changes(after: after, limit: MemoryEngine.changesAtOnce, completion: $0) }
            try renew(rows(of: feed.foreign(changes)))
            feed.has(changes)
            taken += changes.count
            if changes.count < MemoryEngine.changesAtOnce {
                feed.state.withLock { $0.readAt = began }
                return taken
            }
            // A key that was just made opens its organization, however many rows came before it.
            if clock.ticks() &- tenancyTicks > MemoryEngine.tenancyNanoseconds {
                try renewTenancy()
                tenancyTicks = clock.ticks()
            }
        }
    }

    private func rows(of changes: [ChangeRecord]) -> Set<RowName> {
        var rows: Set<RowName> = []
        for change in changes {
            guard change.operation == .clear else {
                rows.insert(RowName(organization: change.organization, kind: change.kind, id: change.record))
                continue
            }
            for (organization, index) in partitions.all(of: change.kind) {
                for id in index.ids where change.mayHaveCleared(id) { rows.insert(RowName(organization: organization, kind: change.kind, id: id)) }
            }
            // Keys and organizations are read all at once.
            rows.insert(RowName(organization: change.organization, kind: change.kind, id: change.record))
        }
        return rows
    }

    /// Reads rows as they are now, and takes them into all that follows from them.
    func renew(_ rows: Set<RowName>) throws(StorageError) {
        let organizations = Set(rows.lazy.map(\.organization))
        // A vector comes with its space, which has no change of its own.
        if rows.contains(where: { MemoryEngine.tenancyKinds.contains($0.kind) }) || organizations.contains(where: { partitions.space(of: $0) == nil }) { try renewTenancy() }
        for (place, rows) in Dictionary(grouping: rows, by: { Place(organization: $0.organization, kind: $0.kind) }) {
            for ids in rows.map(\.id).sorted().parts(of: Limits.batchMax) { try renew(ids, place) }
        }
    }

    private func renewTenancy() throws(StorageError) {
        var isStale = true
        while isStale {
            let sight = freshness.begin(.read)
            let tenancy: Tenancy
            do throws(StorageError) { tenancy = try store.reads.tenancy() } catch {
                freshness.end(sight)
                throw error
            }
            for error in tenancy.damaged { log.error("a key or an organization is left out", (.detail, error.description)) }
            isStale = indexing.sync {
                guard !freshness.end(sight).contains(where: { MemoryEngine.tenancyKinds.contains($0.kind) }) else { return true }
                for space in tenancy.spaces { partitions.ensure(space) }
                access.replace(tenancy.keys)
                for organization in tenancy.organizations { partitions.use(organization.listStyle, for: organization.id) }
                organizations.withLock { $0 = Dictionary(uniqueKeysWithValues: tenancy.organizations.map { ($0.id, $0) }) }
                agentSettings.forgetAll()
                return false
            }
        }
    }

    private func renew(_ ids: [Identifier], _ place: Place) throws(StorageError) {
        if place.kind == .agent { agentSettings.forget(place.organization) }
        let isSearched = Kind.searchable.contains(place.kind)
        guard isSearched || place.kind == .job || place.kind == .pattern else { return }
        var ids = ids
        while !ids.isEmpty {
            let sight = freshness.begin(.read)
            let found: Found
            do throws(StorageError) { found = try look(at: ids, place) } catch {
                freshness.end(sight)
                throw error
            }
            ids = indexing.sync {
                let passed = freshness.end(sight)
                let isPassed = { (id: Identifier) in passed.contains(RowName(organization: place.organization, kind: place.kind, id: id)) }
                let kept = ids.filter { !isPassed($0) }
                if isSearched { partitions.apply(kept.map { found.changes[$0] ?? .remove($0) }, to: place.organization, place.kind) }
                if place.kind == .pattern { partitions.learn(kept.map { found.lessons[$0] ?? .remove($0) }, of: place.organization) }
                for job in found.jobs { watches.tell(job) }
                freshness.took(Set(kept.map { RowName(organization: place.organization, kind: place.kind, id: $0) }), from: .read)
                return ids.filter(isPassed)
            }
            if found.mayWait { JobRunner(self).lookForTexts() }
        }
    }

    struct Found {
        var changes: [Identifier: RowChange] = [:]
        var jobs: [Record] = []
        var lessons: [Identifier: LessonChange] = [:]
        /// Whether some row has a text without a vector.
        var mayWait = false
    }

    func look(at ids: [Identifier], _ place: Place) throws(StorageError) -> Found {
        var found = Found()
        let analyzer = TextAnalyzer()
        if place.kind == .memory {
            let memories = try each(ids) { (ids, done) in
                store.reads.memories(ids, of: place.organization, shownTo: .none, withVectors: true, isWanted: { true }, completion: done)
            }
            for memory in memories { found.changes[memory.id] = .of(memory, analyzer) }
            found.mayWait = memories.contains { $0.embedding == nil }
        } else {
            let records = try each(ids) { (ids, done) in
                store.reads.records(place.kind, ids, of: place.organization, shownTo: .none, withVectors: true, isWanted: { true }, completion: done)
            }
            guard place.kind != .job else {
                found.jobs = records
                return found
            }
            guard place.kind != .pattern else {
                for record in records { found.lessons[record.id] = LessonChange(record) }
                return found
            }
            for record in records { found.changes[record.id] = .of(record, analyzer) }
            found.mayWait = records.contains { $0.ownVector == nil && $0.embeddedText != nil }
        }
        return found
    }

    // MARK: What was missed

    /// Reads all rows as they are, and takes away what is not there any more.
    private func rebuild() throws(StorageError) {
        try renewTenancy()
        let sight = freshness.begin(.read)
        var there: Set<RowName> = []
        let loader = IndexLoader(partitions: partitions, log: log)
        let position: ChangePosition
        do throws(StorageError) {
            position = try store.reads.load { row in
                if case .success(let row) = row { there.insert(row.name) }
                loader.take(row)
            }
        } catch {
            loader.finish()
            freshness.end(sight)
            throw error
        }
        loader.finish()
        let loaded = there
        var again = indexing.sync {
            let passed = freshness.end(sight)
            freshness.took(loaded, from: .read)
            return passed
        }
        for kind in Kind.searchable {
            for (organization, index) in partitions.all(of: kind) {
                for id in index.ids {
                    let name = RowName(organization: organization, kind: kind, id: id)
                    if !there.contains(name) { again.insert(name) }
                }
            }
        }
        try renew(again)
        readWords()
        feed.state.withLock { state in
            state.position = position
            state.own = []
        }
        try readOn()
    }

    private func tendStore() {
        let now = clock.now()
        let isDue = feed.state.withLock { state in
            guard state.tendedAt.map({ $0.adding(seconds: MemoryEngine.tendSeconds) <= now }) ?? true else { return false }
            state.tendedAt = now
            return true
        }
        guard isDue else { return }
        do throws(StorageError) { try store.tend() } catch { log.warning("the store could not be tended", (.detail, error.description)) }
    }

    /// Rows that a write of this process left, when something else came into memory since it began: as they are now. `completion` runs when that is so, or
    /// when it must be made up for.
    func renewLater(_ rows: Set<RowName>, completion: @escaping @Sendable () -> Void) {
        feed.queue.async { [self] in
            do throws(StorageError) { try renew(rows) } catch { feed.state.withLock { $0.owed.formUnion(rows) } }
            completion()
        }
    }

    private func payOwed() throws(StorageError) {
        let owed = feed.state.withLock { state in
            defer { state.owed = [] }
            return state.owed
        }
        do throws(StorageError) { try renew(owed) } catch {
            feed.state.withLock { $0.owed.formUnion(owed) }
            throw error
        }
    }

    // MARK: Waiting

    /// In halves where the whole would be more than one answer may hold, or a row is damaged: one that cannot be read alone is left out, and goes from the
    /// index, so that it holds up no other.
    private func each<Row: Sendable>(
        _ ids: [Identifier], _ read: ([Identifier], @escaping @Sendable (Result<[Row], StorageError>) -> Void) -> Void
    ) throws(StorageError) -> [Row] {
        do throws(StorageError) {
            return try waitFor { read(ids, $0) }
        } catch {
            switch error {
            case .tooLarge, .corruptRow: break
            default: throw error
            }
            guard ids.count > 1 else {
                log.error("a row cannot be read and is left out", (.detail, error.description))
                return []
            }
            return try each(Array(ids[..<(ids.count / 2)]), read) + each(Array(ids[(ids.count / 2)...]), read)
        }
    }

    func waitFor<Value: Sendable>(
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

extension StoredRow {
    var name: RowName {
        switch self {
        case .memory(let memory): RowName(organization: memory.organization, kind: .memory, id: memory.id)
        case .record(let record): RowName(organization: record.organization, kind: record.kind, id: record.id)
        }
    }
}
