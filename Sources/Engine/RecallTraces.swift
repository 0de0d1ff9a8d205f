internal import Records
internal import Storage
internal import Synchronization

/// Recalls that were answered, until the audit has them. They are written behind the replies; what a crash loses is the last moment.
final class RecallTraces: Sendable {
    private struct State {
        var waiting: [Identifier: [RecallTrace]] = [:]
        var lost = 0
    }

    private let state = Mutex(State())

    func note(_ traces: [RecallTrace], of organization: Identifier) {
        state.withLock { state in
            let room = Limits.tracesWaitingMax - (state.waiting[organization]?.count ?? 0)
            state.waiting[organization, default: []] += traces.prefix(max(0, room))
            state.lost += max(0, traces.count - max(0, room))
        }
    }

    /// All that wait, by organization, and how many were lost; none waits afterwards.
    func take() -> (traces: [Identifier: [RecallTrace]], lost: Int) {
        state.withLock { state in
            defer { state = State() }
            return (state.waiting, state.lost)
        }
    }
}
