public import Wire

public enum ClientError: Error, Hashable, Sendable {
    /// No connection could be made; nothing was sent.
    case unreachable(address: String, reason: String)
    /// Who answers is not who was asked for, by its certificate; nothing was sent.
    case notTrusted(address: String, reason: String)
    /// The connection ended while the request was under way: whether it was done is not known.
    case connectionLost(reason: String)
    /// No answer came in time; whether it was done is not known.
    case timedOut
    /// The task that asked was cancelled.
    case cancelled
    /// The server's answer, refused: what a server says.
    case refused(Fault)
    /// What came is not what the protocol says.
    case protocolViolation(String)
    /// The client was closed.
    case closed
    case tooLarge(bytes: Int, bytesMax: Int)
}

extension ClientError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let address, let reason): "\(address) cannot be reached: \(reason)"
        case .notTrusted(let address, let reason): "who answers at \(address) is not trusted: \(reason)"
        case .connectionLost(let reason): "the connection was lost: \(reason)"
        case .timedOut: "no answer came in time"
        case .cancelled: "cancelled"
        case .refused(let fault): fault.description
        case .protocolViolation(let what): "the server does not keep to the protocol: \(what)"
        case .closed: "this client is closed"
        case .tooLarge(let bytes, let bytesMax): "the request has \(bytes) bytes; the server takes \(bytesMax)"
        }
    }
}

extension ClientError {
    /// Whether the same request may be sent again. `isHarmless` says that doing it twice is as doing it once.
    func mayBeRetried(isHarmless: Bool) -> Bool {
        switch self {
        case .unreachable: true
        case .connectionLost: isHarmless
        case .refused(let fault): fault.isRetryable && (isHarmless || fault.code != .deadlineExceeded)
        case .notTrusted, .timedOut, .cancelled, .protocolViolation, .closed, .tooLarge: false
        }
    }

    var retryAfterMilliseconds: UInt32? {
        if case .refused(let fault) = self { fault.retryAfterMilliseconds } else { nil }
    }
}
