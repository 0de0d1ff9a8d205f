internal import Records
internal import Secrets
internal import Synchronization

/// Vectors of texts that were embedded lately, within a budget of bytes.
///
/// What one organization has embedded another never finds here, not even by the time that an answer takes.
final class VectorCache: Sendable {
    struct Key: Hashable, Sendable {
        private let digest: Identifier

        init(_ text: String, of organization: Identifier, in space: Identifier) {
            let bytes = Digest.sha256(organization.bytes + space.bytes + Array(text.utf8))
            digest = Identifier(bytes: bytes.prefix(Identifier.byteCount)) ?? .none
        }
    }

    /// Two halves: what is used moves to the young one, and when that is full the old one is forgotten at once.
    private struct Halves {
        var young: [Key: [Float]] = [:]
        var old: [Key: [Float]] = [:]
        var youngBytes = 0
    }

    private let halves = Mutex(Halves())
    private let bytesMax: Int
    /// What an entry takes besides its vector.
    private static let entryBytes = 96

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    func removeAll() { halves.withLock { $0 = Halves() } }

    subscript(key: Key) -> [Float]? {
        get {
            halves.withLock { halves in
                if let vector = halves.young[key] { return vector }
                guard let vector = halves.old[key] else { return nil }
                put(vector, key, in: &halves)
                return vector
            }
        }
        set {
            guard let newValue else { return }
            halves.withLock { put(newValue, key, in: &$0) }
        }
    }

    private func put(_ vector: [Float], _ key: Key, in halves: inout Halves) {
        let bytes = 4 * vector.count + VectorCache.entryBytes
        guard 2 * bytes <= bytesMax else { return }
        if halves.youngBytes + bytes > bytesMax / 2 {
            halves.old = halves.young
            halves.young = [:]
            halves.youngBytes = 0
        }
        if halves.young.updateValue(vector, forKey: key) == nil { halves.youngBytes += bytes }
    }
}
