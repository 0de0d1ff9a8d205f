/// The store in one SQLite file, in a directory that it owns.
///
/// One connection writes, on one serial queue; two read, each on a queue of its own. The file is in WAL mode, so readers never wait for the writer.
public final class SQLiteStore: Store, CopyTarget {
    private let directory: DataDirectory
    private let writes: WriteQueue<SQLiteSession>

    static let readerCount = 2

    public let reads: StoreReads
    /// What was noticed on opening and did not prevent it; for the log.
    public let notes: [String]

    init(_ directory: DataDirectory, writes: WriteQueue<SQLiteSession>, reads: ReadQueue, notes: [String]) {
        self.directory = directory
        self.writes = writes
        self.reads = StoreReads(reads) { () throws(StorageError) in
            guard directory.isOpen else { throw .closed }
            return try ReadConnection(path: directory.databasePath)
        }
        self.notes = notes
    }

    /// Durable commits since the store was opened.
    public var commitCount: Int { writes.commitCount }

    public func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        writes.add(request, completion)
    }

    public var isShared: Bool { false }

    /// Copies the write-ahead log into the database file and empties it, which also takes the last bytes of deleted rows from the log.
    /// Blocks, for as long as a reader holds an older snapshot up to `SQLiteConnection.busyMilliseconds`.
    public func checkpoint() throws(StorageError) {
        try writes.withWriter { writer throws(StorageError) in try writer.session.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    /// Pages reach the file with nothing in their gaps, and the log becomes empty. Writers wait for it, so that it waits for readers no longer than a moment.
    public func scrub() throws(StorageError) -> Bool {
        var isDone = false
        try writes.withWriter { writer throws(StorageError) in
            let connection = writer.session.connection
            try connection.execute("PRAGMA busy_timeout = \(SQLiteStore.scrubMilliseconds)")
            isDone = try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0
            try connection.execute("PRAGMA busy_timeout = \(SQLiteConnection.busyMilliseconds)")
        }
        return isDone
    }

    private static let scrubMilliseconds = 50

    public func tend() {}

    func withSession(_ body: (SQLiteSession) throws(StorageError) -> Void) throws(StorageError) {
        try writes.withWriter { writer throws(StorageError) in try body(writer.session) }
    }

    public func close() {
        writes.finish()
        reads.close()
        writes.close()
        directory.close()
    }
}
