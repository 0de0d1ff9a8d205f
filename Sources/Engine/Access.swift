internal import Secrets
internal import Synchronization
internal import Records

/// Why a key does not open the door. Callers are told the same for all of these, so that nobody learns which keys exist.
public enum AccessError: Error, Hashable, Sendable {
    case unknownKey
    case expired(prefix: String)
    case revoked(prefix: String)
}

/// All access keys, by the prefix that may be shown.
final class Access: Sendable {
    private let keys: Mutex<[String: [AccessKey]]>

    init(_ keys: [AccessKey]) {
        self.keys = Mutex(Dictionary(grouping: keys, by: \.prefix))
    }

    func add(_ key: AccessKey) {
        keys.withLock { $0[key.prefix, default: []].append(key) }
    }

    /// Whose key this is. The comparison of hashes takes the same time wherever they differ.
    func principal(for text: String, at time: Timestamp) throws(AccessError) -> Principal {
        guard let key = KeyText(text) else { throw .unknownKey }
        let hash = key.hash
        let candidates = keys.withLock { $0[key.prefix] } ?? []
        guard let found = candidates.first(where: { Digest.areEqual($0.hash, hash) }) else { throw .unknownKey }
        if let revokedAt = found.revokedAt, revokedAt <= time { throw .revoked(prefix: found.prefix) }
        if let expiresAt = found.expiresAt, expiresAt <= time { throw .expired(prefix: found.prefix) }
        return Principal(organization: found.organization, key: found.id, scopes: found.role.scopes)
    }
}
