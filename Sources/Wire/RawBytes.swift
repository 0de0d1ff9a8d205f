internal import CSystem

/// The few places where bytes are touched as memory: checksums, and copies that are too large for a loop. The host is little-endian, as the wire is.
enum RawBytes {
    static func crc32c(of bytes: [UInt8], in range: Range<Int>) -> UInt32 {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return 0 }
        return unsafe bytes.withUnsafeBytes { raw in
            unsafe pinyon_crc32c(0, raw.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
        }
    }

    static func append(_ bytes: Span<UInt8>, to buffer: inout [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe buffer.append(contentsOf: source)
        }
    }

    static func append(_ vector: [Float], to buffer: inout [UInt8]) {
        unsafe vector.withUnsafeBytes { source in
            unsafe buffer.append(contentsOf: source)
        }
    }

    /// The floats of a range whose length is a multiple of four.
    static func vector(of bytes: [UInt8], in range: Range<Int>) -> [Float] {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return [] }
        return unsafe [Float](unsafeUninitializedCapacity: range.count / 4) { target, count in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range.prefix(range.count / 4 * 4)]))
            }
            count = range.count / 4
        }
    }
}
