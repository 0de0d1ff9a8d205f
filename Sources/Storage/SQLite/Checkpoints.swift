import Dispatch
import Records
import Synchronization

/// Copies the write-ahead log into the database file beside the commits, so that none of them waits for it.
///
/// SQLite begins the log anew only when all of it has been copied, and under a steady load something is always new. So when the log has become long,
/// the writer copies the little that came since the last copy ended, between two of its commits.
/// `@unchecked Sendable`: `connection` is touched on `queue` alone, and all else is immutable or in the mutex.
final class Checkpoints: @unchecked Sendable {
    private struct State {
        var isAtWork = false
        /// The writer is to copy the rest.
        var isAlmostDone = false
        /// How long the log was when it was last copied.
        var copied = 0
    }

    private let queue = DispatchQueue(label: "pinyon.store.checkpoints")
    private let state = Mutex(State())
    private var connection: SQLiteConnection?
    private let pages: Int
    private let pagesMax: Int

    init(path: String, _ configuration: SQLiteConfiguration) throws(StorageError) {
        pages = configuration.checkpointPages
        pagesMax = configuration.logBytesMax / SQLiteSchema.pageBytes
        let connection = try SQLiteConnection(path: path, .readWrite)
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
        self.connection = connection
    }

    /// On the writer's queue, after each commit.
    func committed(_ writer: SQLiteConnection) {
        let length = writer.logPages
        enum Work { case none, copy, copyRest }
        let work = state.withLock { state -> Work in
            if length < state.copied { state.copied = 0 }
            if state.isAlmostDone {
                state.isAlmostDone = false
                return .copyRest
            }
            guard !state.isAtWork, length >= state.copied + pages else { return .none }
            state.isAtWork = true
            return .copy
        }
        switch work {
        case .none: break
        case .copy: queue.async { self.copy(length) }
        // What a reader still needs of the log stays there, and the log goes on growing until it has ended.
        case .copyRest: try? writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
        }
    }

    /// A copy that fails, as on a full disk, leaves the log as it is and is tried again when the log has grown; nothing acknowledged depends on it.
    private func copy(_ length: Int) {
        try? connection?.execute("PRAGMA wal_checkpoint(PASSIVE)")
        state.withLock { state in
            state.isAtWork = false
            state.isAlmostDone = length >= pagesMax - pages
            state.copied = length
        }
    }

    /// Returns when no copy is under way.
    func close() { queue.sync { connection = nil } }
}
