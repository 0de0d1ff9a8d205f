import CUTF8Proc
import Glibc
import Records

/// Two texts say the same when they differ in nothing but case, white space and the way in which letters with marks are encoded.
enum ContentHash {
    static func isSame(_ a: String, _ b: String) -> Bool { normalized(a) == normalized(b) }

    /// The same for texts that say the same, in every process; now and then the same for two others.
    static func of(_ text: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in normalized(text) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // The last bytes have changed the upper bits too.
        hash = (hash ^ hash >> 32) &* 0xd6e8_feb8_6659_fd93
        return Int64(bitPattern: hash ^ hash >> 32)
    }

    private static func normalized(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return singleSpaced(bytes.contains { $0 >= 0x80 } ? folded(text) : bytes.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 })
    }

    private static func folded(_ text: String) -> [UInt8] {
        let spaced = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.isWhitespace ? " " : $0 }))
        let flags = utf8proc_option_t(rawValue: UTF8PROC_STABLE.rawValue | UTF8PROC_COMPOSE.rawValue | UTF8PROC_CASEFOLD.rawValue)
        let bytes = Array(spaced.utf8)
        var out: UnsafeMutablePointer<UInt8>?
        let count = unsafe utf8proc_map(bytes, bytes.count, &out, flags)
        defer { unsafe free(out) }
        guard count >= 0, let start = unsafe out else { return bytes }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    private static func singleSpaced(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte == 0x20 || (0x09...0x0d).contains(byte) {
                if let last = result.last, last != 0x20 { result.append(0x20) }
            } else {
                result.append(byte)
            }
        }
        if result.last == 0x20 { result.removeLast() }
        return result
    }
}
