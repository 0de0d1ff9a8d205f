internal import Dispatch
internal import Glibc

/// A TCP connection, with or without TLS, on one loop.
///
/// What is written gathers until `flush`, or until the end of the read that led to it, and leaves in as few sends as the socket allows. The end of
/// the peer's stream closes the channel after what waits was sent as far as the socket takes it.
public final class Channel: @unchecked Sendable {
    // All state is touched on `loop` alone, which guards it; the constants are set before anything runs.
    public let loop: EventLoop
    public let peerAddress: String
    private let descriptor: Int32
    private let limits: ChannelLimits
    private var delegate: (any ChannelDelegate)?
    private var tls: TLSSession?
    private var phase = Phase.opening
    /// Not encrypted yet, where there is TLS.
    private var unsealed: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var readSource: (any DispatchSourceRead)?
    private var writeSource: (any DispatchSourceWrite)?
    private var readingIsPaused = false
    private var writingIsArmed = false
    private var openSources = 2
    private var wasHigh = false
    private var isReading = false
    private var isLingering = false
    private var lastBytesWaiting = 0
    private var lastBytesChecksLeft = Channel.lastBytesChecksMax
    private var timer: LoopTimer?

    private enum Phase {
        case opening
        case open
        /// What waits is still sent, then the end of the stream. What comes is read and thrown away: a socket that is closed with unread bytes resets
        /// the connection, and the other side could lose the last words.
        case closing
        case closed
    }

    public enum CloseManner: Sendable {
        case now
        case afterFlush
    }

    private static let readsPerEvent = 4
    private static let capacityKeptMax = 1_048_576
    /// How long the last bytes may take to leave, and then the other side to end its stream.
    private static let lastBytesMilliseconds = 5_000
    private static let lastBytesChecksMax = 24
    private static let lingerMilliseconds = 1_000

    init(descriptor: Int32, loop: EventLoop, limits: ChannelLimits, tls: TLSSession?, peerAddress: String) {
        self.descriptor = descriptor
        self.loop = loop
        self.limits = limits
        self.tls = tls
        self.peerAddress = peerAddress
    }

