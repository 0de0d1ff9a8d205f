/// A host, by name or number, and a port.
public struct Address: Hashable, Sendable {
    /// Without brackets.
    public let host: String
    public let port: Int

    /// `127.0.0.1:7411`, `[::1]:7411`, `localhost:7411`; a bare `:7411` is every address of this machine.
    public init(_ text: String) throws(TransportError) {
        guard let colon = text.lastIndex(of: ":") else { throw .invalidAddress(text: text, reason: "a port is missing, as in 127.0.0.1:7411") }
        guard let port = UInt16(text[text.index(after: colon)...]) else {
            throw .invalidAddress(text: text, reason: "the port is a number from 0 to 65535")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("[") || host.hasSuffix("]") {
            guard host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 else { throw .invalidAddress(text: text, reason: "brackets stand around an IPv6 address") }
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { throw .invalidAddress(text: text, reason: "brackets stand around an IPv6 address") }
        } else if host.contains(":") {
            throw .invalidAddress(text: text, reason: "an IPv6 address stands in brackets, as in [::1]:7411")
        }
        guard host.utf8.count <= 253, !host.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
            throw .invalidAddress(text: text, reason: "the host is no name")
        }
        self.init(host: host, port: Int(port))
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can reach it. A name is believed to be what it says.
    public var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4 && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}

extension Address: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
