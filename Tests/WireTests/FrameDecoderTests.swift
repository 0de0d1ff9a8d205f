import Records
import Testing

@testable import Wire

@Suite("Bytes become frames however they were cut")
struct FrameDecoderTests {
    private static let limit = 4_096

    /// Frames of many kinds, and their bytes one after the other.
    private func conversation() -> (messages: [Message], bytes: [UInt8]) {
        let messages: [Message] = [
            .authenticate(Authenticate(client: "c", key: "k")), .request(1, Request(envelope: Envelope(), operation: .ping)),
            .request(2, Request(envelope: Envelope(deadlineMilliseconds: 9), operation: .ensureAgent(slug: "a", name: "A"))), .cancel(2),
            .request(3, Request(envelope: Envelope(), operation: .search(SearchRequest(query: .vector([1, 2, 3]))))), .credit(Credit(bytes: 8)),
            .goodbye,
        ]
        var bytes: [UInt8] = []
        for message in messages { message.append(to: &bytes) }
        return (messages, bytes)
    }

    private func messages(_ all: [FrameDecoder.Decoded]) throws -> [Message] {
        try all.map { next in
            guard case .frame(let frame) = next else { throw NotOneFrame(decoded: all) }
            return try Message(frame)
        }
    }

    /// Feeds the pieces one after the other and takes what is ready after each; the buffer must never hold more than was fed and not yet taken.
    private func feed(_ pieces: [ArraySlice<UInt8>], bodyBytesMax: Int = limit) throws -> [FrameDecoder.Decoded] {
        var decoder = FrameDecoder(bodyBytesMax: bodyBytesMax)
        var result: [FrameDecoder.Decoded] = []
        var fed = 0
        var taken = 0
        for piece in pieces {
            decoder.append(Array(piece).span)
            fed += piece.count
            while let next = try decoder.next() {
                result.append(next)
                switch next {
                case .frame(let frame): taken += FrameHeader.byteCount + Int(frame.header.bodyBytes)
                case .damaged(let header), .unaligned(let header): taken += FrameHeader.byteCount + Int(header.bodyBytes)
                }
            }
            #expect(decoder.bytesHeld == fed - taken)
        }
        #expect(decoder.bytesHeld == 0)
        return result
    }

    @Test("frames that come all at once are all found")
    func concatenated() throws {
        let (expected, bytes) = conversation()
        #expect(try messages(feed([bytes[...]])) == expected)
    }

    @Test("frames that come byte by byte are all found, each with its last byte")
    func byteByByte() throws {
        let (expected, bytes) = conversation()
        #expect(try messages(feed(bytes.indices.map { bytes[$0...$0] })) == expected)
        var decoder = FrameDecoder(bodyBytesMax: FrameDecoderTests.limit)
        let first = expected[0].bytes
        for index in first.indices.dropLast() {
            decoder.append([first[index]].span)
            #expect(try decoder.next() == nil)
        }
        decoder.append([first[first.count - 1]].span)
        #expect(try decoder.next() != nil)
        #expect(try decoder.next() == nil)
    }

