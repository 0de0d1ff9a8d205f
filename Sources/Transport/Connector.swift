internal import Dispatch
internal import Synchronization

/// Makes connections. What comes of it is told to the delegate: opened, or closed with the reason.
public enum Connector {
    private static let resolving = DispatchQueue(label: "pinyon.resolver")

    public static func connect(
        to address: Address, on loop: EventLoop, tls: TLSClient?, timeoutMilliseconds: Int, limits: ChannelLimits = ChannelLimits(),
        delegate: any ChannelDelegate
    ) {
        resolving.async {
            let found = Result { () throws(TransportError) in try Socket.resolve(address) }
            loop.execute {
                switch found {
                case .success(let targets):
                    Attempt(address, targets, loop, tls, timeoutMilliseconds, limits, delegate).next()
                case .failure(let error): fail(delegate, loop, .failed(error))
                }
            }
        }
    }

    /// A delegate hears of a failure through a channel that was never open.
    fileprivate static func fail(_ delegate: any ChannelDelegate, _ loop: EventLoop, _ reason: CloseReason) {
        let channel = Channel(descriptor: -1, loop: loop, limits: ChannelLimits(), tls: nil, peerAddress: "")
        delegate.channelClosed(channel, reason: reason)
    }
}

/// Tries one address after the other, on the loop.
private final class Attempt: @unchecked Sendable {
    // Touched on the loop alone.
    private let address: Address
    private var targets: [SocketAddress]
    private let loop: EventLoop
    private let tls: TLSClient?
    private let timeoutMilliseconds: Int
    private let limits: ChannelLimits
    private let delegate: any ChannelDelegate
    private var lastReason = "it has no address"
    private var timer: LoopTimer?

    init(
        _ address: Address, _ targets: [SocketAddress], _ loop: EventLoop, _ tls: TLSClient?, _ timeoutMilliseconds: Int, _ limits: ChannelLimits,
        _ delegate: any ChannelDelegate
    ) {
        self.address = address
        self.targets = targets
        self.loop = loop
        self.tls = tls
        self.timeoutMilliseconds = timeoutMilliseconds
        self.limits = limits
        self.delegate = delegate
    }

    func next() {
        guard !targets.isEmpty else {
            return Connector.fail(delegate, loop, .failed(.cannotConnect(address: address.description, reason: lastReason)))
        }
        switch Socket.connect(to: targets.removeFirst()) {
        case .failed(let reason):
            lastReason = reason
            next()
        case .begun(let descriptor): wait(descriptor)
        }
    }

    private func wait(_ descriptor: Int32) {
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: loop.queue)
        let shared = Shared(source)
        let outcome = Mutex<String?>("it took longer than \(timeoutMilliseconds) ms")
        source.setEventHandler {
            outcome.withLock { $0 = Socket.pendingError(descriptor) }
            shared.source.cancel()
        }
        // The descriptor gets another source only when this one has ended.
        source.setCancelHandler { [self] in
            timer?.cancel()
            timer = nil
            if let reason = outcome.withLock({ $0 }) {
                Socket.close(descriptor)
                lastReason = reason
                next()
            } else {
                connected(descriptor)
            }
        }
        timer = loop.schedule(afterMilliseconds: timeoutMilliseconds) { shared.source.cancel() }
        source.resume()
    }

    private func connected(_ descriptor: Int32) {
        do throws(TransportError) {
            let session = try tls?.session()
            var limits = limits
            limits.handshakeTimeoutMilliseconds = timeoutMilliseconds
            Channel(descriptor: descriptor, loop: loop, limits: limits, tls: session, peerAddress: address.description).start(delegate)
        } catch {
            Socket.close(descriptor)
            Connector.fail(delegate, loop, .failed(error))
        }
    }
}
