public struct ChannelLimits: Hashable, Sendable {
    /// Above this a channel says that it is over its limit; above twice this it closes itself.
    public var bytesWaitingMax: Int
    /// A channel that was above this says when it is no longer.
    public var lowWaterBytes: Int
    public var handshakeTimeoutMilliseconds: Int
    /// How long a channel that is being closed waits for a peer that takes nothing more, or does not end its own side.
    public var closeTimeoutMilliseconds: Int

    public init(
        bytesWaitingMax: Int = 64 * 1_024 * 1_024, lowWaterBytes: Int = 1_024 * 1_024, handshakeTimeoutMilliseconds: Int = 10_000,
        closeTimeoutMilliseconds: Int = 5_000
    ) {
        self.bytesWaitingMax = bytesWaitingMax
        self.lowWaterBytes = lowWaterBytes
        self.handshakeTimeoutMilliseconds = handshakeTimeoutMilliseconds
        self.closeTimeoutMilliseconds = closeTimeoutMilliseconds
    }
}

/// What became of bytes given to a channel.
public enum WriteOutcome: Hashable, Sendable {
    case taken
    /// Taken, but more waits than the limit allows: the owner should stop until the channel has drained.
    case overLimit
    /// Dropped: the channel is not open yet, is being closed, or is closed.
    case refused
}
