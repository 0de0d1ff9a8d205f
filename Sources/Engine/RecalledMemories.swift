internal import Records
internal import Synchronization

/// Which memories were recalled, and when, until it is written. What a crash loses is a count.
final class RecalledMemories: Sendable {
    private let waiting = Mutex<[Identifier: [Identifier: Timestamp]]>([:])
    /// Of one organization; beyond, it counts nothing until these are written.
    private static let waitingMax = 100_000

    func note(_ memories: [Memory], of organization: Identifier, at time: Timestamp) {
        let counting = memories.filter { $0.countsAccess(at: time) }
        guard !counting.isEmpty else { return }
        waiting.withLock { waiting in
            var known = waiting.removeValue(forKey: organization) ?? [:]
            for memory in counting where known[memory.id] == nil && known.count < RecalledMemories.waitingMax { known[memory.id] = time }
            waiting[organization] = known
        }
    }

    /// All that wait, by organization; none waits afterwards.
    func take() -> [Identifier: [Identifier: Timestamp]] {
        waiting.withLock { waiting in
            defer { waiting = [:] }
            return waiting
        }
    }
}
