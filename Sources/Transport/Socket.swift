internal import CSystem
internal import Glibc

/// An address as the system calls take it.
struct SocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]
}

/// Every system call on sockets. Nothing here blocks but `resolve`.
enum Socket {
    /// What a read or a send came to; a failure carries its errno.
    enum Moved {
        case bytes(Int)
        case wouldBlock
        /// Of reads only: the peer will send no more.
        case end
        case failed(Int32)
    }

    enum Accepted {
        case connection(Int32, peer: String)
        case nothing
        /// No descriptor or no memory is left for one more.
        case exhausted
    }

    enum Connecting {
        case begun(Int32)
        case failed(reason: String)
    }

    private static let backlog: Int32 = 4_096

    static func reason(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

    /// Of the call that has just failed.
    static func failure(_ call: String) -> TransportError { .system(call: call, reason: reason(errno)) }

    static func closeReason(_ call: String, _ number: Int32) -> CloseReason {
        switch number {
        case ECONNRESET, EPIPE: .reset
        case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: .timedOut
        default: .failed(.system(call: call, reason: reason(number)))
        }
    }

    // MARK: Bytes

    static func receive(_ descriptor: Int32, into buffer: ReadBuffer) -> Moved {
        unsafe buffer.fill { room in
            while true {
                let count = unsafe recv(descriptor, room.baseAddress, room.count, 0)
                if count > 0 { return .bytes(count) }
                if count == 0 { return .end }
                let number = errno
                if number == EINTR { continue }
                return number == EAGAIN || number == EWOULDBLOCK ? .wouldBlock : .failed(number)
            }
        }
    }

    static func send(_ descriptor: Int32, _ queue: borrowing ByteQueue) -> Moved {
        let start = queue.start
        return unsafe queue.bytes.withUnsafeBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress else { return .bytes(0) }
            while true {
                let count = unsafe Glibc.send(descriptor, base + start, bytes.count - start, Int32(MSG_NOSIGNAL))
                if count >= 0 { return .bytes(count) }
                let number = errno
                if number == EINTR { continue }
                return number == EAGAIN || number == EWOULDBLOCK || number == ENOBUFS ? .wouldBlock : .failed(number)
            }
        }
    }

