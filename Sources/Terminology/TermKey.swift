internal import Lexical
internal import Records

/// What a term is compared by: small letters without marks, in compatible forms, with one space for whatever stands between words.
public struct TermKey: Hashable, Sendable {
    public let bytes: [UInt8]

    public init(_ text: String) {
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        let folded = isPlain ? text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } : TermKey.withPlainApostrophes(Folding.bare(text))
        // What nobody can see but for its bytes is compared by them.
        bytes = TermKey.cut(TermKey.spaced(folded.isEmpty ? Array(text.utf8) : folded))
    }

    /// The one that printers set is the one that people type.
    private static func withPlainApostrophes(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0xE2) else { return bytes }
        var (out, place): ([UInt8], Int) = ([], 0)
        while place < bytes.count {
            let isApostrophe = bytes[place...].starts(with: [0xE2, 0x80, 0x99])
            out.append(isApostrophe ? UInt8(ascii: "'") : bytes[place])
            place += isApostrophe ? 3 : 1
        }
        return out
    }

    /// Compatible forms can be many times longer than what stands for them.
    private static func cut(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > bytesMax else { return bytes }
        var end = bytesMax
        while bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes[..<end])
    }

    private static let bytesMax = Limits.titleBytesMax

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
