internal import Secrets
internal import Storage
internal import Synchronization
internal import Records

/// Why a key does not open the door. Callers are told the same for all of these, so that nobody learns which keys exist.
public enum AccessError: Error, Hashable, Sendable {
    case unknownKey
    case expired(prefix: String)
    case revoked(prefix: String)
    /// From an address where it may not be used.
    case wrongNetwork(prefix: String)
}

/// All access keys, by the prefix that may be shown, and what they were used for since that was last written.
final class Access: Sendable {
    private struct State {
        var keys: [Identifier: AccessKey] = [:]
        var byPrefix: [String: Set<Identifier>] = [:]
        var uses: [Identifier: KeyUse] = [:]
    }

    private let state = Mutex(State())

    init(_ keys: [AccessKey]) { replace(keys) }

    /// Takes a key, new or changed.
    func put(_ key: AccessKey) {
        state.withLock { state in
            state.keys[key.id] = key
            state.byPrefix[key.prefix, default: []].insert(key.id)
        }
    }

    /// These are all that there are. What those were used for that stay is not forgotten.
    func replace(_ keys: [AccessKey]) {
        state.withLock { state in
            state.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0) })
            state.byPrefix = Dictionary(grouping: keys, by: \.prefix).mapValues { Set($0.map(\.id)) }
        }
    }

    /// Whose key this is. The comparison of hashes takes the same time wherever they differ.
    func principal(for text: String, from address: String, at time: Timestamp) throws(AccessError) -> Principal {
        guard let key = KeyText(text) else { throw .unknownKey }
        let hash = key.hash
        let candidates = state.withLock { state in (state.byPrefix[key.prefix] ?? []).compactMap { state.keys[$0] } }
        guard let found = candidates.first(where: { Digest.areEqual($0.hash, hash) }) else { throw .unknownKey }
        if let error = Access.refusal(of: found, from: address, at: time) { throw error }
        return Principal(organization: found.organization, key: found.id, scopes: found.allScopes, narrowing: found.narrowing)
    }

    /// Whether a connection of that key must end.
    func isOver(_ id: Identifier, from address: String, at time: Timestamp) -> Bool {
        guard let key = state.withLock({ $0.keys[id] }) else { return true }
        return Access.refusal(of: key, from: address, at: time) != nil
    }

    private static func refusal(of key: AccessKey, from address: String, at time: Timestamp) -> AccessError? {
        if let revokedAt = key.revokedAt, revokedAt <= time { return .revoked(prefix: key.prefix) }
        if let expiresAt = key.expiresAt, expiresAt <= time { return .expired(prefix: key.prefix) }
        if !key.networks.isEmpty, !key.networks.contains(where: { $0.contains(address) }) { return .wrongNetwork(prefix: key.prefix) }
        return nil
    }

    func key(_ id: Identifier) -> AccessKey? { state.withLock { $0.keys[id] } }

    /// Whether without that key nobody could do everything in the organization any more.
    func isLastOfItsKind(_ id: Identifier, of organization: Identifier, at time: Timestamp) -> Bool {
        let masters = state.withLock { state in
            state.keys.values.filter { key in
                key.organization == organization && key.allScopes.isSuperset(of: Scope.allCases) && key.narrowing.isNone && key.networks.isEmpty && key.revokedAt == nil
                    && key.expiresAt.map { $0 > time } ?? true
            }
        }
        return masters.map(\.id) == [id]
    }

    // MARK: Use

    func noteUse(of id: Identifier, from address: String, at time: Timestamp) {
        state.withLock { state in
            let count = (state.uses[id]?.count ?? 0) + 1
            state.uses[id] = KeyUse(key: id, count: count, last: time, from: address)
        }
    }

    /// What is to be written, by organization; from here on the counts begin anew.
    func takeUses() -> [Identifier: [KeyUse]] {
        state.withLock { state in
            defer { state.uses = [:] }
            return Dictionary(grouping: state.uses.values.filter { state.keys[$0.key] != nil }) { use in
                state.keys[use.key]?.organization ?? Identifier(high: 0, low: 0)
            }
        }
    }
}
