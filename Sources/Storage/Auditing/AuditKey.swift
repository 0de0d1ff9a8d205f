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

    /// In hexadecimal digits.
    func digest(of contentDigest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(Digest.keyed(contentDigest, by: bytes).prefix(AuditKey.digestBytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// Whether that is what the text was.
    func matches(_ digest: String, _ content: String) -> Bool { Digest.areEqual(Array(digest.utf8), Array(self.digest(of: Digest.sha256(content.utf8)).utf8)) }
}
