/// Why a channel is gone.
public enum CloseReason: Hashable, Sendable {
    /// The owner closed it.
    case closedHere
    /// The peer ended its stream in order.
    case closedByPeer
    /// The peer's TLS stream ended without its closing record: what came may not be all.
    case truncated
    /// The peer, or something between, cut the connection; what was under way either way may be lost.
    case reset
    /// The network said nothing for as long as the system waits.
    case timedOut
    case handshakeTimeout
    case connectTimeout
    /// The peer did not read what was sent to it.
    case outgoingLimit
    case failed(TransportError)
}

extension CloseReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .closedHere: "closed here"
        case .closedByPeer: "closed by the other side"
        case .truncated: "the TLS stream was cut off"
        case .reset: "the other side reset the connection"
        case .timedOut: "the network did not answer in time"
        case .handshakeTimeout: "the TLS handshake was not done in time"
        case .connectTimeout: "no connection came about in time"
        case .outgoingLimit: "the other side does not read"
        case .failed(let error): error.description
        }
    }
}
