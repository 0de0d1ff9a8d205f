import Dispatch
import Records
import Synchronization

/// Gathers writes that wait into commits.
///
/// One serial queue owns the writer; another runs the completions, so that the next commit need not wait for what they do.
/// `@unchecked Sendable`: `writer` is touched on `queue` alone, and all else is immutable or in the mutex.
final class WriteQueue<Session: WriteSession>: @unchecked Sendable {
    typealias Completion = @Sendable (Result<WriteOutcome, StorageError>) -> Void

    private final class Pending: Sendable {
        let request: WriteRequest
        let completion: Completion
        let rows: Int
        let bytes: Int

        init(_ request: WriteRequest, _ completion: @escaping Completion) {
            self.request = request
            self.completion = completion
            rows = request.action.rowCount
            bytes = request.action.approximateBytes
        }
    }

    private struct Waiting {
        var writes: [Pending] = []
        /// Those that wait, and those whose completion has not returned.
        var count = 0
        var bytes = 0
        var isScheduled = false
        var isClosed = false
        /// So many are expected soon; whoever brings the last of them says so.
        var awaited: Int?
        var commitCount = 0
    }

    private let limits: WriteLimits
    private let queue = DispatchQueue(label: "pinyon.store.writes")
    private let completions = DispatchQueue(label: "pinyon.store.completions")
    private let waiting = Mutex(Waiting())
    private let haveCome = DispatchSemaphore(value: 0)
    /// When the last commit ended, how long it took, and what waited then together with those that it answers.
    private var last: (end: UInt64, nanoseconds: UInt64, expected: Int)?
    private var writer: Writer<Session>?

    init(_ writer: sending Writer<Session>, _ limits: WriteLimits) {
        self.writer = writer
        self.limits = limits
    }

    /// Transactions that were committed with something in them.
    var commitCount: Int { waiting.withLock { $0.commitCount } }

    func add(_ request: WriteRequest, _ completion: @escaping Completion) {
        let pending = Pending(request, completion)
        let refusal = waiting.withLock { waiting -> StorageError? in
            if waiting.isClosed { return .closed }
            let isFull = waiting.count >= limits.waitingWritesMax || waiting.bytes + pending.bytes > limits.waitingBytesMax
            if isFull && waiting.count > 0 { return .busy }
            waiting.writes.append(pending)
            waiting.count += 1
            waiting.bytes += pending.bytes
            if let awaited = waiting.awaited, waiting.writes.count >= awaited {
                waiting.awaited = nil
                haveCome.signal()
            }
            if !waiting.isScheduled {
                waiting.isScheduled = true
                queue.async { self.drain() }
            }
            return nil
        }
        if let refusal { completions.async { completion(.failure(refusal)) } }
    }

    /// Runs `body` between two commits, and returns when it is done.
    func withWriter(_ body: (Writer<Session>) throws(StorageError) -> Void) throws(StorageError) {
        let result = queue.sync { () -> Result<Void, StorageError> in
            guard let writer else { return .failure(.closed) }
            do throws(StorageError) { return .success(try body(writer)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Refuses what comes from now on, and returns when everything accepted has been completed.
    func finish() {
        waiting.withLock { $0.isClosed = true }
        // Whoever accepted a write has scheduled a drain before this, and a drain ends only when nothing waits.
        queue.sync {}
        completions.sync {}
    }

    /// Lets go of the connection. What was acknowledged is on disk even if that fails.
    func close() {
        queue.sync {
            writer?.session.close()
            writer = nil
        }
    }

    private func drain() {
        while true {
            gather()
            let batch = waiting.withLock { takeBatch(&$0) }
            guard !batch.isEmpty else { return }
            let start = DispatchTime.now().uptimeNanoseconds
            let results = writer?.carryOut(batch.map(\.request)) ?? batch.map { _ in .failure(.closed) }
            if let writer, results.contains(where: WriteQueue.isWritten) {
                writer.session.acknowledge()
                waiting.withLock { $0.commitCount += 1 }
            }
            completions.async {
                for (pending, result) in zip(batch, results) { pending.completion(result) }
                self.waiting.withLock { waiting in
                    waiting.count -= batch.count
                    for pending in batch { waiting.bytes -= pending.bytes }
                }
            }
            let end = DispatchTime.now().uptimeNanoseconds
            last = (end, end - start, waiting.withLock(\.writes.count) + batch.count)
            writer?.session.tidy()
        }
    }

    /// Waits a moment for those who have just been answered, if they ask again at once: else they and those who waited meanwhile would take turns for
    /// ever, with half as many rows in each commit. Whoever writes alone is never waited for.
    private func gather() {
        guard let last, last.expected > 1 else { return }
        let deadline = last.end + min(last.nanoseconds / limits.gatheringShare, limits.gatheringNanosecondsMax)
        guard DispatchTime.now().uptimeNanoseconds < deadline else { return }
        let mustWait = waiting.withLock { waiting in
            guard !waiting.isClosed, !waiting.writes.isEmpty, waiting.writes.count < last.expected else { return false }
            waiting.awaited = last.expected
            return true
        }
        guard mustWait, haveCome.wait(timeout: DispatchTime(uptimeNanoseconds: deadline)) == .timedOut else { return }
        // Between the end of the wait and this lock the last may have come and said so.
        if waiting.withLock({ $0.awaited.take() }) == nil { haveCome.wait() }
    }

    private static func isWritten(_ result: Result<WriteOutcome, StorageError>) -> Bool {
        switch result {
        case .success(let outcome): !outcome.isReplay
        case .failure: false
        }
    }

    /// What waits longest, and others up to the limits: those behind it, or where a transaction holds one organization those of the same.
    private func takeBatch(_ waiting: inout Waiting) -> [Pending] {
        var (batch, rest): ([Pending], [Pending]) = ([], [])
        var (rows, bytes, isFull) = (0, 0, false)
        for pending in waiting.writes {
            let isOfOthers = Session.holdsOneOrganization && batch.first.map { $0.request.organization != pending.request.organization } ?? false
            if !isFull, !isOfOthers {
                rows += pending.rows
                bytes += pending.bytes
                isFull = !batch.isEmpty && (rows > limits.commitRowsMax || bytes > limits.commitBytesMax)
            }
            if isFull || isOfOthers { rest.append(pending) } else { batch.append(pending) }
        }
        waiting.writes = rest
        waiting.isScheduled = !batch.isEmpty
        return batch
    }
}

/// How much may wait for a store, and how much one commit takes.
struct WriteLimits {
    /// Writes that wait or are being answered; beyond them the answer is `busy`.
    var waitingWritesMax: Int
    var waitingBytesMax: Int
    /// One commit takes waiting writes up to these bounds, and always at least one.
    var commitRowsMax: Int
    var commitBytesMax: Int
    /// Of the time that a commit takes, how much is spent at most on waiting for others to share the next.
    let gatheringShare: UInt64 = 3
    let gatheringNanosecondsMax: UInt64 = 400_000
}