    static func endSending(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// A descriptor that listens takes nobody any more, at once; it must still be closed.
    static func endListening(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    static func close(_ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
    }

    static func sendWithoutDelay(_ descriptor: Int32) { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Listening

    /// A descriptor that listens, and its port.
    static func listen(on address: Address) throws(TransportError) -> (descriptor: Int32, port: Int) {
        var number: Int32 = 0
        for target in try resolve(address, forListening: true) {
            let descriptor = pinyon_tcp_socket(target.family)
            guard descriptor >= 0 else {
                number = errno
                continue
            }
            set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // Every address of the machine means both families; one IPv6 address means that one.
            if target.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.host.isEmpty ? 0 : 1) }
            let isBound = unsafe withAddress(target) { unsafe bind(descriptor, $0, $1) } == 0
            if isBound, Glibc.listen(descriptor, backlog) == 0 { return (descriptor, boundPort(descriptor)) }
            number = errno
            close(descriptor)
        }
        throw .cannotListen(address: address.description, reason: reason(number))
    }

    private static func boundPort(_ descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Both families keep the port in the third and fourth byte, the larger part first.
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            _ = unsafe getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length)
            return unsafe Int(bytes[2]) << 8 | Int(bytes[3])
        }
    }

    static func accept(_ listener: Int32) -> Accepted {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return .nothing }
            let address = unsafe base.assumingMemoryBound(to: sockaddr.self)
            while true {
                var length = socklen_t(bytes.count)
                let descriptor = unsafe pinyon_accept(listener, address, &length)
                if descriptor >= 0 { return unsafe .connection(descriptor, peer: describe(address, length)) }
                switch errno {
                // The system hands on what befell a connection that was waiting; the next one may be well.
                case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM: continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
                default: return .nothing
                }
            }
        }
    }

    // MARK: Connecting

    static func connect(to target: SocketAddress) -> Connecting {
        let descriptor = pinyon_tcp_socket(target.family)
        guard descriptor >= 0 else { return .failed(reason: reason(errno)) }
        let status = unsafe withAddress(target) { unsafe Glibc.connect(descriptor, $0, $1) }
        let number = errno
        guard status == 0 || number == EINPROGRESS || number == EINTR else {
            close(descriptor)
            return .failed(reason: reason(number))
        }
        return .begun(descriptor)
    }

    /// Why a connection that was begun did not come about; nil when it did.
    static func connectFailure(_ descriptor: Int32) -> String? {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length) == 0 else { return reason(errno) }
        return number == 0 ? nil : reason(number)
    }

    // MARK: Addresses

    /// The addresses of a host, by number or by name. Blocks while a name is looked up; never for a number.
    static func resolve(_ address: Address, forListening: Bool = false) throws(TransportError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = (forListening ? AI_PASSIVE : 0) | (isNumeric(address.host) ? AI_NUMERICHOST : 0) | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let host: String? = address.host.isEmpty ? nil : address.host
        let status = unsafe getaddrinfo(host, String(address.port), &hints, &list)
        guard status == 0 else { throw unsafe .cannotResolve(host: address.host, reason: String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = unsafe list
        while let current = unsafe entry?.pointee {
            if let target = unsafe current.ai_addr {
                let bytes = unsafe Array(UnsafeRawBufferPointer(start: target, count: Int(current.ai_addrlen)))
                unsafe found.append(SocketAddress(family: current.ai_family, bytes: bytes))
            }
            unsafe entry = current.ai_next
        }
        guard !found.isEmpty else { throw .cannotResolve(host: address.host, reason: "it has no address") }
        // Where all addresses are meant, the IPv6 socket takes both families and so comes first.
        return forListening && address.host.isEmpty ? found.filter { $0.family == AF_INET6 } + found.filter { $0.family != AF_INET6 } : found
    }

    static func isNumeric(_ host: String) -> Bool { host.isEmpty || isIPv6(host) || bytes(host, AF_INET, count: 4) != nil }

    static func isIPv6(_ host: String) -> Bool {
        // A scope, as in fe80::1%eth0, is the system's to judge.
        bytes(String(host.prefix { $0 != "%" }), AF_INET6, count: 16) != nil
    }

    static func isLoopback(_ host: String) -> Bool {
        if let four = bytes(host, AF_INET, count: 4) { return four[0] == 127 }
        guard let sixteen = bytes(host, AF_INET6, count: 16) else { return false }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127]
        return sixteen == [UInt8](repeating: 0, count: 15) + [1] || sixteen.starts(with: mapped)
    }

    /// The bytes of an address written as a number.
    private static func bytes(_ host: String, _ family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, host, $0.baseAddress) } == 1 ? bytes : nil
    }

    private static func withAddress(_ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { room in
            guard let base = room.baseAddress, address.bytes.count <= room.count else { return -1 }
            unsafe room.copyBytes(from: address.bytes)
            return unsafe body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(address.bytes.count))
        }
    }

    private static func describe(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> String {
        var host = [UInt8](repeating: 0, count: 64)
        var port = [UInt8](repeating: 0, count: 16)
        let status = unsafe host.withUnsafeMutableBytes { host in
            unsafe port.withUnsafeMutableBytes { port in
                unsafe getnameinfo(
                    address, length, host.bindMemory(to: CChar.self).baseAddress, socklen_t(host.count), port.bindMemory(to: CChar.self).baseAddress,
                    socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        guard status == 0 else { return "unknown" }
        let name = String(decoding: host.prefix { $0 != 0 }, as: UTF8.self)
        let number = Int(String(decoding: port.prefix { $0 != 0 }, as: UTF8.self)) ?? 0
        // A socket for both families shows IPv4 peers in IPv6's clothes.
        return Address(known: name.hasPrefix("::ffff:") && name.contains(".") ? String(name.dropFirst(7)) : name, port: number).description
    }
}
