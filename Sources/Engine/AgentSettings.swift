internal import Recall
internal import Records
internal import Storage
internal import Synchronization

/// How agents keep memories, as far as it was asked for since it last changed.
final class AgentSettings: Sendable {
    private struct State {
        var known: [Identifier: [Identifier: MemorySettings]] = [:]
        /// Raised by every change, so that what was read before one is not kept after it.
        var changes: UInt64 = 0
    }

    private let state = Mutex(State())
    /// Of one organization.
    private static let knownMax = 10_000

    subscript(organization: Identifier, agent: Identifier) -> MemorySettings? { state.withLock { $0.known[organization]?[agent] } }

    var changes: UInt64 { state.withLock { $0.changes } }

    func keep(_ settings: MemorySettings, of agent: Identifier, _ organization: Identifier, since changes: UInt64) {
        state.withLock { state in
            guard state.changes == changes else { return }
            if state.known[organization, default: [:]].count >= AgentSettings.knownMax { state.known[organization] = [:] }
            state.known[organization, default: [:]][agent] = settings
        }
    }

    /// An agent changed, or the organization did.
    func forget(_ organization: Identifier) {
        state.withLock { state in
            state.known[organization] = nil
            state.changes += 1
        }
    }

    func forgetAll() {
        state.withLock { state in
            state.known = [:]
            state.changes += 1
        }
    }
}

extension MemoryEngine {
    /// How each of those agents keeps memories; one that is not there does by default.
    func settings(
        of agents: Set<Identifier>, _ organization: Identifier, _ context: OperationContext, _ completion: @escaping Completion,
        _ then: @escaping @Sendable ([Identifier: MemorySettings]) -> Void
    ) {
        var found: [Identifier: MemorySettings] = [:]
        for agent in agents { found[agent] = agentSettings[organization, agent] }
        let missing = agents.filter { found[$0] == nil }.sorted()
        guard !missing.isEmpty else { return then(found) }
        let (known, changes) = (found, agentSettings.changes)
        store.reads.records(.agent, missing, of: organization, shownTo: .none, withVectors: false, isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { [self] records, _ in
                let records = records.keyed(by: \.id)
                let base = organizations.withLock { $0[organization]?.memorySettings }
                var all = known
                for agent in missing {
                    let settings = MemorySettings(of: records[agent], under: base)
                    all[agent] = settings
                    agentSettings.keep(settings, of: agent, organization, since: changes)
                }
                then(all)
            }
        }
    }
}
