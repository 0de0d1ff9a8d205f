internal import COpenSSL

/// SHA-256, as OpenSSL computes it.
public enum Digest {
    public static let byteCount = 32

    public static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var digest = [UInt8](repeating: 0, count: byteCount)
        unsafe input.withUnsafeBytes { source in
            unsafe digest.withUnsafeMutableBytes { target in
                _ = unsafe SHA256(
                    source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count, target.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        return digest
    }
}

extension Digest {
    /// Looks at every byte whatever it finds, so that the time taken tells nothing of where two secrets differ.
    public static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}
