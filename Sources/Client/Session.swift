internal import Dispatch
internal import Records
internal import Synchronization
internal import Transport
internal import Wire

/// One connection to the server and all that is under way on it. Its state is behind a lock; the channel is touched on its loop alone.
final class Session: Sendable {
    private let configuration: ClientConfiguration
    private let state = Mutex(SessionState())
    private let wiring = Mutex(Wiring())

    private struct Wiring {
        var loop: EventLoop?
        var channel: Channel?
        var sweep: LoopTimer?
        var openedAt: UInt64 = 0
    }

    /// How often requests that wait too long are looked for.
    private static let sweepMilliseconds = 50
    /// The server answers an expired deadline itself; this much later the client stops waiting for that answer.
    private static let graceMilliseconds: UInt64 = 1_000

    init(_ configuration: ClientConfiguration) {
        self.configuration = configuration
    }

    var isUsable: Bool { state.withLock(\.isUsable) }

    func start(on loop: EventLoop) {
        wiring.withLock { $0.loop = loop }
        loop.execute { [self] in
            let sweep = loop.every(milliseconds: Session.sweepMilliseconds) { [weak self] in self?.sweep() }
            wiring.withLock { $0.sweep = sweep }
            Connector.connect(
                to: configuration.address, on: loop, tls: configuration.tls, timeoutMilliseconds: Int(configuration.connectMilliseconds),
                delegate: SessionDelegate(self))
        }
    }

    func perform(_ request: Request, withinMilliseconds: UInt32) async throws(ClientError) -> Outcome {
        let submitted = Mutex<UInt64?>(nil)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Outcome, ClientError>, Never>) in
                let outcome = submit(request, withinMilliseconds, .answer(request.operation.name) { continuation.resume(returning: $0) })
                switch outcome {
                case .failure(let error): continuation.resume(returning: .failure(error))
                case .success(let id):
                    submitted.withLock { $0 = id }
                    if Task.isCancelled { cancel(id) }
                }
            }
        } onCancel: {
            if let id = submitted.withLock({ $0 }) { cancel(id) }
        }
        if case .failure(.refused(let fault)) = result, fault.code == .cancelled { throw .cancelled }
        return try result.get()
    }

    /// The parts as they come. Who takes a page says so to `untaken` and grants its bytes; the rest is granted when the stream is given up.
    func stream(_ listing: MemoryListing, withinMilliseconds: UInt32, untaken: Untaken) -> AsyncStream<StreamPart> {
        let request = Request(envelope: Envelope(deadlineMilliseconds: withinMilliseconds), operation: .stream(listing))
        return AsyncStream { continuation in
            let outcome = submit(
                request, withinMilliseconds,
                .stream { [weak self] part in
                    switch part {
                    case .page(_, let bytes):
                        if untaken.add(bytes) { continuation.yield(part) } else { self?.grant(bytes) }
                    case .end, .failed:
                        continuation.yield(part)
                        continuation.finish()
                    }
                })
            switch outcome {
            case .failure(let error):
                continuation.yield(.failed(error))
                continuation.finish()
            case .success(let id):
                continuation.onTermination = { [weak self] reason in
                    guard let self, case .cancelled = reason else { return }
                    state.withLock { $0.giveUp(id) }
                    grant(untaken.end())
                    scheduleFlush()
                }
            }
        }
    }

    func grant(_ bytes: Int) {
        guard bytes > 0 else { return }
        state.withLock { $0.grant(bytes) }
        scheduleFlush()
    }

    func cancel(_ id: UInt64) {
        let delivery = state.withLock { $0.cancel(id) }
        delivery?()
        scheduleFlush()
    }

    func close() { end(.closed) }

    private func submit(_ request: Request, _ withinMilliseconds: UInt32, _ waiting: SessionState.Waiting) -> Result<UInt64, ClientError> {
        let deadline = DispatchTime.now().uptimeNanoseconds + (UInt64(withinMilliseconds) + Session.graceMilliseconds) * 1_000_000
        let result = state.withLock { $0.submit(request, deadline: deadline, waiting) }
        scheduleFlush()
        return result
    }

    /// Many requests that come close together leave in one send.
    private func scheduleFlush() {
        let isNeeded = state.withLock { state in
            guard !state.flushIsScheduled, !state.outgoing.isEmpty else { return false }
            state.flushIsScheduled = true
            return true
        }
        guard isNeeded, let loop = wiring.withLock(\.loop) else { return }
        loop.execute { self.flush() }
    }

    /// What the server does not read waits here, where it can still be taken back, and not in the channel.
    fileprivate func flush() {
        state.withLock { $0.flushIsScheduled = false }
        guard let channel = wiring.withLock(\.channel) else { return }
        while !channel.isOverLimit {
            let bytes = state.withLock { $0.takeOutgoing() }
            guard !bytes.isEmpty else { break }
            channel.write(bytes)
        }
        channel.flush()
    }

    private func sweep() {
        let now = DispatchTime.now().uptimeNanoseconds
        // Until the channel is open the connector keeps the time.
        let waited = wiring.withLock { $0.channel == nil ? 0 : (now - $0.openedAt) / 1_000_000 }
        if state.withLock(\.isGreeting), waited >= UInt64(configuration.connectMilliseconds) {
            let reason = "nobody there speaks this protocol" + (configuration.tls == nil ? ", or it wants TLS" : "")
            return end(.unreachable(address: configuration.address.description, reason: reason))
        }
        state.withLock { $0.passed(to: now) }?()
    }

    fileprivate func opened(_ channel: Channel) {
        wiring.withLock { wiring in
            wiring.channel = channel
            wiring.openedAt = DispatchTime.now().uptimeNanoseconds
        }
        if !isUsable { channel.close(.now) }
    }

    fileprivate func received(_ frame: Frame) {
        let wish = Authenticate(client: configuration.name, key: configuration.key)
        let result = state.withLock { state in
            Result { () throws(ClientError) in try state.received(frame, authenticate: wish) }
        }
        switch result {
        case .success(let delivery): delivery?()
        case .failure(let error): return end(error)
        }
        if !isUsable, state.withLock(\.isEmpty) { return end(.connectionLost(reason: "the server is stopping")) }
        scheduleFlush()
    }

    fileprivate func end(_ error: ClientError) {
        state.withLock { $0.end(error) }?()
        let (channel, loop, sweep) = wiring.withLock { wiring in
            defer { wiring.channel = nil; wiring.sweep = nil }
            return (wiring.channel, wiring.loop, wiring.sweep)
        }
        sweep?.cancel()
        if let channel { loop?.execute { channel.close(.now) } }
    }

    fileprivate func lost(_ reason: CloseReason, wasOpen: Bool) {
        let (sentence, address) = (reason.description, configuration.address.description)
        switch reason {
        case .failed(.notTrusted), .failed(.nameMismatch): end(.notTrusted(address: address, reason: sentence))
        default: end(wasOpen ? .connectionLost(reason: sentence) : .unreachable(address: address, reason: sentence))
        }
    }
}

