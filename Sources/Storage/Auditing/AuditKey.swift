internal import Records
internal import Secrets

/// By what digests of one memory's texts are made, so that they tell nothing to who does not have it. It goes with the memory.
struct AuditKey: Hashable, Sendable {
    let bytes: [UInt8]
    /// Tells nothing of the key but that another is another one.
    private let name: String

    init(bytes: [UInt8]) {
        self.bytes = bytes
        name = hexadecimal(Digest.sha256(bytes).prefix(AuditKey.nameBytes))
    }

    static let byteCount = 16
    /// Of a digest, which is shortened to as many.
    static let digestBytes = 16

    static func random() -> AuditKey {
        var generator = SystemRandomNumberGenerator()
        return AuditKey(bytes: (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// In hexadecimal digits, behind what tells the key from others. What is hashed has one length, so that the key before it is as good as any other way to use it.
    func digest(of contentDigest: [UInt8]) -> String { name + ":" + hexadecimal(Digest.sha256(bytes + contentDigest).prefix(AuditKey.digestBytes)) }

    /// Whether that is what the text was; nil where another key made the digest.
    func matches(_ digest: String, _ content: String) -> Bool? {
        guard digest.hasPrefix(name + ":") else { return nil }
        return Digest.areEqual(Array(digest.utf8), Array(self.digest(of: Digest.sha256(content.utf8)).utf8))
    }

    private static let nameBytes = 4
}
