import Records

@testable import Wire

/// A frame of which every byte can be set wrong; written by hand, so that the tests do not lean on the writer that they test.
struct RawFrame {
    var magic: [UInt8] = Array("PNYN".utf8)
    var version: UInt8 = 1
    var type: UInt8 = 4
    var flags: UInt16 = 0
    var request: UInt64 = 1
    var operation: UInt16 = 0
    var reserved: UInt16 = 0
    var body: [UInt8] = []
    var announcedBytes: UInt32?
    /// Turned in the checksums after they were computed.
    var bodyChecksumDamage: UInt32 = 0
    var headerChecksumDamage: UInt32 = 0
    /// What is added to a header's byte after its checksum was computed.
    var headerDamageAt: Int?

    var bytes: [UInt8] {
        var result = magic + [version, type]
        result += little(flags)
        result += little(request)
        result += little(operation)
        result += little(reserved)
        result += little(announcedBytes ?? UInt32(body.count))
        result += little((body.isEmpty ? 0 : castagnoli(body)) ^ bodyChecksumDamage)
        result += little(castagnoli(result) ^ headerChecksumDamage)
        if let headerDamageAt { result[headerDamageAt] ^= 0x20 }
        return result + body
    }
}

func little(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// CRC32C a bit at a time, beside the one that the wire uses.
func castagnoli(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
    }
    return ~crc
}

/// A field by hand; the padding is added here.
func rawField(_ tag: UInt16, _ value: [UInt8], length: Int? = nil, reserved: UInt16 = 0, padding: UInt8 = 0) -> [UInt8] {
    var result = little(tag) + little(reserved) + little(UInt32(length ?? value.count)) + value
    while result.count % 8 != 0 { result.append(padding) }
    return result
}

func rawField(_ tag: UInt16, _ value: String) -> [UInt8] { rawField(tag, Array(value.utf8)) }

func rawVector(_ values: [Float]) -> [UInt8] { values.flatMap { little($0.bitPattern) } }


func octets(hexadecimal text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var result: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
        result.append(byte)
    }
    return result
}

/// What a decoder makes of bytes that come all at once.
func decoded(_ bytes: [UInt8], bodyBytesMax: Int = Limits.frameBytesMax) throws(FrameError) -> [FrameDecoder.Decoded] {
    var decoder = FrameDecoder(bodyBytesMax: bodyBytesMax)
    decoder.append(bytes.span)
    var result: [FrameDecoder.Decoded] = []
    while let next = try decoder.next() { result.append(next) }
    return result
}
