internal import Dispatch
internal import Synchronization

/// The handles of one endpoint, each with its connection: a bounded number, made as they are needed and lent to one call at a time.
final class HandlePool: Sendable {
    private let free: DispatchSemaphore
    private let idle = Mutex<[HTTPHandle]>([])

    /// How long a call waits for its turn before it is asked whether it is still wanted.
    private static let stepMilliseconds = 25

    init(handlesMax: Int) { free = DispatchSemaphore(value: handlesMax) }

    /// Waits until one is free. Every handle must be given back.
    func take(isWanted: () -> Bool) throws(TryFailure) -> HTTPHandle {
        while true {
            guard isWanted() else { throw .cancelled }
            if free.wait(timeout: .now() + .milliseconds(HandlePool.stepMilliseconds)) == .success { break }
        }
        // The one that was used last: its connection is most likely alive.
        guard let handle = idle.withLock({ $0.popLast() }) ?? HTTPHandle() else {
            free.signal()
            throw .unavailable(why: "there is no memory for another connection")
        }
        return handle
    }

    func giveBack(_ handle: HTTPHandle) {
        idle.withLock { $0.append(handle) }
        free.signal()
    }
}
