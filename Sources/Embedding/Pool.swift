internal import Dispatch
internal import Synchronization

/// What calls need for themselves while they last, such as a connection or scratch: a bounded number, made as it is needed and lent to one call at a time.
final class Pool<Resource: Sendable>: Sendable {
    enum Loan {
        case lent(Resource)
        case notWanted
        /// It could not be made.
        case failed
    }

    private let free: DispatchSemaphore
    private let idle = Mutex<[Resource]>([])
    private let make: @Sendable () -> Resource?

    /// How long a call waits for its turn before it is asked whether it is still wanted.
    private static var stepMilliseconds: Int { 25 }

    init(max: Int, make: @escaping @Sendable () -> Resource?) {
        free = DispatchSemaphore(value: max)
        self.make = make
    }

    /// Waits until one is free. Whatever is lent must be given back.
    func take(isWanted: () -> Bool) -> Loan {
        while true {
            guard isWanted() else { return .notWanted }
            if free.wait(timeout: .now() + .milliseconds(Pool.stepMilliseconds)) == .success { break }
        }
        // The one that was used last: its connection is most likely alive, its memory in the cache.
        guard let resource = idle.withLock({ $0.popLast() }) ?? make() else {
            free.signal()
            return .failed
        }
        return .lent(resource)
    }

    func giveBack(_ resource: Resource) {
        idle.withLock { $0.append(resource) }
        free.signal()
    }
}
