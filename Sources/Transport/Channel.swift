/// A TCP connection, with or without TLS, on one loop. All its verbs are called on that loop.
///
/// **Writing.** What is written gathers without a system call until `flush`, or until the end of the read that led to it, and leaves in as few sends as
/// the socket allows. A `flush` while a read is being delivered waits for that end.
///
/// **The end of the peer's stream** (also a half-closed one) ends the channel: nothing more is delivered, what waits is still sent, then the channel
/// closes with `closedByPeer`. With TLS the end must be announced by a closing record, or the reason is `truncated`. A connection that is cut closes at
/// once with `reset`. While reading is paused the end of the stream is not seen.
///
/// **Closing after a flush** sends what waits, ends this side's stream, and takes and drops what still comes until the peer has ended too: closing
/// over unread bytes would make the system take back what was just sent.
///
/// **Descriptor.** It is closed from the loop after whatever led to the end, and only then is the owner told: its number cannot be reused before.
public final class Channel: @unchecked Sendable {
    // All state is touched on `loop` alone, which guards it; the constants are set before anything runs.
    public let loop: EventLoop
    /// In numbers; what was asked for, when there never was a connection.
    public let peerAddress: String
    let descriptor: Int32
    let limits: ChannelLimits
    var delegate: (any ChannelDelegate)?
    var tls: TLSSession?
    var phase = Phase.opening

    /// Not encrypted yet, where there is TLS.
    var plaintext = ByteQueue()
    /// As it goes to the socket.
    var outgoing = ByteQueue()
    var hasSaidGoodbye = false
    /// More than the low-water mark waited, or the owner paused: it is to be told when that is over.
    var owesDrained = false

    /// A read is being delivered, and will flush when it ends.
    var isReading = false
    var isPaused = false
    /// Decrypted or decryptable bytes were left when the owner paused; no event of the socket's will announce them.
    var hasLeftover = false

    var readIsSuspended = false { didSet { if readIsSuspended != oldValue { watchAnew() } } }
    /// The socket took no more.
    var isWaitingToWrite = false { didSet { if isWaitingToWrite != oldValue { watchAnew() } } }
    /// Of the handshake, then of the closing.
    var timer: LoopTimer?
    var reason = CloseReason.closedHere
    var peerHasEnded = false
    /// What waited when the closing's timer last looked.
    var bytesWaitingBefore = 0

    enum Phase {
        case opening
        case open
        /// Nothing more is delivered or taken; what waits is still sent. Ends as `reason` says.
        case flushing
        /// All is sent and our side's stream has ended; the peer's end is awaited.
        case lingering
        case closed
    }

    init(descriptor: Int32, loop: EventLoop, limits: ChannelLimits, peerAddress: String) {
        self.descriptor = descriptor
        self.loop = loop
        self.limits = limits
        self.peerAddress = peerAddress
    }

    /// On the loop, once.
    func start(_ delegate: any ChannelDelegate, tls end: TLSEnd?) {
        self.delegate = delegate
        Socket.sendWithoutDelay(descriptor)
        do throws(TransportError) {
            if let end { tls = try TLSSession(end) }
            try loop.poller.watch(descriptor, for: interest) { [self] ready in
                if ready.contains(.writes) { writable() }
                if ready.contains(.reads) { readable() }
            }
        } catch {
            return finish(.failed(error))
        }
        guard tls != nil else { return opened() }
        timer = loop.schedule(afterMilliseconds: limits.handshakeTimeoutMilliseconds) { [weak self] in self?.finish(.handshakeTimeout) }
        shakeHands()
        sendWaiting()
    }

    func opened() {
        phase = .open
        timer = nil
        delegate?.channelOpened(self)
        flush()
    }

    private var interest: Poller.Interest {
        switch (readIsSuspended, isWaitingToWrite) {
        case (false, false): .reads
        case (false, true): [.reads, .writes]
        case (true, false): []
        case (true, true): .writes
        }
    }

    /// When the channel has closed, the descriptor's number may be another's.
    private func watchAnew() {
        guard phase != .closed else { return }
        loop.poller.change(descriptor, to: interest)
    }

    // MARK: The end

    /// Gives everything up; `channelClosed` follows from the loop.
    func finish(_ reason: CloseReason) {
        guard phase != .closed else { return }
        phase = .closed
        self.reason = reason
        timer = nil
        tls = nil
        plaintext.removeAll()
        outgoing.removeAll()
        loop.poller.letGo(descriptor)
        loop.execute { self.released() }
    }

    private func released() {
        Socket.close(descriptor)
        let owner = delegate
        delegate = nil
        owner?.channelClosed(self, reason: reason)
    }
}
