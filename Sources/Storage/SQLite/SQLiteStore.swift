public import Records

/// The store in one SQLite file, in a directory that it owns.
///
/// One connection writes, on one serial queue; two read, each on a queue of its own. The file is in WAL mode, so readers never wait for the writer.
public final class SQLiteStore: Store {
    private let directory: DataDirectory
    private let writes: WriteQueue
    private let readers: [SQLiteReader]

    static let readerCount = 2

    /// What was noticed on opening and did not prevent it; for the log.
    public let notes: [String]

    init(_ directory: DataDirectory, writes: WriteQueue, readers: [SQLiteReader], notes: [String]) {
        self.directory = directory
        self.writes = writes
        self.readers = readers
        self.notes = notes
    }

    /// Durable commits since the store was opened.
    public var commitCount: Int { writes.commitCount }

    public func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        writes.add(request, completion)
    }

    public func memories(
        _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<[Memory], StorageError>) -> Void
    ) {
        reader.read(isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.memories(ids, of: organization, shownTo: narrowing, withVectors: withVectors)
        }
    }

    public func page(
        _ listing: MemoryListing, of organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<MemoryPage, StorageError>) -> Void
    ) {
        reader.read(isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.page(listing, of: organization, shownTo: narrowing, at: time)
        }
    }

    public func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void
    ) {
        reader.read(isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.records(kind, ids, of: organization, shownTo: narrowing, withVectors: withVectors)
        }
    }

    public func page(
        _ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<RecordPage, StorageError>) -> Void
    ) {
        reader.read(isWanted: isWanted, completion) { reader throws(StorageError) in try reader.page(listing, of: organization, shownTo: narrowing) }
    }

    public func waitingJobs(_ types: Set<JobType>, at time: Timestamp, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void) {
        reader.read(completion) { reader throws(StorageError) in try reader.waitingJobs(types, at: time) }
    }

    public func counts(of organization: Identifier, completion: @escaping @Sendable (Result<StoreCounts, StorageError>) -> Void) {
        reader.read(completion) { reader throws(StorageError) in try reader.counts(of: organization) }
    }

    public func waitingTexts(of organization: Identifier, limit: Int, completion: @escaping @Sendable (Result<[WaitingText], StorageError>) -> Void) {
        reader.read(completion) { reader throws(StorageError) in try reader.waitingTexts(of: organization, limit: limit) }
    }

    public func organizationsWaiting(completion: @escaping @Sendable (Result<[Identifier], StorageError>) -> Void) {
        reader.read(completion) { reader throws(StorageError) in try reader.organizationsWaiting() }
    }

    public func changes(after number: Int64, limit: Int, completion: @escaping @Sendable (Result<[ChangeRecord], StorageError>) -> Void) {
        reader.read(completion) { reader throws(StorageError) in try reader.changes(after: number, limit: limit) }
    }

    public func tenancy() throws(StorageError) -> Tenancy {
        let reader = try ownReader()
        return try reader.snapshot { () throws(StorageError) in try reader.tenancy() }
    }

    public func load(_ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> Int64 {
        let reader = try ownReader()
        return try reader.snapshot { () throws(StorageError) in try reader.load(body) }
    }

    /// Copies the write-ahead log into the database file and empties it, which also takes the last bytes of deleted rows from the log.
    /// Blocks, for as long as a reader holds an older snapshot up to `SQLiteConnection.busyMilliseconds`.
    public func checkpoint() throws(StorageError) {
        try writes.withWriter { writer throws(StorageError) in try writer.session.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    public func close() {
        writes.finish()
        for reader in readers { reader.close() }
        writes.close()
        directory.close()
    }

    private var reader: SQLiteReader {
        // There are always `readerCount` of them.
        let first = readers[0]
        let second = readers[1]
        return first.waitingCount <= second.waitingCount ? first : second
    }

    /// A connection for one long read, so that it holds up no other.
    private func ownReader() throws(StorageError) -> ReadConnection {
        guard directory.isOpen else { throw .closed }
        return try ReadConnection(path: directory.databasePath)
    }
}