    /// On the loop, once.
    func start(_ delegate: any ChannelDelegate) {
        self.delegate = delegate
        Socket.prepare(descriptor)
        let read = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: loop.queue)
        let write = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: loop.queue)
        read.setEventHandler { [unowned self] in readable() }
        write.setEventHandler { [unowned self] in writable() }
        // The sources keep the channel until both have ended, and the last of them closes the descriptor.
        read.setCancelHandler { self.sourceEnded() }
        write.setCancelHandler { self.sourceEnded() }
        readSource = read
        writeSource = write
        read.resume()
        guard tls != nil else { return opened() }
        timer = loop.schedule(afterMilliseconds: limits.handshakeTimeoutMilliseconds) { [weak self] in self?.finish(.handshakeTimeout) }
        shakeHands()
        sendWaiting()
    }

    private func opened() {
        phase = .open
        timer?.cancel()
        timer = nil
        delegate?.channelOpened(self)
        flush()
    }

    private func sourceEnded() {
        openSources -= 1
        guard openSources == 0 else { return }
        Socket.close(descriptor)
        readSource = nil
        writeSource = nil
    }

    // MARK: Writing

    public var bytesWaiting: Int { unsealed.count + outgoing.count - sent }

    public var isOverLimit: Bool { bytesWaiting > limits.bytesWaitingMax }

    public func write(_ bytes: [UInt8]) { write { $0 += bytes } }

    /// Lets `fill` append to what waits, without a copy.
    public func write(_ fill: (inout [UInt8]) -> Void) {
        guard case .open = phase else { return }
        if tls == nil { fill(&outgoing) } else { fill(&unsealed) }
        if bytesWaiting > limits.bytesWaitingMax * 2 { finish(.outgoingLimit) }
    }

    /// Sends what waits. While a read is being delivered nothing is sent before its end.
    public func flush() {
        guard !isReading else { return }
        seal()
        sendWaiting()
        tellDrained()
    }

    private func seal() {
        guard let tls, !unsealed.isEmpty, phase != .closed else { return }
        do throws(TransportError) {
            try tls.seal(unsealed, into: &outgoing)
            unsealed.removeAll(keepingCapacity: unsealed.capacity <= Channel.capacityKeptMax)
        } catch {
            finish(.failed(error))
        }
    }

    private func sendWaiting() {
        guard phase != .closed else { return }
        while sent < outgoing.count {
            switch Socket.send(descriptor, outgoing, from: sent) {
            case .bytes(let count): sent += count
            case .wouldBlock:
                if bytesWaiting > limits.lowWaterBytes { wasHigh = true }
                return armWriting()
            case .failed(let reason): return finish(.failed(.system(call: "send", reason: reason)))
            }
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= Channel.capacityKeptMax)
        sent = 0
        disarmWriting()
        if case .closing = phase { linger() }
    }

    private func linger() {
        guard !isLingering else { return }
        isLingering = true
        Socket.endWriting(descriptor)
        timer?.cancel()
        timer = loop.schedule(afterMilliseconds: Channel.lingerMilliseconds) { [weak self] in self?.finish(.closedHere) }
    }

    private func writable() {
        sendWaiting()
        tellDrained()
    }

    private func tellDrained() {
        guard wasHigh, bytesWaiting <= limits.lowWaterBytes, case .open = phase else { return }
        wasHigh = false
        delegate?.channelDrained(self)
        flush()
    }

    private func armWriting() {
        guard !writingIsArmed else { return }
        writingIsArmed = true
        writeSource?.resume()
    }

    private func disarmWriting() {
        guard writingIsArmed else { return }
        writingIsArmed = false
        writeSource?.suspend()
    }

    // MARK: Reading

    /// Until `resumeReading`. While something waits to be sent, its draining is told to the owner, who can resume then.
    public func pauseReading() {
        guard !readingIsPaused, phase == .open || phase == .opening else { return }
        readingIsPaused = true
        if bytesWaiting > 0 { wasHigh = true }
        readSource?.suspend()
    }

    public func resumeReading() {
        guard readingIsPaused else { return }
        readingIsPaused = false
        readSource?.resume()
    }

    private func readable() {
        var buffer = loop.takeBuffer()
        isReading = true
        defer {
            isReading = false
            loop.giveBack(buffer)
            flush()
        }
        for _ in 0..<Channel.readsPerEvent {
            guard phase != .closed, !readingIsPaused else { return }
            switch Socket.read(descriptor, into: &buffer) {
            case .bytes(let count):
                if case .closing = phase { continue }
                deliver(buffer.span.extracting(first: count))
                guard count == buffer.count else { return }
            case .wouldBlock: return
            case .end:
                if case .closing = phase { return finish(.closedHere) }
                let isTruncated = tls.map { !$0.endedInOrder } ?? false
                return finish(isTruncated ? .truncated : .closedByPeer)
            case .failed(let reason): return finish(.failed(.system(call: "read", reason: reason)))
            }
        }
    }

    private func deliver(_ bytes: Span<UInt8>) {
        guard let tls else {
            delegate?.channel(self, received: bytes)
            return
        }
        do throws(TransportError) {
            var plain = [UInt8](repeating: 0, count: TLSSession.recordBytesMax)
            // A piece at a time, since OpenSSL's queue of bytes never gives back what it grew to.
            for start in stride(from: 0, to: bytes.count, by: TLSSession.pieceBytesMax) where phase == .open || phase == .opening {
                try tls.feed(bytes.extracting(start..<min(start + TLSSession.pieceBytesMax, bytes.count)))
                if case .opening = phase { shakeHands() }
                while phase == .open, let count = try tls.open(into: &plain) { delegate?.channel(self, received: plain.span.extracting(first: count)) }
            }
            tls.drain(into: &outgoing)
            if tls.endedInOrder, phase == .open { finish(.closedByPeer) }
        } catch {
            tls.drain(into: &outgoing)
            _ = Socket.send(descriptor, outgoing, from: sent)
            finish(.failed(error))
        }
    }

    private func shakeHands() {
        guard let tls else { return }
        do throws(TransportError) {
            let isDone = try tls.shakeHands()
            tls.drain(into: &outgoing)
            if isDone { opened() }
        } catch {
            tls.drain(into: &outgoing)
            _ = Socket.send(descriptor, outgoing, from: sent)
            finish(.failed(error))
        }
    }

    // MARK: Closing

    public func close(_ manner: CloseManner) {
        switch manner {
        case .now: finish(.closedHere)
        case .afterFlush:
            guard phase == .open else { return phase == .opening ? finish(.closedHere) : () }
            seal()
            if let tls { tls.sayGoodbye(into: &outgoing) }
            phase = .closing
            resumeReading()
            watchLastBytes()
            sendWaiting()
        }
    }

    /// The last bytes may take their time as long as some of them leave.
    private func watchLastBytes() {
        lastBytesWaiting = bytesWaiting
        timer = loop.every(milliseconds: Channel.lastBytesMilliseconds) { [weak self] in
            guard let self else { return }
            lastBytesChecksLeft -= 1
            guard bytesWaiting < lastBytesWaiting, lastBytesChecksLeft > 0 else { return finish(.outgoingLimit) }
            lastBytesWaiting = bytesWaiting
        }
    }

    private func finish(_ reason: CloseReason) {
        guard phase != .closed else { return }
        if phase == .open, reason == .closedHere, let tls {
            tls.sayGoodbye(into: &outgoing)
            _ = Socket.send(descriptor, outgoing, from: sent)
        }
        phase = .closed
        timer?.cancel()
        timer = nil
        readSource?.cancel()
        writeSource?.cancel()
        // A source ends only when it is not suspended.
        if readingIsPaused { readSource?.resume() }
        if !writingIsArmed { writeSource?.resume() }
        outgoing = []
        unsealed = []
        sent = 0
        tls = nil
        let owner = delegate
        delegate = nil
        owner?.channelClosed(self, reason: reason)
    }
}