    @Test("frames that are cut at random places are all found", arguments: 0..<200 as Range<UInt64>)
    func randomCuts(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (expected, bytes) = conversation()
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...90, using: &generator))
            pieces.append(bytes[start..<end])
            start = end
        }
        #expect(try messages(feed(pieces)) == expected)
    }

    @Test("a frame whose body is damaged is skipped, and only it", arguments: [false, true])
    func damagedIsSkipped(byteByByte: Bool) throws {
        let body = rawField(16, Identifier.golden(1).bytes)
        for offset in body.indices {
            var damaged = RawFrame(request: 5, operation: 33, body: body).bytes
            damaged[FrameHeader.byteCount + offset] ^= 0x10
            let bytes = Message.cancel(4).bytes + damaged + Message.cancel(6).bytes
            let all = try feed(byteByByte ? bytes.indices.map { bytes[$0...$0] } : [bytes[...]])
            try #require(all.count == 3)
            #expect(try messages([all[0], all[2]]) == [.cancel(4), .cancel(6)])
            guard case .damaged(let header) = all[1] else {
                Issue.record("byte \(offset) was not noticed")
                continue
            }
            #expect(header.request == 5 && header.operation == 33 && Int(header.bodyBytes) == body.count)
        }
    }

    @Test("a checksum beside an empty body is damage too")
    func checksumOfNothing() throws {
        let all = try feed([(RawFrame(request: 5, bodyChecksumDamage: 1).bytes + Message.cancel(6).bytes)[...]])
        #expect(all.count == 2)
        guard case .damaged = all[0] else {
            Issue.record("it was taken")
            return
        }
        #expect(try messages([all[1]]) == [.cancel(6)])
    }

    @Test("a frame whose length is no multiple of eight is skipped, and only it", arguments: [1, 7, 9, 4_095])
    func unalignedIsSkipped(count: Int) throws {
        let bytes = Message.cancel(4).bytes + RawFrame(request: 5, body: [UInt8](repeating: 1, count: count)).bytes + Message.cancel(6).bytes
        let all = try feed([bytes[..<50], bytes[50...]])
        try #require(all.count == 3)
        #expect(try messages([all[0], all[2]]) == [.cancel(4), .cancel(6)])
        guard case .unaligned(let header) = all[1] else {
            Issue.record("it was taken")
            return
        }
        #expect(header.request == 5)
    }

    @Test("a length over the limit is refused from the header alone, before any of the body came")
    func tooLargeFromTheHeader() throws {
        var decoder = FrameDecoder(bodyBytesMax: FrameDecoderTests.limit)
        let header = RawFrame(operation: 32, announcedBytes: .max).bytes
        for byte in header.dropLast() {
            decoder.append([byte].span)
            #expect(try decoder.next() == nil)
        }
        decoder.append([header[31]].span)
        #expect(throws: FrameError.bodyTooLarge(bytes: 4_294_967_295, bytesMax: FrameDecoderTests.limit)) { try decoder.next() }
        #expect(decoder.bytesHeld == 32)
    }

    @Test("a body as large as the limit is taken, and the next larger one is not")
    func atTheLimit() throws {
        let largest = RawFrame(operation: 1, body: [UInt8](repeating: 0, count: FrameDecoderTests.limit))
        #expect(try decoded(largest.bytes, bodyBytesMax: FrameDecoderTests.limit).count == 1)
        #expect(throws: FrameError.bodyTooLarge(bytes: 4_096, bytesMax: 4_088)) { try decoded(largest.bytes, bodyBytesMax: 4_088) }
    }

    @Test("the memory of a large frame is given back as soon as the frame was taken", arguments: [false, true])
    func largeBufferIsGivenBack(isDamaged: Bool) throws {
        let large = RawFrame(operation: 1, body: [UInt8](repeating: 0, count: 1_048_576), bodyChecksumDamage: isDamaged ? 1 : 0).bytes
        var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
        decoder.append(large.span)
        #expect(decoder.capacity >= large.count)
        #expect(try decoder.next() != nil)
        #expect(decoder.capacity <= FrameDecoder.capacityKeptMax)
        #expect(decoder.bytesHeld == 0)
        decoder.append(Message.cancel(1).bytes.span)
        guard case .frame(let frame)? = try decoder.next() else {
            Issue.record("the next frame was lost")
            return
        }
        #expect(try Message(frame) == .cancel(1))
    }

    @Test("every bit of a header matters", arguments: 0..<256)
    func everyHeaderBit(bit: Int) {
        var bytes = RawFrame(request: 0x0102_0304_0506_0708, operation: 33, body: rawField(16, Identifier.golden(1).bytes)).bytes
        bytes[bit / 8] ^= 1 << (bit % 8)
        #expect(throws: FrameError.self) { try decoded(bytes) }
    }

    @Test("random bytes are no frames", arguments: 0..<100 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(throws: FrameError.self) { try decoded(bytes) }
    }

    @Test("the checksum of a body is CRC32C, whose known value for 123456789 is E3069283")
    func knownChecksum() throws {
        #expect(castagnoli(Array("123456789".utf8)) == 0xE306_9283)
        #expect(RawBytes.crc32c(of: Array("123456789".utf8), in: 0..<9) == 0xE306_9283)
        var header = FrameHeader(type: .request, request: 1, operation: 1, bodyBytes: 9, bodyChecksum: 0xE306_9283)
        var bytes: [UInt8] = []
        header.append(to: &bytes)
        // Nine bytes are no whole body, so a field of known bytes goes through a frame beside the known value itself.
        #expect(try decoded(bytes + Array("123456789".utf8)) == [.unaligned(header)])
        let body = rawField(16, "123456789")
        header.bodyBytes = UInt32(body.count)
        header.bodyChecksum = castagnoli(body)
        var frame: [UInt8] = []
        header.append(to: &frame)
        #expect(try decoded(frame + body) == [.frame(Frame(header: header, body: body))])
        #expect(RawFrame(request: 1, operation: 1, body: body).bytes == frame + body)
    }
}
