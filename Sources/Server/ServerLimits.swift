internal import Records

/// Every limit of a running server, in one place. Those on records and requests are in `Limits`.
public struct ServerLimits: Sendable {
    public var connectionsMax = 10_000
    public var frameBytesMax = Limits.frameBytesMax
    /// Before a key is accepted nothing larger is believed.
    public var handshakeFrameBytesMax = 4_096
    /// Of one connection, those abandoned but still at work included.
    public var inFlightMax = 1_024
    /// Bodies of all requests under way, of all connections together.
    public var requestBytesMax = 256 * 1_024 * 1_024
    public var handshakeMilliseconds: UInt32 = 10_000
    public var idleMilliseconds: UInt32 = 600_000
    /// The bound of a request that names no deadline, and the longest that one may name.
    public var deadlineMilliseconds: UInt32 = 30_000
    public var deadlineMillisecondsMax: UInt32 = 600_000
    /// Beyond it a connection that does not read its replies is ended.
    public var replyBytesWaitingMax = 64 * 1_024 * 1_024
    /// Beyond it nothing more is read from a connection until it has read.
    public var replyBytesPause = 4 * 1_024 * 1_024
    /// Requests of one connection whose answers may be large that are at work at once; the others wait for their turn, and for the client to read.
    public var largeAtWorkMax = 32
    /// What a client may grant for stream items, altogether.
    public var streamCreditMax: Int64 = 2_147_483_647
    /// Memories in one item of a stream.
    public var streamItemRows = 100
    /// From the wish to stop until it is forced.
    public var drainMilliseconds = 10_000
    /// How often deadlines and silent connections are looked for.
    public var sweepMilliseconds = 100
    /// How often it is written what keys were used for.
    public var keyUseMilliseconds = 5_000
    /// How often it is written what was recalled. Each time readers forget the pages that they had at hand.
    public var recallMilliseconds = 1_000
    /// How often it is looked whether a job waits.
    public var jobMilliseconds = 1_000
    /// What a caller is told to wait before he tries again where too much is under way.
    public var retryAfterMilliseconds: UInt32 = 50

    public init() {}
}
