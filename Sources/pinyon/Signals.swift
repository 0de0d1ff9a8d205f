internal import Dispatch
internal import Glibc
internal import Synchronization

/// The wish to stop, as the operating system tells it: SIGTERM or SIGINT.
final class StopRequests: Sendable {
    private struct State {
        var count = 0
        var waiting: CheckedContinuation<Void, Never>?
        var second: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Whether there was one.
    var hasCome: Bool { state.withLock { $0.count > 0 } }

    func arrived() {
        let (continuation, second) = state.withLock { state -> (CheckedContinuation<Void, Never>?, (@Sendable () -> Void)?) in
            state.count += 1
            defer { state.waiting = nil }
            return (state.waiting, state.count > 1 ? state.second : nil)
        }
        continuation?.resume()
        second?()
    }

    /// Returns when the first has come.
    func first() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.count == 0 else { return true }
                state.waiting = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// What a second one does; at once when it is there already.
    func onSecond(_ action: @escaping @Sendable () -> Void) {
        let isThere = state.withLock { state in
            state.second = action
            return state.count > 1
        }
        if isThere { action() }
    }
}

enum Signals {
    /// Dispatch guards its own objects; its Swift face does not say so.
    private struct Held: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }

    /// Held for the life of the process: a source that is let go tells nothing any more.
    private static let sources = Mutex<[Held]>([])

    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    static func stopRequests() -> StopRequests {
        let requests = StopRequests()
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { requests.arrived() }
            source.resume()
            let held = Held(source: source)
            sources.withLock { $0.append(held) }
        }
        return requests
    }
}
