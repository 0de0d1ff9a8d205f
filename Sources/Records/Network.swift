/// A range of addresses, as in 10.0.0.0/8 or fd00::/8; an address alone is a range of one.
public struct Network: Hashable, Sendable {
    /// Four or sixteen.
    private let bytes: [UInt8]
    private let prefixBits: Int
    public let description: String

    /// Nil for what is no range, or has bits set behind its prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let bytes = Network.address(String(parts[0])) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]), given <= bits else { return nil }
            bits = given
        }
        guard Network.masked(bytes, bits) == bytes else { return nil }
        self.bytes = bytes
        prefixBits = bits
        description = text
    }

    /// Whether the address, written as a number without port and brackets, lies within. An IPv4 address in IPv6's form is the IPv4 address.
    public func contains(_ address: String) -> Bool {
        guard let found = Network.address(address), found.count == bytes.count else { return false }
        return Network.masked(found, prefixBits) == bytes
    }

    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { place, byte in
            let kept = max(0, min(8, bits - place * 8))
            return kept == 0 ? 0 : byte & ~UInt8((1 << (8 - kept)) - 1)
        }
    }

    private static func address(_ text: String) -> [UInt8]? {
        let plain = text.split(separator: "%", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        guard plain.contains(":") else { return four(plain) }
        guard let sixteen = six(plain) else { return nil }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return sixteen.starts(with: mapped) ? Array(sixteen[12...]) : sixteen
    }

    private static func four(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // A leading zero would mean octal to others.
            guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part == "0" || !part.hasPrefix("0"), let byte = UInt8(part) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func six(_ text: String) -> [UInt8]? {
        let halves = text.components(around: "::")
        guard halves.count <= 2 else { return nil }
        var sides: [[UInt8]] = []
        for (place, half) in halves.enumerated() {
            guard let side = groups(half, mayEndInFour: place == halves.count - 1) else { return nil }
            sides.append(side)
        }
        guard sides.count == 2 else { return sides[0].count == 16 ? sides[0] : nil }
        let gap = 16 - sides[0].count - sides[1].count
        return gap >= 2 ? sides[0] + [UInt8](repeating: 0, count: gap) + sides[1] : nil
    }

    private static func groups(_ text: String, mayEndInFour: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if mayEndInFour, place == parts.count - 1, part.contains(".") {
                guard let last = four(String(part)) else { return nil }
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }), let group = UInt16(part, radix: 16) else { return nil }
            bytes += [UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group)]
        }
        return bytes.count <= 16 ? bytes : nil
    }
}

extension String {
    /// The parts between the occurrences of a separator of several characters.
    fileprivate func components(around separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
