/// One frame as it came in.
public struct Frame: Hashable, Sendable {
    public let header: FrameHeader
    public let body: [UInt8]

    public init(header: FrameHeader, body: [UInt8]) {
        self.header = header
        self.body = body
    }
}

/// Bytes in, frames out, however the bytes were cut. It holds at most one frame and what the last read brought besides.
public struct FrameDecoder: Sendable {
    public enum Decoded: Hashable, Sendable {
        case frame(Frame)
        /// The body's checksum is wrong. The header's was right, so its length is believed and the frame is skipped.
        case damaged(FrameHeader)
        /// The body's length is no multiple of eight; skipped in the same way.
        case unaligned(FrameHeader)
    }

    public var bodyBytesMax: Int
    private var buffer: [UInt8] = []
    private var start = 0

    public init(bodyBytesMax: Int) {
        self.bodyBytesMax = bodyBytesMax
    }

    public var bytesHeld: Int { buffer.count - start }

    public mutating func append(_ bytes: Span<UInt8>) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        } else if start > buffer.count / 2 {
            buffer.removeSubrange(..<start)
            start = 0
        }
        RawBytes.append(bytes, to: &buffer)
    }

    /// A buffer that grew beyond it is given back as soon as it is empty: an idle connection must not hold on to its largest frame.
    static let capacityKeptMax = 131_072

    /// Bytes of memory held, used or not.
    var capacity: Int { buffer.capacity }

    /// The next whole frame; nil until more bytes come.
    public mutating func next() throws(FrameError) -> Decoded? {
        guard buffer.count - start >= FrameHeader.byteCount else { return nil }
        let header = try FrameHeader.read(buffer, at: start, bodyBytesMax: bodyBytesMax)
        let bodyStart = start + FrameHeader.byteCount
        let end = bodyStart + Int(header.bodyBytes)
        guard buffer.count >= end else { return nil }
        start = end
        defer {
            if start == buffer.count, buffer.capacity > FrameDecoder.capacityKeptMax {
                buffer = []
                start = 0
            }
        }
        guard header.bodyBytes % 8 == 0 else { return .unaligned(header) }
        guard header.bodyBytes > 0 else { return header.bodyChecksum == 0 ? .frame(Frame(header: header, body: [])) : .damaged(header) }
        guard RawBytes.crc32c(of: buffer, in: bodyStart..<end) == header.bodyChecksum else { return .damaged(header) }
        return .frame(Frame(header: header, body: Array(buffer[bodyStart..<end])))
    }
}
