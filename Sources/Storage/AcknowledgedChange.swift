/// The number of the last acknowledged change as its file holds it: eight bytes, most significant first, and four that must agree with them.
enum AcknowledgedChange {
    static func bytes(_ number: Int64) -> [UInt8] {
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
        return bytes + mark(bytes)
    }

    /// Nil for anything that `bytes` did not write.
    static func number(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count == 12, Array(bytes[8...]) == mark(Array(bytes[..<8])) else { return nil }
        return bytes[..<8].reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func mark(_ bytes: [UInt8]) -> [UInt8] { (0..<4).map { ~(bytes[$0] ^ bytes[$0 + 4]) } }
}
