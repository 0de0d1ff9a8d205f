internal import Dispatch
internal import Records
internal import Storage
internal import Synchronization

/// How far the change sequence has come into memory.
final class ChangeFeed: Sendable {
    struct State: Sendable {
        /// Everything up to there is in memory.
        var position = ChangePosition.start
        /// Transactions of this process that are in memory, and that the sequence has not come to.
        var own: Set<UInt64> = []
        /// What could not be read when it had to be.
        var owed: Set<RowName> = []
        /// When all changes that could be read were in memory for the last time.
        var readAt: Timestamp?
        var isFailing = false
        var tendedAt: Timestamp?
        var hasEnded = false
    }

    let state = Mutex(State())
    private static let ownMax = 1_000_000
    /// Reads for memory, one thing after the other; blocks for the store.
    let queue = DispatchQueue(label: "pinyon.feed", qos: .userInitiated)

    var position: ChangePosition { state.withLock { $0.position } }

    func hasRead(_ position: ChangePosition) { state.withLock { $0.position = max($0.position, position) } }

    /// A write of this process is in memory.
    func took(_ outcome: WriteOutcome) {
        state.withLock { state in
            guard let transaction = outcome.transaction else { return state.position = max(state.position, ChangePosition(number: outcome.receipt.change)) }
            // Beyond that they are read as if others had written them.
            if state.own.count >= ChangeFeed.ownMax { state.own = [] }
            if transaction > state.position.transaction { state.own.insert(transaction) }
        }
    }

    /// Since when others' writes may be missing: nil while they can be read.
    var staleSince: Timestamp? { state.withLock { $0.isFailing ? $0.readAt : nil } }

    func end() { state.withLock { $0.hasEnded = true } }

    /// Those of others.
    func foreign(_ changes: [ChangeRecord]) -> [ChangeRecord] { state.withLock { state in changes.filter { !state.own.contains($0.transaction) } } }

    func has(_ changes: [ChangeRecord]) {
        guard let last = changes.last?.position else { return }
        state.withLock { state in
            state.position = max(state.position, last)
            // The last may go on.
            state.own = state.own.filter { $0 >= last.transaction }
        }
    }
}
