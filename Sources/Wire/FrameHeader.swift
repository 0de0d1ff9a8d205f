/// The fixed 32 bytes before every body, little-endian. The layout is the same in every version of the protocol.
public struct FrameHeader: Hashable, Sendable {
    public static let byteCount = 32
    public static let version: UInt8 = 1
    /// "PNYN"
    static let magic: UInt32 = 0x4E59_4E50

    public var type: FrameType  // 5, after magic (0, 4 bytes) and version (4)
    public var request: UInt64  // 8, after flags (6, 2 bytes), of which none is defined
    public var operation: UInt16  // 16; 18 is reserved, 2 bytes
    public var bodyBytes: UInt32  // 20, a multiple of 8
    public var bodyChecksum: UInt32  // 24, CRC32C of the body; 28 is the CRC32C of bytes 0…27

    public init(type: FrameType, request: UInt64, operation: UInt16 = 0, bodyBytes: UInt32 = 0, bodyChecksum: UInt32 = 0) {
        self.type = type
        self.request = request
        self.operation = operation
        self.bodyBytes = bodyBytes
        self.bodyChecksum = bodyChecksum
    }
}

public enum FrameType: UInt8, Hashable, Sendable, CaseIterable {
    /// Server, first thing on a connection: versions, features, limits.
    case hello = 1
    /// Client: the version and features chosen, and the key.
    case authenticate = 2
    /// Server: the key was accepted.
    case welcome = 3
    case request = 4
    /// The one answer to a request that is no stream.
    case reply = 5
    /// Ends a request; or, with request 0 and a code below 64, announces the end of the connection.
    case error = 6
    /// One part of a stream.
    case item = 7
    /// A stream is complete.
    case end = 8
    /// Client: the answer is not wanted any more.
    case cancel = 9
    /// Client: the server may send so many more bytes of items.
    case credit = 10
    /// Either: nothing new will be asked or taken; what is under way is finished.
    case goodbye = 11
}

/// Why bytes are no frame. After any of these the place of the next frame is unknown, so the connection ends.
public enum FrameError: Error, Hashable, Sendable {
    case badMagic(UInt32)
    case headerChecksum(found: UInt32, computed: UInt32)
    case unsupportedVersion(UInt8)
    case unknownType(UInt8)
    case reservedBits
    case bodyTooLarge(bytes: Int, bytesMax: Int)
}

extension FrameHeader {
    /// The 32 bytes as four little-endian words, the last one still without the header's own checksum.
    private var words: RawBytes.HeaderWords {
        [
            UInt64(FrameHeader.magic) | UInt64(FrameHeader.version) << 32 | UInt64(type.rawValue) << 40,
            request,
            UInt64(operation) | UInt64(bodyBytes) << 32,
            UInt64(bodyChecksum),
        ]
    }

    func append(to buffer: inout [UInt8]) { RawBytes.append(words, to: &buffer) }

    /// Writes over the 32 bytes at `start`, all of which are there.
    func put(at start: Int, in buffer: inout [UInt8]) { RawBytes.put(words, at: start, in: &buffer) }

    /// Reads the header that begins at `start`, all of which is there.
    static func read(_ bytes: [UInt8], at start: Int, bodyBytesMax: Int) throws(FrameError) -> FrameHeader {
        let magic: UInt32 = bytes.littleEndian(at: start)
        guard magic == FrameHeader.magic else { throw .badMagic(magic) }
        let found: UInt32 = bytes.littleEndian(at: start + 28)
        let computed = RawBytes.crc32c(of: bytes, in: start..<start + 28)
        guard found == computed else { throw .headerChecksum(found: found, computed: computed) }
        guard bytes[start + 4] == FrameHeader.version else { throw .unsupportedVersion(bytes[start + 4]) }
        guard let type = FrameType(rawValue: bytes[start + 5]) else { throw .unknownType(bytes[start + 5]) }
        let flags: UInt16 = bytes.littleEndian(at: start + 6)
        let reserved: UInt16 = bytes.littleEndian(at: start + 18)
        guard flags == 0, reserved == 0 else { throw .reservedBits }
        let bodyBytes: UInt32 = bytes.littleEndian(at: start + 20)
        guard Int(bodyBytes) <= bodyBytesMax else { throw .bodyTooLarge(bytes: Int(bodyBytes), bytesMax: bodyBytesMax) }
        return FrameHeader(
            type: type, request: bytes.littleEndian(at: start + 8), operation: bytes.littleEndian(at: start + 16), bodyBytes: bodyBytes,
            bodyChecksum: bytes.littleEndian(at: start + 24))
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger & BitwiseCopyable) { RawBytes.append(value.littleEndian, to: &self) }

    /// The caller has made sure that the bytes are there.
    func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(at start: Int) -> Value { Value(littleEndian: RawBytes.load(from: self, at: start)) }
}
