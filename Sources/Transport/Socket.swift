internal import CSystem
internal import Glibc

/// An address as the system calls take it.
struct SocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]
}

/// Every system call on sockets.
enum Socket {
    enum Read {
        case bytes(Int)
        case wouldBlock
        case end
        case failed(String)
    }

    enum Sent {
        case bytes(Int)
        case wouldBlock
        case failed(String)
    }

    enum Accepted {
        case connection(Int32, peer: String)
        case nothing
        /// No descriptor or no memory is left for one more.
        case exhausted
    }

    enum Connecting {
        case begun(Int32)
        case failed(String)
    }

    private static let backlog: Int32 = 4_096

    private static var reason: String { unsafe String(cString: strerror(errno)) }

    static func prepare(_ descriptor: Int32) {
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    static func close(_ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
    }

    /// Tells the other side that nothing more comes.
    static func endWriting(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_WR)) }

    static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Read {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed(reason)
        }
    }

    static func send(_ descriptor: Int32, _ bytes: [UInt8], from start: Int) -> Sent {
        guard start < bytes.count else { return .bytes(0) }
        while true {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe Glibc.send(descriptor, raw.baseAddress.map { unsafe $0 + start }, raw.count - start, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed(reason)
        }
    }

    // MARK: Addresses

    /// The addresses of a host, by number or by name. Blocks while a name is looked up.
    static func resolve(_ address: Address, forListening: Bool = false) throws(TransportError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = forListening ? AI_PASSIVE : AI_ADDRCONFIG
        if address.host.contains(":") { unsafe hints.ai_family = AF_INET6 }
        if address.host.isEmpty { unsafe hints.ai_family = AF_INET }
        if address.host.contains(":") || address.host.allSatisfy({ $0.isNumber || $0 == "." }) { unsafe hints.ai_flags = forListening ? AI_PASSIVE : 0 }
        var list: UnsafeMutablePointer<addrinfo>?
        let host: String? = address.host.isEmpty ? nil : address.host
        let status = unsafe getaddrinfo(host, String(address.port), &hints, &list)
        guard status == 0 else { throw unsafe .cannotResolve(host: address.host, reason: String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = unsafe list
        while let current = unsafe entry {
            if let target = unsafe current.pointee.ai_addr {
                let bytes = unsafe Array(UnsafeRawBufferPointer(start: target, count: Int(current.pointee.ai_addrlen)))
                unsafe found.append(SocketAddress(family: current.pointee.ai_family, bytes: bytes))
            }
            unsafe entry = current.pointee.ai_next
        }
        return found
    }

    private static func withAddress<Value>(_ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { raw in
            unsafe raw.copyBytes(from: address.bytes.prefix(raw.count))
            return unsafe body(raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(address.bytes.count))
        }
    }

    /// A descriptor that listens, and its port.
    static func listen(on address: Address) throws(TransportError) -> (descriptor: Int32, port: Int) {
        guard let target = try resolve(address, forListening: true).first else { throw .cannotResolve(host: address.host, reason: "it has no address") }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.family, kind, 0)
        guard descriptor >= 0 else { throw .cannotListen(address: address.description, reason: reason) }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if target.family == AF_INET6 { unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size)) }
        let bound = unsafe withAddress(target) { unsafe bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let why = reason
            close(descriptor)
            throw .cannotListen(address: address.description, reason: why)
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port = unsafe withUnsafeMutableBytes(of: &storage) { raw -> Int in
            _ = unsafe getsockname(descriptor, raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            return unsafe Int(raw[2]) << 8 | Int(raw[3])
        }
        return (descriptor, port)
    }

    static func accept(_ listener: Int32) -> Accepted {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let (descriptor, peer) = unsafe withUnsafeMutableBytes(of: &storage) { raw -> (Int32, String) in
                let target = unsafe raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                let descriptor = unsafe pinyon_accept(listener, target, &length)
                return unsafe (descriptor, descriptor < 0 ? "" : name(target, length))
            }
            if descriptor >= 0 { return .connection(descriptor, peer: peer) }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .nothing
            }
        }
    }

    private static func name(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        var host = [CChar](repeating: 0, count: 64)
        var port = [CChar](repeating: 0, count: 16)
        let status = unsafe getnameinfo(
            address, length, &host, socklen_t(host.count), &port, socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
        guard status == 0 else { return "unknown" }
        let text = { (characters: [CChar]) in String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        return Address(host: text(host), port: Int(text(port)) ?? 0).description
    }

    static func connect(to target: SocketAddress) -> Connecting {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.family, kind, 0)
        guard descriptor >= 0 else { return .failed(reason) }
        let status = unsafe withAddress(target) { unsafe Glibc.connect(descriptor, $0, $1) }
        guard status == 0 || errno == EINPROGRESS else {
            let why = reason
            close(descriptor)
            return .failed(why)
        }
        return .begun(descriptor)
    }

    /// Why a connection that was begun did not come about; nil when it did.
    static func pendingError(_ descriptor: Int32) -> String? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code == 0 ? nil : unsafe String(cString: strerror(code))
    }
}
