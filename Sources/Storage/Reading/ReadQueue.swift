import Dispatch
import Records
import Synchronization

/// Reads in the order in which they came, and the connections that answer them: whichever is free takes the next, so that nobody waits
/// behind a slow read while another connection has nothing to do.
///
/// `@unchecked Sendable`: each connection's `session` is touched on its queue alone, and all else is immutable or in the mutex.
final class ReadQueue: @unchecked Sendable {
    private typealias Read = @Sendable (_ session: (any ReadSession)?) -> Void

    private final class Connection: @unchecked Sendable {
        let queue: DispatchQueue
        var session: (any ReadSession)?

        init(_ session: any ReadSession, number: Int) {
            queue = DispatchQueue(label: "pinyon.store.reads.\(number)")
            self.session = session
        }
    }

    /// While a read waits, no connection is free.
    private struct State {
        var waiting: [Read] = []
        /// Of the waiting ones, those that were taken.
        var taken = 0
        var free: [Connection]
        var isClosed = false

        mutating func next() -> Read? {
            guard taken < waiting.count else { return nil }
            let read = waiting[taken]
            taken += 1
            if taken * 2 >= waiting.count {
                waiting.removeFirst(taken)
                taken = 0
            }
            return read
        }
    }

    private let connections: [Connection]
    private let countMax: Int
    private let state: Mutex<State>

    /// `countMax` reads may wait.
    init(_ sessions: sending [any ReadSession], countMax: Int) {
        connections = sessions.enumerated().map { Connection($1, number: $0) }
        self.countMax = countMax
        state = Mutex(State(free: connections))
    }

    /// Runs `body` in a snapshot of its own, on the queue of a connection, and the completion after it.
    func read<Value: Sendable>(
        of organization: Identifier?, isWanted: @escaping @Sendable () -> Bool = { true },
        _ completion: @escaping @Sendable (Result<Value, StorageError>) -> Void, _ body: @escaping @Sendable (Reader) throws(StorageError) -> Value
    ) {
        let refusal = state.withLock { state -> StorageError? in
            if state.isClosed { return .closed }
            if state.waiting.count - state.taken >= countMax { return .busy }
            state.waiting.append { session in
                do throws(StorageError) {
                    guard let session else { throw .closed }
                    guard isWanted() else { throw .notWanted }
                    completion(.success(try session.snapshot(of: organization) { () throws(StorageError) in try body(Reader(session: session)) }))
                } catch {
                    completion(.failure(error))
                }
            }
            if let connection = state.free.popLast() { connection.queue.async { self.answer(on: connection) } }
            return nil
        }
        if let refusal { connections[0].queue.async { completion(.failure(refusal)) } }
    }

    /// Refuses what comes from now on, answers what was accepted, and closes the connections.
    func close() {
        state.withLock { $0.isClosed = true }
        for connection in connections { connection.queue.sync { connection.session = nil } }
    }

    /// Until nothing waits.
    private func answer(on connection: Connection) {
        while true {
            let read = state.withLock { state -> Read? in
                let next = state.next()
                if next == nil { state.free.append(connection) }
                return next
            }
            guard let read else { return }
            read(connection.session)
        }
    }
}
