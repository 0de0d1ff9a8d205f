internal import Records
internal import Synchronization

/// Those who wait for a job to go on. Each is told once: the job, or why nothing came.
final class JobWatches: Sendable {
    struct Watch: Sendable {
        let organization: Identifier
        let job: Identifier
        let after: Int64
        let context: OperationContext
        let completion: Completion
    }

    private struct State {
        var next: UInt64 = 0
        var watches: [UInt64: Watch] = [:]
        var hasEnded = false
    }

    private static let watchesMax = 10_000

    private let state = Mutex(State())

    /// Nil when there are too many, or the server stops.
    func add(_ watch: Watch) -> UInt64? {
        state.withLock { state in
            guard state.watches.count < JobWatches.watchesMax, !state.hasEnded else { return nil }
            state.next += 1
            state.watches[state.next] = watch
            return state.next
        }
    }

    /// Nil when somebody else has told it already.
    func take(_ number: UInt64) -> Watch? { state.withLock { $0.watches.removeValue(forKey: number) } }

    func tell(_ job: Record) {
        let told = take { $0.job == job.id && $0.organization == job.organization && $0.after < job.version }
        for watch in told { watch.completion(.success(.records([job.shown]))) }
    }

    /// Lets those go who wait no longer.
    func sweep() {
        for watch in take(where: { $0.context.interruption != nil }) { watch.completion(.failure(watch.context.interruption ?? .cancelled)) }
    }

    /// Nothing will be told any more.
    func end() {
        state.withLock { $0.hasEnded = true }
        for watch in take(where: { _ in true }) { watch.completion(.failure(.deadlineExceeded)) }
    }

    private func take(where isTaken: (Watch) -> Bool) -> [Watch] {
        state.withLock { state in
            let taken = state.watches.filter { isTaken($0.value) }
            for number in taken.keys { state.watches[number] = nil }
            return taken.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
