internal import CSystem

/// The few places where bytes are touched as memory: checksums, integers, and copies that are too large for a loop. The host is little-endian, as the
/// wire is.
enum RawBytes {
    /// A frame's header, read as four words.
    typealias HeaderWords = InlineArray<4, UInt64>

    /// The header's checksum is set in the last word's upper half.
    private static func checked(_ words: HeaderWords) -> HeaderWords {
        var words = words
        let checksum = unsafe words.span.bytes.withUnsafeBytes { raw in unsafe pinyon_crc32c(0, raw.baseAddress, 28) }
        words[3] |= UInt64(checksum) << 32
        return words
    }

    static func append(_ words: HeaderWords, to buffer: inout [UInt8]) {
        let words = checked(words)
        unsafe words.span.bytes.withUnsafeBytes { raw in unsafe buffer.append(contentsOf: raw) }
    }

    static func put(_ words: HeaderWords, at start: Int, in buffer: inout [UInt8]) {
        guard start >= 0, start <= buffer.count - FrameHeader.byteCount else { return }
        let words = checked(words)
        unsafe buffer.withUnsafeMutableBytes { target in
            for index in 0..<4 { unsafe target.storeBytes(of: words[index], toByteOffset: start + 8 * index, as: UInt64.self) }
        }
    }

    static func put(_ value: UInt32, at start: Int, in buffer: inout [UInt8]) {
        guard start >= 0, start <= buffer.count - 4 else { return }
        unsafe buffer.withUnsafeMutableBytes { target in
            unsafe target.storeBytes(of: value.littleEndian, toByteOffset: start, as: UInt32.self)
        }
    }

    static func append(_ value: some FixedWidthInteger & BitwiseCopyable, to buffer: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value) { raw in unsafe buffer.append(contentsOf: raw) }
    }

    /// Zero where the bytes are not all there.
    static func load<Value: FixedWidthInteger & BitwiseCopyable>(from bytes: [UInt8], at start: Int) -> Value {
        guard start >= 0, start <= bytes.count - MemoryLayout<Value>.size else { return 0 }
        return unsafe bytes.withUnsafeBytes { raw in unsafe raw.loadUnaligned(fromByteOffset: start, as: Value.self) }
    }

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

    static func append(_ numbers: [some BitwiseCopyable], to buffer: inout [UInt8]) {
        unsafe numbers.withUnsafeBytes { source in
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
