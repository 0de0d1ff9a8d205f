internal import Dispatch
internal import Synchronization

/// Takes connections and spreads them over the loops of a group.
public final class Listener: Sendable {
    /// With the port that was bound.
    public let address: Address
    private let queue = DispatchQueue(label: "pinyon.listener", qos: .userInitiated)
    private let shared: Shared<any DispatchSourceRead>
    private let state: Mutex<State>

    private struct State {
        /// Nil once it is no longer ours to touch.
        var descriptor: Int32?
        var isPaused = false
    }

    private static let acceptsPerEvent = 64
    /// How long nothing is accepted when the process has no descriptor left; the connections wait in the system's queue.
    private static let pauseMilliseconds = 100

    /// `accept` is called on the channel's loop and gives the channel its owner; the channel opens after it.
    public init(
        address: Address, group: EventLoopGroup, tls: TLSServer? = nil, limits: ChannelLimits = ChannelLimits(),
        accept: @escaping @Sendable (Channel) -> any ChannelDelegate
    ) throws(TransportError) {
        let (descriptor, port) = try Socket.listen(on: address)
        self.address = Address(known: address.host, port: port)
        state = Mutex(State(descriptor: descriptor))
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        shared = Shared(source)
        source.setCancelHandler { Socket.close(descriptor) }
        source.setEventHandler { [weak self] in
            for _ in 0..<Listener.acceptsPerEvent {
                switch Socket.accept(descriptor) {
                case .nothing: return
                case .exhausted:
                    self?.pause()
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
        source.resume()
    }

    private func pause() {
        state.withLock { state in
            guard state.descriptor != nil, !state.isPaused else { return }
            state.isPaused = true
            shared.source.suspend()
        }
        queue.asyncAfter(deadline: .now() + .milliseconds(Listener.pauseMilliseconds)) { [weak self] in
            self?.state.withLock { state in
                guard state.isPaused else { return }
                state.isPaused = false
                self?.shared.source.resume()
            }
        }
    }

    /// From here on connecting is refused; connections that were accepted go on. Any thread may call it, and again.
    public func stop() {
        state.withLock { state in
            guard let descriptor = state.descriptor else { return }
            state.descriptor = nil
            Socket.endListening(descriptor)
            shared.source.cancel()
            // A suspended source would never end.
            if state.isPaused { shared.source.resume() }
            state.isPaused = false
        }
    }

    deinit { stop() }
}
