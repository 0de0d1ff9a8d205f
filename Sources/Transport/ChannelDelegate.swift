/// Who owns a channel. Every call comes on the channel's loop, and none from within a verb of the channel: an owner that calls `write`, `flush` or
/// `close` is never called back before that verb has returned.
public protocol ChannelDelegate: AnyObject, Sendable {
    /// The channel can be written to; with TLS, its handshake is done. What is written here leaves when the call returns.
    func channelOpened(_ channel: Channel)
    /// Plaintext, at most 256 KiB a call and one call a read. The bytes are lent for the call. What is written meanwhile leaves in one send.
    func channel(_ channel: Channel, received bytes: Span<UInt8>)
    /// What waits to be sent has fallen to the low-water mark, after it was above it or the owner paused reading while something waited.
    func channelDrained(_ channel: Channel)
    /// Once and last, also for a channel that never opened. Its descriptor is closed already.
    func channelClosed(_ channel: Channel, reason: CloseReason)
}
