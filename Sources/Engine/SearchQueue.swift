internal import Dispatch
internal import Synchronization
internal import VectorIndex

/// Searches that wait for a core. A worker takes all that wait for one index together, so that under load they share one scan.
final class SearchQueue: Sendable {
    private struct Waiting: Sendable {
        let index: CosineIndex
        let query: IndexQuery
        let completion: @Sendable (Result<IndexAnswer, IndexError>) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var workers = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "pinyon.search", qos: .userInitiated, attributes: .concurrent)
    private let workersMax: Int
    private let waitingMax: Int
    /// As many as share one scan without making the first of them wait for long.
    private static let batchMax = 64

    init(workersMax: Int, waitingMax: Int) {
        self.workersMax = workersMax
        self.waitingMax = waitingMax
    }

    /// False when too many wait already; then `completion` is never called. A brief search is carried out at once where `mayRunHere` and there is a core to spare:
    /// to wake another thread takes as long.
    func submit(
        _ query: IndexQuery, to index: CosineIndex, mayRunHere: Bool, completion: @escaping @Sendable (Result<IndexAnswer, IndexError>) -> Void
    ) -> Bool {
        enum Decision { case refuse, wait, start, runHere }
        let isBrief = mayRunHere && index.isBrief(query)
        let decision = state.withLock { state -> Decision in
            guard state.waiting.count < waitingMax else { return .refuse }
            if isBrief, state.waiting.isEmpty, state.workers < workersMax {
                state.workers += 1
                return .runHere
            }
            state.waiting.append(Waiting(index: index, query: query, completion: completion))
            guard state.workers < workersMax else { return .wait }
            state.workers += 1
            return .start
        }
        switch decision {
        case .refuse: return false
        case .wait: return true
        case .runHere:
            completion(single(index, query))
            if hasMore() { queue.async { self.work() } }
            return true
        case .start:
            queue.async { self.work() }
            return true
        }
    }

    private func work() {
        while let batch = next() {
            // What shares no reading is answered one after the other, so that none waits for those behind it.
            let together = batch.filter { $0.index.sharesReading($0.query) }
            if together.count < batch.count {
                for waiting in batch where !waiting.index.sharesReading(waiting.query) { waiting.completion(single(waiting.index, waiting.query)) }
            }
            guard let index = together.first?.index else { continue }
            for (waiting, answer) in zip(together, index.search(together.map(\.query))) { waiting.completion(answer) }
        }
    }

    /// Whether the place of a worker that has ended must be taken, since something waits.
    private func hasMore() -> Bool {
        state.withLock { state in
            if state.waiting.isEmpty { state.workers -= 1 }
            return !state.waiting.isEmpty
        }
    }

    private func single(_ index: CosineIndex, _ query: IndexQuery) -> Result<IndexAnswer, IndexError> {
        Result { () throws(IndexError) in try index.search(query) }
    }

    /// What waits longest, with all others for the same index that fit; nil, and one worker less, when nothing waits.
    private func next() -> [Waiting]? {
        state.withLock { state in
            guard let first = state.waiting.first else {
                state.workers -= 1
                return nil
            }
            // An even share is left to the other workers.
            let share = max(1, min(SearchQueue.batchMax, (state.waiting.count + workersMax - 1) / workersMax))
            var batch: [Waiting] = []
            var rest: [Waiting] = []
            for waiting in state.waiting {
                if batch.count < share, waiting.index === first.index { batch.append(waiting) } else { rest.append(waiting) }
            }
            state.waiting = rest
            return batch
        }
    }
}
