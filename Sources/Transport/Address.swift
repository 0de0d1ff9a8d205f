/// A host, by name or number, and a port.
public struct Address: Hashable, Sendable {
    /// Without brackets; empty means every address of this machine to a listener, and this machine to a connector.
    public let host: String
    public let port: Int

    private static let hostBytesMax = 253

    /// `127.0.0.1:7411`, `[::1]:7411`, `localhost:7411`, or `:7411`. Port 0 lets a listener have any free one.
    public init(_ text: String) throws(TransportError) {
        guard let colon = text.lastIndex(of: ":") else { throw .invalidAddress(text: text, reason: "a port is missing, as in 127.0.0.1:7411") }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            throw .invalidAddress(text: text, reason: "the port is a number from 0 to 65535")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("[") || host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            guard host.hasPrefix("["), host.hasSuffix("]"), inner.contains(":") else {
                throw .invalidAddress(text: text, reason: "brackets stand around an IPv6 address, as in [::1]:7411")
            }
            host = inner
        } else if host.contains(":") {
            throw .invalidAddress(text: text, reason: "an IPv6 address stands in brackets, as in [::1]:7411")
        }
        try self.init(host: host, port: Int(port), shownAs: text)
    }

    public init(host: String, port: Int) throws(TransportError) {
        try self.init(host: host, port: port, shownAs: host)
    }

    private init(host: String, port: Int, shownAs text: String) throws(TransportError) {
        guard (0...65_535).contains(port) else { throw .invalidAddress(text: text, reason: "the port is a number from 0 to 65535") }
        guard host.utf8.count <= Address.hostBytesMax, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5B && $0 != 0x5D && $0 != 0x2F }) else {
            throw .invalidAddress(text: text, reason: "the host is neither a name nor a number")
        }
        guard !host.contains(":") || Socket.isIPv6(host) else { throw .invalidAddress(text: text, reason: "the host is no IPv6 address") }
        self.init(known: host, port: port)
    }

    /// For what the system itself said.
    init(known host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can reach it. `localhost` is believed to be what it says; no other name is.
    public var isLoopback: Bool { host.lowercased() == "localhost" || Socket.isLoopback(host) }
}

extension Address: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
