public enum TransportError: Error, Hashable, Sendable {
    case invalidAddress(text: String, reason: String)
    case cannotResolve(host: String, reason: String)
    case cannotListen(address: String, reason: String)
    case cannotConnect(address: String, reason: String)
    /// A file of certificates or keys that cannot be opened.
    case unreadable(path: String, reason: String)
    case badCertificate(path: String, reason: String)
    case badKey(path: String, reason: String)
    case keyMismatch(certificatePath: String, keyPath: String)
    /// A name that cannot stand in a certificate, or be asked of one.
    case badServerName(name: String)
    case badLifetime(days: Int)
    /// The other side's certificate, as a client judged it.
    case notTrusted(name: String, reason: String)
    case nameMismatch(name: String)
    /// The other side ended, or spoke something else, before the handshake was done.
    case handshake(reason: String)
    case tls(reason: String)
    case system(call: String, reason: String)
}

extension TransportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidAddress(let text, let reason): "\"\(text)\" is no address: \(reason)"
        case .cannotResolve(let host, let reason): "\(host) cannot be resolved: \(reason)"
        case .cannotListen(let address, let reason): "\(address) cannot be listened on: \(reason)"
        case .cannotConnect(let address, let reason): "\(address) cannot be connected to: \(reason)"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .badCertificate(let path, let reason): "\(path) is no certificate that can be used: \(reason)"
        case .badKey(let path, let reason): "\(path) is no key that can be used: \(reason)"
        case .keyMismatch(let certificatePath, let keyPath): "the key does not match the certificate: \(keyPath) is not the key of \(certificatePath)"
        case .badServerName(let name): "\"\(name)\" is no name for a server"
        case .badLifetime(let days): "a certificate cannot be valid for \(days) days"
        case .notTrusted(let name, let reason): "the certificate of \(name) is not trusted: \(reason)"
        case .nameMismatch(let name): "name mismatch: the certificate is not for \(name)"
        case .handshake(let reason): "the TLS handshake failed: \(reason)"
        case .tls(let reason): "TLS failed: \(reason)"
        case .system(let call, let reason): "\(call) failed: \(reason)"
        }
    }
}
