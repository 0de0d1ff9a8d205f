public enum TransportError: Error, Hashable, Sendable {
    case invalidAddress(text: String, reason: String)
    case cannotResolve(host: String, reason: String)
    case cannotListen(address: String, reason: String)
    case cannotConnect(address: String, reason: String)
    /// A certificate, a key or a list of trusted certificates that cannot be used.
    case certificate(path: String, reason: String)
    case tls(String)
    case system(call: String, reason: String)
}

extension TransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidAddress(let text, let reason): "\"\(text)\" is no address: \(reason)"
        case .cannotResolve(let host, let reason): "\(host) cannot be resolved: \(reason)"
        case .cannotListen(let address, let reason): "\(address) cannot be listened on: \(reason)"
        case .cannotConnect(let address, let reason): "\(address) cannot be connected to: \(reason)"
        case .certificate(let path, let reason): "\(path) cannot be used: \(reason)"
        case .tls(let reason): "TLS: \(reason)"
        case .system(let call, let reason): "\(call): \(reason)"
        }
    }
}
