import Synchronization
import Transport
import Wire

/// A connection that shakes hands and then keeps silent until it is told to ping.
final class IdleConnection: ChannelDelegate {
    enum Phase { case connecting, open, pinged, answered, closed }

    private struct State {
        var phase = Phase.connecting
        var channel: Channel?
        var decoder = FrameDecoder(bodyBytesMax: 65_536)
    }

    private let key: String
    private let state = Mutex(State())
    private let opened: Counter
    private let answered: Counter
    private let lost: Counter

    init(key: String, opened: Counter, answered: Counter, lost: Counter) {
        self.key = key
        self.opened = opened
        self.answered = answered
        self.lost = lost
    }

    func channelOpened(_ channel: Channel) { state.withLock { $0.channel = channel } }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        state.withLock { state in
            state.decoder.append(bytes)
            while case .frame(let frame)? = try? state.decoder.next() {
                switch frame.header.type {
                case .hello: channel.write { Authenticate(client: "idle", key: key).append(to: &$0) }
                case .welcome:
                    state.phase = .open
                    opened.add()
                case .reply where state.phase == .pinged:
                    state.phase = .answered
                    answered.add()
                default: break
                }
            }
        }
        channel.flush()
    }

    func channelDrained(_ channel: Channel) {}

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        state.withLock { $0.phase = .closed }
        lost.add()
    }

    func ping() {
        guard let channel = state.withLock(\.channel) else { return }
        channel.loop.execute {
            self.state.withLock { if $0.phase == .open { $0.phase = .pinged } }
            channel.write { FrameWriter.appendEmpty(.request, request: 1, operation: 1, to: &$0) }
            channel.flush()
        }
    }

    func close() {
        guard let channel = state.withLock(\.channel) else { return }
        channel.loop.execute { channel.close(.now) }
    }
}
