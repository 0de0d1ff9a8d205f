internal import Dispatch

/// Tries one address after the other until one answers. It keeps itself until it has told its delegate what came of it.
final class ConnectionAttempt: @unchecked Sendable {
    // Touched on the loop alone, which guards it.
    private let address: Address
    private let loop: EventLoop
    private let tls: TLSClient?
    private let limits: ChannelLimits
    private let delegate: any ChannelDelegate
    private let deadline: DispatchTime
    private var targets: [SocketAddress] = []
    private var lastReason: String?
    private var isDone = false
    private var timer: LoopTimer?

    typealias Found = Result<[SocketAddress], TransportError>

    init(_ address: Address, _ loop: EventLoop, _ tls: TLSClient?, _ limits: ChannelLimits, timeoutMilliseconds: Int, _ delegate: any ChannelDelegate) {
        self.address = address
        self.loop = loop
        self.tls = tls
        self.limits = limits
        self.delegate = delegate
        deadline = .now() + .milliseconds(max(1, timeoutMilliseconds))
    }

    private var millisecondsLeft: Int {
        let now = DispatchTime.now()
        return now < deadline ? Int((deadline.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000_000) : 0
    }

    func start(_ resolve: (@escaping @Sendable (Found) -> Void) -> Void) {
        // The name may take longer than we wait; the answer then finds nobody.
        timer = loop.schedule(afterMilliseconds: millisecondsLeft) { self.fail(.connectTimeout) }
        resolve { found in
            guard !self.isDone else { return }
            self.timer = nil
            switch found {
            case .success(let targets):
                self.targets = targets
                self.next()
            case .failure(let error): self.fail(.failed(error))
            }
        }
    }

    private func next() {
        guard millisecondsLeft > 0 else { return fail(.connectTimeout) }
        guard !targets.isEmpty else {
            return fail(lastReason.map { .failed(.cannotConnect(address: address.description, reason: $0)) } ?? .connectTimeout)
        }
        // A part of the time for each, so that one that never answers leaves some for the others.
        let share = millisecondsLeft / targets.count
        switch Socket.connect(to: targets.removeFirst()) {
        case .failed(let reason):
            lastReason = reason
            next()
        case .begun(let descriptor): wait(descriptor, milliseconds: share)
        }
    }

    private func wait(_ descriptor: Int32, milliseconds: Int) {
        do throws(TransportError) {
            try loop.poller.watch(descriptor, for: .writes) { [self] _ in
                if let reason = Socket.connectFailure(descriptor) { return giveUp(descriptor, reason) }
                loop.poller.letGo(descriptor)
                timer = nil
                connected(descriptor)
            }
            timer = loop.schedule(afterMilliseconds: max(1, milliseconds)) { self.giveUp(descriptor, nil) }
        } catch {
            giveUp(descriptor, error.description)
        }
    }

    private func giveUp(_ descriptor: Int32, _ reason: String?) {
        loop.poller.letGo(descriptor)
        timer = nil
        lastReason = reason ?? lastReason
        Socket.close(descriptor)
        next()
    }

    private func connected(_ descriptor: Int32) {
        isDone = true
        var limits = limits
        limits.handshakeTimeoutMilliseconds = max(1, min(limits.handshakeTimeoutMilliseconds, millisecondsLeft))
        Channel(descriptor: descriptor, loop: loop, limits: limits, peerAddress: address.description).start(delegate, tls: tls.map { .client($0) })
    }

    /// The delegate hears of it through a channel that was never open.
    private func fail(_ reason: CloseReason) {
        guard !isDone else { return }
        isDone = true
        timer = nil
        let channel = Channel(descriptor: -1, loop: loop, limits: limits, peerAddress: address.description)
        channel.delegate = delegate
        channel.finish(reason)
    }
}
