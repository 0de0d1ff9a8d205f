import CSystem
import Records
import Wire

/// The first byte chooses the limit and whether the checksums are made right, without which no change would get past them; the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = unsafe copied(start, count)
    guard let options = bytes.first else { return 0 }
    bytes.removeFirst()
    let bodyBytesMax = [0, 64, 4_096, Limits.frameBytesMax][Int(options & 3)]
    if options & 4 == 0 { mendChecksums(of: &bytes, bodies: options & 8 == 0) }

    let whole = decode(bytes, cuts: [bytes.count], bodyBytesMax: bodyBytesMax)
    let cut = decode(bytes, cuts: cuts(of: bytes, options: options), bodyBytesMax: bodyBytesMax)
    expect(whole == cut, "frames do not depend on how their bytes were cut")
    for case .frame(let frame) in whole.decoded { readBody(of: frame) }
    return 0
}

struct Decoding: Equatable {
    var decoded: [FrameDecoder.Decoded] = []
    var error: FrameError?
    /// Bytes left over; not compared after an error, when it is not known what a caller had sent beyond it.
    var bytesLeft = 0
}

/// Feeds the pieces one after another and takes every frame that is whole, as a connection does.
func decode(_ bytes: [UInt8], cuts: [Int], bodyBytesMax: Int) -> Decoding {
    var decoder = FrameDecoder(bodyBytesMax: bodyBytesMax)
    var result = Decoding()
    var fed = 0
    var taken = 0
    for end in cuts {
        let piece = Array(bytes[fed..<end])
        decoder.append(piece.span)
        fed = end
        expect(decoder.bytesHeld <= FrameHeader.byteCount + bodyBytesMax + piece.count, "no more is held than one frame and what was fed last")
        do throws(FrameError) {
            while let decoded = try decoder.next() {
                result.decoded.append(decoded)
                taken += FrameHeader.byteCount + Int(decoded.header.bodyBytes)
                expect(Int(decoded.header.bodyBytes) <= bodyBytesMax, "no body is larger than the limit")
                expect(decoder.bytesHeld == fed - taken, "every byte is counted once")
                if case .frame(let frame) = decoded {
                    expect(frame.body.count == Int(frame.header.bodyBytes) && frame.body.count % 8 == 0, "a body has the length its header says")
                }
            }
        } catch {
            result.error = error
            expect(Fault(error).code.endsConnection, "an error in the framing ends the connection")
            // The first error is the last word: the stream is not looked at any further.
            return result
        }
        expect(decoder.bytesHeld < FrameHeader.byteCount + bodyBytesMax, "what is held between reads is less than one frame")
    }
    expect(fed == bytes.count, "everything was fed")
    result.bytesLeft = decoder.bytesHeld
    return result
}

extension FrameDecoder.Decoded {
    fileprivate var header: FrameHeader {
        switch self {
        case .frame(let frame): frame.header
        case .damaged(let header), .unaligned(let header): header
        }
    }
}

/// Ends of pieces, 1 to about 256 bytes apart in most inputs and always some of one byte, all drawn from the input itself.
func cuts(of bytes: [UInt8], options: UInt8) -> [Int] {
    var ends: [Int] = []
    var position = 0
    var state = UInt64(options) &* 0x9E37_79B9_7F4A_7C15 | 1
    while position < bytes.count {
        state = (state ^ UInt64(bytes[position])) &* 0x0000_0100_0000_01B3
        let span = state >> 40 & 3 == 0 ? 1 : Int(state >> 32 & 0xFF) + 1
        // A long input in small pieces tells nothing new and takes long.
        position = min(bytes.count, position + span * (1 + bytes.count / 4_096))
        ends.append(position)
    }
    return ends
}

/// Writes the right checksums where a frame should begin, and goes on behind it for as long as the lengths hold.
func mendChecksums(of bytes: inout [UInt8], bodies: Bool) {
    var position = 0
    while bytes.count - position >= FrameHeader.byteCount {
        let length = (0..<4).reduce(0) { $0 | Int(bytes[position + 20 + $1]) << (8 * $1) }
        let bodyEnd = position + FrameHeader.byteCount + length
        if bodies, bodyEnd <= bytes.count {
            let sum = length == 0 ? 0 : checksum(bytes, position + FrameHeader.byteCount..<bodyEnd)
            store(sum, at: position + 24, in: &bytes)
        }
        store(checksum(bytes, position..<position + 28), at: position + 28, in: &bytes)
        guard bodyEnd <= bytes.count else { return }
        position = bodyEnd
    }
}

private func checksum(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
    let part = Array(bytes[range])
    return unsafe part.withUnsafeBytes { unsafe pinyon_crc32c(0, $0.baseAddress, part.count) }
}

private func store(_ value: UInt32, at start: Int, in bytes: inout [UInt8]) {
    for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
}

/// Whatever a frame holds, reading its body ends in a value or an error.
private func readBody(of frame: Frame) {
    do throws(BodyError) {
        switch frame.header.type {
        case .hello: _ = try Hello.read(frame.body)
        case .authenticate: _ = try Authenticate.read(frame.body)
        case .welcome: _ = try Welcome.read(frame.body)
        case .request: _ = try Request.read(frame)
        case .reply:
            guard let name = Operation.Name(rawValue: frame.header.operation) else { return }
            _ = try Outcome.read(name, frame.body, of: Identifier(high: 1, low: 2))
        case .error: _ = try Fault.read(frame.body)
        case .end: _ = try StreamEnd.read(frame.body)
        case .credit: _ = try Credit.read(frame.body)
        case .item, .cancel, .goodbye: break
        }
    } catch {
        expectAnswer(to: error)
    }
}
