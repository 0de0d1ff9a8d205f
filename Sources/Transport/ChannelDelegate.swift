/// Who owns a channel. Every call comes on the channel's loop.
public protocol ChannelDelegate: AnyObject, Sendable {
    /// The channel can be written to; with TLS, its handshake is done.
    func channelOpened(_ channel: Channel)
    /// The bytes are lent for the call.
    func channel(_ channel: Channel, received bytes: Span<UInt8>)
    /// What waited to be sent fell below the low-water mark again.
    func channelDrained(_ channel: Channel)
    /// Once, and last.
    func channelClosed(_ channel: Channel, reason: CloseReason)
}

public enum CloseReason: Hashable, Sendable {
    /// The owner closed it.
    case closedHere
    /// The peer ended in order.
    case closedByPeer
    case failed(TransportError)
    case handshakeTimeout
    /// The peer did not read what was sent to it.
    case outgoingLimit
    /// The peer's TLS stream ended without its closing record: what came may not be all.
    case truncated
}

extension CloseReason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .closedHere: "closed here"
        case .closedByPeer: "closed by the other side"
        case .failed(let error): error.description
        case .handshakeTimeout: "no connection, or no TLS handshake, in time"
        case .outgoingLimit: "the other side does not read"
        case .truncated: "the TLS stream was cut off"
        }
    }
}

public struct ChannelLimits: Sendable {
    /// Above this a channel says that it is over its limit; at twice this it closes itself.
    public var bytesWaitingMax: Int
    /// Below this a channel that was above says that it has drained.
    public var lowWaterBytes: Int
    public var handshakeTimeoutMilliseconds: Int

    public init(bytesWaitingMax: Int = 64 * 1_024 * 1_024, lowWaterBytes: Int = 1_024 * 1_024, handshakeTimeoutMilliseconds: Int = 10_000) {
        self.bytesWaitingMax = bytesWaitingMax
        self.lowWaterBytes = lowWaterBytes
        self.handshakeTimeoutMilliseconds = handshakeTimeoutMilliseconds
    }
}
