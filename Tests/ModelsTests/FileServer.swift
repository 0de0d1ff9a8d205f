import Foundation
import Synchronization

/// An HTTP server on loopback that answers each request with what the next line of its script makes; the last line serves all that follow.
final class FileServer: Sendable {
    /// What is sent, byte for byte; then the connection is closed.
    typealias Line = @Sendable (_ request: String) -> [UInt8]

    let port: Int
    private let listener: Int32
    private let seen = Mutex<[String]>([])

    init(_ script: [Line]) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, size) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            var number = 0
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { break }
                let request = FileServer.read(connection)
                seen.withLock { $0.append(request) }
                FileServer.send(script[min(number, script.count - 1)](request), connection)
                number += 1
                close(connection)
            }
            close(descriptor)
        }
    }

    /// Wakes the thread that accepts, which then closes the listener. To be called once: the number may be another's afterwards.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    var url: String { "http://127.0.0.1:\(port)/archive.zip" }
    var requests: [String] { seen.withLock { $0 } }

    private static func read(_ connection: Int32) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !text.contains("\r\n\r\n") {
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }

    private static func send(_ bytes: [UInt8], _ connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Foundation.send(connection, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func answer(_ body: [UInt8], status: String = "200 OK", headers: [String] = [], announced: Int? = nil) -> [UInt8] {
        Array((["HTTP/1.1 \(status)", "Content-Length: \(announced ?? body.count)", "Connection: close"] + headers).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + body
    }
}
