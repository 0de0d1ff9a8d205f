import Foundation
import Records
import Synchronization

/// An HTTP server on loopback that answers by a script: the first request gets what its first line makes, and the last line serves all that follow.
final class MisbehavingEndpoint: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        let line: String
        let headers: [String: String]
        let json: JSON
        /// Which connection it came over, from 0.
        let connection: Int

        var texts: [String] { json["input"]?.list?.compactMap(\.text) ?? [] }
    }

    enum Reply: Sendable {
        case answer(status: Int = 200, headers: [String] = [], body: String)
        /// Nothing, until the client goes.
        case silence
        /// A body that is announced with so many bytes and ends before them.
        case cutOff(announced: Int, body: String)
        /// Spaces without end, for as long as they are taken.
        case endless(status: Int)
        /// Closes without a word.
        case hangUp
        /// Waits until the other requests, so many of them, have come too.
        case together(count: Int, body: String)
    }

    typealias Line = @Sendable (Request) -> Reply

    let port: Int
    private let listener: Int32
    private let visits: Visits

    /// `closedAtAccept` connections are closed before anything is read from them.
    init(_ script: [Line], closedAtAccept: Int = 0) throws {
        (listener, port) = try MisbehavingEndpoint.listen()
        visits = Visits(script: script, closedAtAccept: closedAtAccept)
        Thread.detachNewThread { [listener, visits] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                guard let number = visits.enter(descriptor) else { continue }
                Thread.detachNewThread { Visit(descriptor: descriptor, number: number, visits: visits).serve() }
            }
            close(listener)
        }
    }

    convenience init(_ line: @escaping Line) throws { try self.init([line]) }

    deinit {
        // Wakes the thread that accepts, which then closes it.
        shutdown(listener, Int32(SHUT_RDWR))
        visits.end()
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { visits.state.withLock(\.requests) }
    var connections: Int { visits.state.withLock(\.connections) }
    /// How many requests were under way at the same time, at most.
    var atOnceMax: Int { visits.state.withLock(\.atOnceMax) }

    /// A port that nobody listens on.
    static func freePort() throws -> Int {
        let (descriptor, port) = try listen()
        close(descriptor)
        return port
    }

    private static func listen() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, size) == 0 && Glibc.listen(descriptor, 64) == 0 && getsockname(descriptor, generic, &size) == 0
            }
        }
        guard descriptor >= 0, isListening else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// What all connections of one endpoint share.
private final class Visits: Sendable {
    struct State {
        var requests: [MisbehavingEndpoint.Request] = []
        var connections = 0
        var open: Set<Int32> = []
        var atOnce = 0
        var atOnceMax = 0
        var hasEnded = false
    }

    let script: [MisbehavingEndpoint.Line]
    let closedAtAccept: Int
    let state = Mutex(State())

    init(script: [MisbehavingEndpoint.Line], closedAtAccept: Int) {
        self.script = script
        self.closedAtAccept = closedAtAccept
    }

    /// The connection's number; nil where it was closed at once.
    func enter(_ descriptor: Int32) -> Int? {
        state.withLock { state in
            state.connections += 1
            guard state.connections > closedAtAccept, !state.hasEnded else {
                close(descriptor)
                return nil
            }
            state.open.insert(descriptor)
            return state.connections - 1
        }
    }

    func leave(_ descriptor: Int32) {
        state.withLock { state in
            state.open.remove(descriptor)
            close(descriptor)
        }
    }

    /// Wakes all threads that read from a connection.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func came(_ request: MisbehavingEndpoint.Request) -> MisbehavingEndpoint.Reply {
        let place = state.withLock { state in
            state.requests.append(request)
            state.atOnce += 1
            state.atOnceMax = max(state.atOnceMax, state.atOnce)
            return state.requests.count - 1
        }
        return script[min(place, script.count - 1)](request)
    }

    func went() { state.withLock { $0.atOnce -= 1 } }
}

/// One connection, served by one thread.
private struct Visit {
    let descriptor: Int32
    let number: Int
    let visits: Visits

    func serve() {
        defer { visits.leave(descriptor) }
        var bytes: [UInt8] = []
        while let request = next(&bytes) {
            let reply = visits.came(request)
            let stays = perform(reply)
            visits.went()
            guard stays else { return }
        }
    }

    /// Whether the connection stays open.
    private func perform(_ reply: MisbehavingEndpoint.Reply) -> Bool {
        switch reply {
        case .answer(let status, let headers, let body): return send(head(status, headers + ["Content-Length: \(body.utf8.count)"]) + body)
        case .silence:
            var dropped: [UInt8] = []
            while receive(&dropped) {}
            return false
        case .cutOff(let announced, let body):
            _ = send(head(200, ["Content-Length: \(announced)"]) + body)
            return false
        case .endless(let status):
            guard send(head(status, ["Connection: close"])) else { return false }
            let block = String(repeating: " ", count: 65_536)
            while send(block) {}
            return false
        case .hangUp: return false
        case .together(let count, let body):
            while visits.state.withLock({ !$0.hasEnded && $0.requests.count < count }) { usleep(1_000) }
            return send(head(200, ["Content-Length: \(body.utf8.count)"]) + body)
        }
    }

    private func head(_ status: Int, _ headers: [String]) -> String {
        "HTTP/1.1 \(status) Scripted\r\nContent-Type: application/json\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// Reads up to the end of one request; nil where the client went before.
    private func next(_ bytes: inout [UInt8]) -> MisbehavingEndpoint.Request? {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = bytes.firstRange(of: separator) {
                let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                }
                let count = headers["content-length"].flatMap { Int($0) } ?? 0
                while bytes.count < end.upperBound + count { guard receive(&bytes) else { return nil } }
                let body = Array(bytes[end.upperBound..<(end.upperBound + count)])
                bytes.removeFirst(end.upperBound + count)
                return MisbehavingEndpoint.Request(line: lines[0], headers: headers, json: (try? JSON(parsing: body)) ?? .null, connection: number)
            }
            guard receive(&bytes) else { return nil }
        }
    }

    private func receive(_ bytes: inout [UInt8]) -> Bool {
        var block = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &block, block.count, 0)
        guard count > 0 else { return false }
        bytes += block[..<count]
        return true
    }

    private func send(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
