/// Writes frames at the end of a buffer: the header's place is kept free while the body is written, then filled in.
public enum FrameWriter {
    public static func append(
        _ type: FrameType, request: UInt64, operation: UInt16 = 0, to buffer: inout [UInt8], body: (inout FieldWriter) -> Void = { _ in }
    ) {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: FrameHeader.byteCount))
        // Moved out and back, never shared: a shared buffer would be copied whole at the next change.
        var writer = FieldWriter()
        swap(&buffer, &writer.bytes)
        body(&writer)
        swap(&buffer, &writer.bytes)
        finish(type, request: request, operation: operation, start: start, in: &buffer)
    }

    /// A frame without a body, the shortest way.
    public static func appendEmpty(_ type: FrameType, request: UInt64, operation: UInt16 = 0, to buffer: inout [UInt8]) {
        FrameHeader(type: type, request: request, operation: operation).append(to: &buffer)
    }

    private static func finish(_ type: FrameType, request: UInt64, operation: UInt16, start: Int, in buffer: inout [UInt8]) {
        let bodyStart = start + FrameHeader.byteCount
        let count = buffer.count - bodyStart
        let checksum = count == 0 ? 0 : RawBytes.crc32c(of: buffer, in: bodyStart..<buffer.count)
        FrameHeader(type: type, request: request, operation: operation, bodyBytes: UInt32(clamping: count), bodyChecksum: checksum)
            .put(at: start, in: &buffer)
    }
}
