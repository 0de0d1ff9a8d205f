internal import Records
internal import Secrets

/// By what digests of one memory's texts are made, so that they tell nothing to who does not have it. It goes with the memory.
struct AuditKey: Hashable, Sendable {
    let bytes: [UInt8]

    static let byteCount = 16
    /// Of a digest, which is shortened to as many.
    static let digestBytes = 16

    static func random() -> AuditKey {
        var generator = SystemRandomNumberGenerator()
        return AuditKey(bytes: (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// In hexadecimal digits. Both parts have one length, so that the key before a hash is as good as any other way to use it.
    func digest(of contentDigest: [UInt8]) -> String { hexadecimal(Digest.sha256(bytes + contentDigest).prefix(AuditKey.digestBytes)) }

    /// Whether that is what the text was.
    func matches(_ digest: String, _ content: String) -> Bool { Digest.areEqual(Array(digest.utf8), Array(self.digest(of: Digest.sha256(content.utf8)).utf8)) }
}