/// The bytes of a stream's pages that wait for its reader. What is left when nobody holds it any more is granted again: a stream may have come
/// whole before its reader left.
final class Untaken: Sendable {
    private let state = Mutex((bytes: 0, isOver: false))
    private weak let session: Session?

    init(_ session: Session) { self.session = session }

    deinit { session?.grant(end()) }

    /// False when nobody will read it any more.
    func add(_ bytes: Int) -> Bool {
        state.withLock { state in
            if !state.isOver { state.bytes += bytes }
            return !state.isOver
        }
    }

    func take(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    /// Nobody reads any more: what was left.
    func end() -> Int {
        state.withLock { state in
            defer { state = (0, true) }
            return state.bytes
        }
    }
}

/// Turns the channel's bytes into frames; lives as long as the channel.
private final class SessionDelegate: ChannelDelegate {
    private let session: Session
    private let decoder = Mutex((decoder: FrameDecoder(bodyBytesMax: Limits.frameBytesMax), isOpen: false))

    init(_ session: Session) { self.session = session }

    func channelOpened(_ channel: Channel) {
        decoder.withLock { $0.isOpen = true }
        session.opened(channel)
    }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        var frames: [Frame] = []
        var failure: ClientError?
        decoder.withLock { state in
            state.decoder.append(bytes)
            do throws(FrameError) {
                while let decoded = try state.decoder.next() {
                    guard case .frame(let frame) = decoded else {
                        failure = .protocolViolation("a damaged frame")
                        break
                    }
                    frames.append(frame)
                }
            } catch {
                failure = .protocolViolation(Fault(error).sentence)
            }
        }
        for frame in frames { session.received(frame) }
        if let failure { session.end(failure) }
    }

    func channelDrained(_ channel: Channel) { session.flush() }

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        session.lost(reason, wasOpen: decoder.withLock(\.isOpen))
    }
}
