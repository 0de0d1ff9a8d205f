internal import Dispatch
internal import Synchronization

/// Takes connections and spreads them over the loops of a group.
public final class Listener: Sendable {
    /// With the port that was bound.
    public let address: Address
    private let queue = DispatchQueue(label: "pinyon.listener", qos: .userInitiated)
    private let shared: Shared<any DispatchSourceRead>
    private let isStopped = Atomic<Bool>(false)

    private static let acceptsPerEvent = 64
    /// How long nothing is accepted when the process has no descriptor left.
    private static let pauseMilliseconds = 100

    public init(
        address: Address, group: EventLoopGroup, tls: TLSServer?, limits: ChannelLimits, accept: @escaping @Sendable (Channel) -> any ChannelDelegate
    ) throws(TransportError) {
        let (descriptor, port) = try Socket.listen(on: address)
        self.address = Address(host: address.host.isEmpty ? "0.0.0.0" : address.host, port: port)
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        let shared = Shared(source)
        self.shared = shared
        source.setCancelHandler { Socket.close(descriptor) }
        source.setEventHandler { [queue] in
            for _ in 0..<Listener.acceptsPerEvent {
                switch Socket.accept(descriptor) {
                case .nothing: return
                case .exhausted:
                    shared.source.suspend()
                    queue.asyncAfter(deadline: .now() + .milliseconds(Listener.pauseMilliseconds)) { shared.source.resume() }
                    return
                case .connection(let connection, let peer):
                    let loop = group.next()
                    loop.execute {
                        let session: TLSSession?
                        do throws(TransportError) { session = try tls?.session() } catch { return Socket.close(connection) }
                        let channel = Channel(descriptor: connection, loop: loop, limits: limits, tls: session, peerAddress: peer)
                        channel.start(accept(channel))
                    }
                }
            }
        }
        source.resume()
    }

    /// Accepts nothing more; connections that were accepted go on.
    public func stop() {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        shared.source.cancel()
    }

    deinit { stop() }
}
