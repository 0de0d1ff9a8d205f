internal import Dispatch
internal import Synchronization

/// Takes connections and spreads them over the loops of a group.
public final class Listener: Sendable {
    /// With the port that was bound.
    public let address: Address
    private let queue = DispatchQueue(label: "pinyon.listener", qos: .userInitiated)
    private let poller: Poller
    /// Nil once it is no longer ours to touch.
    private let descriptor: Mutex<Int32?>

    private static let acceptsPerEvent = 64
    /// How long nothing is accepted when the process has no descriptor left; the connections wait in the system's queue.
    private static let pauseMilliseconds = 100

    /// `accept` is called on the channel's loop and gives the channel its owner; the channel opens after it.
    public init(
        address: Address, group: EventLoopGroup, tls: TLSServer? = nil, limits: ChannelLimits = ChannelLimits(),
        accept: @escaping @Sendable (Channel) -> any ChannelDelegate
    ) throws(TransportError) {
        // A connection that took the last descriptor would find its loop without one.
        for loop in group.loops { try loop.poller.prepare() }
        let (descriptor, port) = try Socket.listen(on: address)
        self.address = Address(known: address.host, port: port)
        self.descriptor = Mutex(descriptor)
        poller = Poller(queue)
        let takeConnections: (Poller.Interest) -> Void = { [weak self] _ in
            for _ in 0..<Listener.acceptsPerEvent {
                switch Socket.accept(descriptor) {
                case .nothing: return
                case .exhausted:
                    self?.pause(descriptor)
                    return
                case .connection(let connection, let peer):
                    let loop = group.next()
                    loop.execute {
                        let channel = Channel(descriptor: connection, loop: loop, limits: limits, peerAddress: peer)
                        channel.start(accept(channel), tls: tls.map { .server($0) })
                    }
                }
            }
        }
        try queue.sync { Result { () throws(TransportError) in try poller.watch(descriptor, for: .reads, takeConnections) } }.get()
    }

    private func pause(_ descriptor: Int32) {
        poller.change(descriptor, to: [])
        queue.asyncAfter(deadline: .now() + .milliseconds(Listener.pauseMilliseconds)) { [poller] in poller.change(descriptor, to: .reads) }
    }

    /// From here on connecting is refused; connections that were accepted go on. Any thread may call it, and again.
    public func stop() {
        guard let descriptor = descriptor.withLock({ $0.take() }) else { return }
        Socket.endListening(descriptor)
        queue.async { [poller] in
            poller.letGo(descriptor)
            Socket.close(descriptor)
        }
    }

    deinit { stop() }
}
