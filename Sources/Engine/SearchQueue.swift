internal import Dispatch
internal import Synchronization
internal import VectorIndex

/// Searches that wait for a core. A worker takes all that wait for one index together, so that under load they share one scan.
final class SearchQueue: Sendable {
    private struct Search: Sendable {
        let index: CosineIndex
        let query: IndexQuery
        let completion: @Sendable (Result<IndexAnswer, IndexError>) -> Void
    }

    private enum Waiting: Sendable {
        case search(Search)
        /// What shares nothing with others.
        case task(@Sendable () -> Void)

        func search(of index: CosineIndex) -> Search? {
            if case .search(let search) = self, search.index === index { search } else { nil }
        }
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
        let place = place(.search(Search(index: index, query: query, completion: completion)), mayRunHere: mayRunHere && index.isBrief(query))
        if place == .here { completion(single(index, query)) }
        return started(place)
    }

    /// The same for what is more than one search, or none. False when too many wait already; then `task` never runs.
    func submit(mayRunHere: Bool = false, _ task: @escaping @Sendable () -> Void) -> Bool {
        let place = place(.task(task), mayRunHere: mayRunHere)
        if place == .here { task() }
        return started(place)
    }

    private enum Place { case refused, waiting, started, here }

    private func place(_ waiting: Waiting, mayRunHere: Bool) -> Place {
        state.withLock { state in
            guard state.waiting.count < waitingMax else { return .refused }
            if mayRunHere, state.waiting.isEmpty, state.workers < workersMax {
                state.workers += 1
                return .here
            }
            state.waiting.append(waiting)
            guard state.workers < workersMax else { return .waiting }
            state.workers += 1
            return .started
        }
    }

    /// Has a worker go on where it must; what ran here is done. False where it was refused.
    private func started(_ place: Place) -> Bool {
        switch place {
        case .refused: return false
        case .waiting: return true
        case .started: queue.async { self.work() }
        case .here: if hasMore() { queue.async { self.work() } }
        }
        return true
    }

    private enum Batch {
        case searches([Search])
        case task(@Sendable () -> Void)
    }

    private func work() {
        while let next = next() {
            let batch: [Search]
            switch next {
            case .searches(let searches): batch = searches
            case .task(let task):
                task()
                continue
            }
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
    private func next() -> Batch? {
        state.withLock { state in
            guard let first = state.waiting.first else {
                state.workers -= 1
                return nil
            }
            let leader: Search
            switch first {
            case .search(let search): leader = search
            case .task(let task):
                state.waiting.removeFirst()
                return .task(task)
            }
            // An even share is left to the other workers.
            let share = max(1, min(SearchQueue.batchMax, (state.waiting.count + workersMax - 1) / workersMax))
            var (batch, rest): ([Search], [Waiting]) = ([], [])
            for waiting in state.waiting {
                if batch.count < share, let search = waiting.search(of: leader.index) { batch.append(search) } else { rest.append(waiting) }
            }
            state.waiting = rest
            return .searches(batch)
        }
    }
}
