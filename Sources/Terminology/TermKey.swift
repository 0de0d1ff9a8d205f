internal import Lexical

/// What a term is compared by: small letters without marks, in compatible forms, with one space for whatever stands between words.
public struct TermKey: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ text: String) {
        bytes = text.utf8.allSatisfy({ $0 < 0x80 }) ? TermKey.spaced(text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }) : TermKey.spaced(Folding.bare(text))
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// White space, hyphens and underscores are one space, but for white space at both ends; a text of nothing else stays as it is.
    private static func spaced(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for byte in bytes {
            let isGap = byte <= space || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            if !isGap { out.append(byte) } else if out.last != space, byte > space || !out.isEmpty { out.append(space) }
        }
        if out.last == space, let last = bytes.last, last <= space { out.removeLast() }
        return out.contains { $0 != space } ? out : bytes
    }

    static let space = UInt8(ascii: " ")

    /// Scalars, which are what typos are counted in.
    var letters: [UInt32] { String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value) }
}
