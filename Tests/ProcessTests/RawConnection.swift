import Foundation
import Records
import Wire

/// A plain socket to the server that sends whatever bytes a test wants, and blocks for what comes back.
///
/// Its calls block a thread, so tests keep few of them at work at once.
final class RawConnection {
    private let descriptor: Int32
    private var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)

    struct Failed: Error, CustomStringConvertible { let description: String }

    enum Received: Hashable {
        case frame(Frame)
        /// The server ended the connection.
        case closed
        case silence
    }

    init(port: Int, receiveSeconds: Int = 30) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(description: "no socket: error \(errno)") }
        var limit = timeval(tv_sec: receiveSeconds, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            let reason = errno
            close(descriptor)
            throw Failed(description: "no connection: error \(reason)")
        }
    }

    deinit { close(descriptor) }

    /// False when the other side takes no more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next frame.
    func receive() throws -> Received {
        while true {
            do {
                switch try decoder.next() {
                case .frame(let frame): return .frame(frame)
                case .damaged, .unaligned: throw Failed(description: "the server sent a damaged frame")
                case nil: break
                }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return .closed }
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .silence : .closed }
            buffer.removeLast(buffer.count - count)
            decoder.append(buffer.span)
        }
    }

    func frame() throws -> Frame {
        switch try receive() {
        case .frame(let frame): return frame
        case .closed: throw Failed(description: "the server closed the connection")
        case .silence: throw Failed(description: "the server said nothing")
        }
    }

    /// Takes the server's greeting and shows the key; returns the organization.
    @discardableResult
    func authenticate(_ key: String, streamCredit: UInt32 = 1_048_576) throws -> Identifier {
        guard try frame().header.type == .hello else { throw Failed(description: "no greeting came") }
        var bytes: [UInt8] = []
        Authenticate(client: "raw", key: key, streamCredit: streamCredit).append(to: &bytes)
        send(bytes)
        let answer = try frame()
        guard answer.header.type == .welcome else { throw Failed(description: "no welcome came, but \(answer.header.type)") }
        return try Welcome.read(answer.body).organization
    }

    /// The answer to a request, or to whatever bytes stand for it.
    func ask(_ bytes: [UInt8]) throws -> Frame {
        send(bytes)
        return try frame()
    }

    /// Whether a ping is still answered here.
    func isAnswered(_ id: UInt64 = 0xFFFF) throws -> Bool {
        let answer = try ask(RawFrame.request(.ping, id: id))
        return answer.header.type == .reply && answer.header.request == id
    }
}

/// Frames as bytes, whole or spoilt on purpose.
enum RawFrame {
    static func request(_ operation: Records.Operation, id: UInt64, idempotencyKey: Identifier? = nil, deadlineMilliseconds: UInt32? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        Request(envelope: Envelope(deadlineMilliseconds: deadlineMilliseconds, idempotencyKey: idempotencyKey), operation: operation)
            .append(id: id, to: &bytes)
        return bytes
    }

    /// The same frame with `old` replaced by `new`, which is as long, and its checksums made right again.
    static func replacing(_ old: [UInt8], by new: [UInt8], in frame: [UInt8]) -> [UInt8] {
        precondition(old.count == new.count)
        var result = frame
        var start = FrameHeader.byteCount
        while start + old.count <= result.count {
            if result[start..<start + old.count].elementsEqual(old) {
                result.replaceSubrange(start..<start + old.count, with: new)
                start += old.count
            } else {
                start += 1
            }
        }
        return sealed(result)
    }

    static func operation(_ code: UInt16, in frame: [UInt8]) -> [UInt8] {
        var result = frame
        result[16] = UInt8(truncatingIfNeeded: code)
        result[17] = UInt8(truncatingIfNeeded: code >> 8)
        return sealed(result)
    }

    /// Length and checksums of the header set to what the body is; `announced` stands for the length when it is to be a lie.
    static func sealed(_ frame: [UInt8], announced: UInt32? = nil) -> [UInt8] {
        var result = frame
        let body = result[FrameHeader.byteCount...]
        put(announced ?? UInt32(body.count), at: 20, in: &result)
        put(body.isEmpty ? 0 : crc32c(body), at: 24, in: &result)
        put(crc32c(result[..<28]), at: 28, in: &result)
        return result
    }

    private static func put(_ value: UInt32, at start: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    /// Castagnoli's polynomial, bit by bit: slow, and of nobody else's making.
    static func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
        }
        return ~sum
    }
}
