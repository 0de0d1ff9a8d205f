/// A 128-bit UUID, ordered as its sixteen bytes are.
///
/// Those that Pinyon makes are of version 7: the first 48 bits are milliseconds since 1970, so that rows written together lie together on disk.
public struct Identifier: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A version 7 identifier for `time`, its other 74 bits from `generator`.
    public init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(clamping: time.microseconds / 1_000) & 0xFFFF_FFFF_FFFF
        let a: UInt64 = generator.next()
        let b: UInt64 = generator.next()
        high = milliseconds << 16 | 0x7000 | a & 0x0FFF
        low = 0x8000_0000_0000_0000 | b & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// No identifier of version 7 that is made from then on is less.
    public init(firstAt time: Timestamp) { self.init(high: (UInt64(clamping: time.microseconds / 1_000) & 0xFFFF_FFFF_FFFF) << 16, low: 0) }

    public init(at time: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: time, using: &generator)
    }
}

extension Identifier: Comparable {
    public static func < (a: Identifier, b: Identifier) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

extension Identifier {
    public static let byteCount = 16

    /// Sixteen bytes, most significant first; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Identifier.byteCount else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes.prefix(8) { high = high << 8 | UInt64(byte) }
        for byte in bytes.dropFirst(8) { low = low << 8 | UInt64(byte) }
        self.init(high: high, low: low)
    }

    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Identifier.byteCount)
        for half in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) { result.append(UInt8(truncatingIfNeeded: half >> UInt64(shift))) }
        }
        return result
    }
}

extension Identifier: CustomStringConvertible, LosslessStringConvertible {
    /// The canonical form of 36 characters, in either case; also 32 hexadecimal digits without hyphens.
    public init?(_ text: String) {
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for (position, character) in text.utf8.enumerated() {
            if character == UInt8(ascii: "-") {
                guard text.utf8.count == 36, [8, 13, 18, 23].contains(position) else { return nil }
                continue
            }
            guard let digit = hexadecimalValue(character), digits.count < 32 else { return nil }
            digits.append(digit)
        }
        guard digits.count == 32 else { return nil }
        self.init(high: digits[..<16].reduce(0) { $0 << 4 | UInt64($1) }, low: digits[16...].reduce(0) { $0 << 4 | UInt64($1) })
    }

    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<Identifier.byteCount {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            appendHexadecimal(UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - 8 * (index & 7))), to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Two lower-case digits for each byte.
public func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes { appendHexadecimal(byte, to: &text) }
    return String(decoding: text, as: UTF8.self)
}

/// Two lower-case digits.
func appendHexadecimal(_ byte: UInt8, to text: inout [UInt8]) {
    func digit(_ half: UInt8) -> UInt8 { half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") + half - 10 }
    text.append(digit(byte >> 4))
    text.append(digit(byte & 15))
}

func hexadecimalValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
