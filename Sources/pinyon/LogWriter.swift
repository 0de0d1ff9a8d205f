internal import Dispatch
internal import Synchronization

/// Writes lines to standard error on a queue of its own. Where nobody reads them, lines are dropped and counted, and no loop waits.
final class LogWriter: Sendable {
    private struct State {
        var waitingBytes = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "pinyon.log")
    private static let waitingBytesMax = 1_048_576

    func write(_ line: String) {
        let bytes = line.utf8.count
        let dropped = state.withLock { state -> Int? in
            guard state.waitingBytes + bytes <= LogWriter.waitingBytesMax else {
                state.dropped += 1
                return nil
            }
            state.waitingBytes += bytes
            defer { state.dropped = 0 }
            return state.dropped
        }
        guard let dropped else { return }
        queue.async { [self] in
            if dropped > 0 { System.printError("{\"level\":\"warning\",\"message\":\"log lines were dropped\",\"count\":\"\(dropped)\"}") }
            System.printError(line)
            state.withLock { $0.waitingBytes -= bytes }
        }
    }

    /// Waits until what was written is out, or so long.
    func finish(milliseconds: Int) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .milliseconds(milliseconds))
    }
}
