import Foundation
import Synchronization

enum Parallel {
    private struct State<Output: Sendable>: Sendable {
        var next = 0
        var results: [Result<Output, any Error>?]
    }

    /// The results in the order of the elements.
    static func map<Element: Sendable, Output: Sendable>(
        _ elements: [Element], threads: Int, _ body: @Sendable (Element) throws -> Output
    ) throws -> [Output] {
        let state = Mutex(State<Output>(results: Array(repeating: nil, count: elements.count)))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let place = state.withLock { state in
                    defer { state.next += 1 }
                    return state.next
                }
                guard place < elements.count else { return }
                let result = Result { try body(elements[place]) }
                state.withLock { $0.results[place] = result }
            }
        }
        return try state.withLock { try $0.results.compactMap { try $0?.get() } }
    }
}
