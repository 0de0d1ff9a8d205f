import Dispatch
import Records
import Synchronization

/// One connection that reads, and the serial queue that owns it.
///
/// `@unchecked Sendable`: `session` is touched on `queue` alone, and all else is immutable or in the mutex.
final class ReadQueue: @unchecked Sendable {
    private struct Waiting {
        var count = 0
        var isClosed = false
    }

    private let queue: DispatchQueue
    private let countMax: Int
    private let waiting = Mutex(Waiting())
    private var session: (any ReadSession)?

    init(_ session: sending any ReadSession, number: Int, countMax: Int) {
        queue = DispatchQueue(label: "pinyon.store.reads.\(number)")
        self.session = session
        self.countMax = countMax
    }

    /// Reads that wait or run.
    var waitingCount: Int { waiting.withLock { $0.count } }

    /// Runs `body` in a snapshot of its own, on the reader's queue, and the completion after it.
    func read<Value: Sendable>(
        of organization: Identifier?, isWanted: @escaping @Sendable () -> Bool = { true },
        _ completion: @escaping @Sendable (Result<Value, StorageError>) -> Void, _ body: @escaping @Sendable (Reader) throws(StorageError) -> Value
    ) {
        let refusal = waiting.withLock { waiting -> StorageError? in
            if waiting.isClosed { return .closed }
            if waiting.count >= countMax { return .busy }
            waiting.count += 1
            queue.async { self.answer(organization, isWanted, completion, body) }
            return nil
        }
        if let refusal { queue.async { completion(.failure(refusal)) } }
    }

    /// Refuses what comes from now on, answers what was accepted, and closes the connection.
    func close() {
        waiting.withLock { $0.isClosed = true }
        queue.sync { session = nil }
    }

    private func answer<Value: Sendable>(
        _ organization: Identifier?, _ isWanted: () -> Bool, _ completion: @Sendable (Result<Value, StorageError>) -> Void,
        _ body: (Reader) throws(StorageError) -> Value
    ) {
        do throws(StorageError) {
            guard let session else { throw .closed }
            guard isWanted() else { throw .notWanted }
            let value = try session.snapshot(of: organization) { () throws(StorageError) in try body(Reader(session: session)) }
            completion(.success(value))
        } catch {
            completion(.failure(error))
        }
        waiting.withLock { $0.count -= 1 }
    }
}
