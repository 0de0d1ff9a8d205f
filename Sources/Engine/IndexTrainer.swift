internal import Dispatch
internal import Records
internal import Synchronization
internal import VectorIndex

/// Trains the lists of partitions that grew or changed enough, one after the other and behind everything else.
final class IndexTrainer: Sendable {
    private struct State {
        var waiting: [ObjectIdentifier: CosineIndex] = [:]
        /// Trained whether they need it or not.
        var forced: Set<ObjectIdentifier> = []
        var isBusy = false
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "pinyon.training", qos: .utility)
    private let threads: Int
    private let log: Log
    private let clock: Clock

    /// Leaves at least half of the cores to searches.
    init(cores: Int, clock: Clock, log: Log) {
        threads = max(1, cores / 2)
        self.clock = clock
        self.log = log
    }

    /// After every change of an index; most of the time it needs nothing.
    func consider(_ index: CosineIndex) {
        guard index.wantsTraining || index.hasTooFewForLists else { return }
        wait(for: index)
    }

    /// Has the lists of an index made anew, without what is gone.
    func renew(_ index: CosineIndex) {
        state.withLock { _ = $0.forced.insert(ObjectIdentifier(index)) }
        wait(for: index)
    }

    private func wait(for index: CosineIndex) {
        let starts = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.waiting[ObjectIdentifier(index)] = index
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if starts { queue.async { self.work() } }
    }

    /// Starts nothing more. What is under way harms nobody.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            state.waiting = [:]
        }
    }

    private func work() {
        while let index = next() {
            let start = clock.ticks()
            index.dropLists()
            let isForced = state.withLock { $0.forced.remove(ObjectIdentifier(index)) } != nil
            guard index.wantsTraining || isForced && index.statistics.lists > 0, index.train(threads: threads) else { continue }
            // What came due meanwhile was not heard.
            consider(index)
            let statistics = index.statistics
            log.info(
                "lists are trained", (.kind, index.kind.name), (.count, String(statistics.trainedRows)), (.lists, String(statistics.lists)),
                (.milliseconds, String((clock.ticks() &- start) / 1_000_000)))
        }
    }

    private func next() -> CosineIndex? {
        state.withLock { state in
            guard let (name, index) = state.waiting.first else {
                state.isBusy = false
                return nil
            }
            state.waiting[name] = nil
            return index
        }
    }
}
