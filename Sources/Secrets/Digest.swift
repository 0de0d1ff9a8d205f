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

    /// Of what `next` gives piece by piece, until it gives nothing.
    public static func sha256(next: () -> [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var isWhole = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        while isWhole {
            let piece = next()
            if piece.isEmpty { break }
            isWhole = unsafe piece.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) } == 1
        }
        var digest = [UInt8](repeating: 0, count: byteCount)
        isWhole = unsafe isWhole && digest.withUnsafeMutableBufferPointer { unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) } == 1
        guard isWhole else { fatalError("OpenSSL cannot compute SHA-256") }
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
