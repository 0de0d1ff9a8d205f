import Dispatch
import Foundation
import Synchronization
import Transport

/// A channel's owner that writes down what happens and can be awaited.
final class Recorder: ChannelDelegate {
    struct State {
        var channel: Channel?
        var isOpen = false
        var bytes: [UInt8] = []
        var drained = 0
        var closed: [CloseReason] = []
        var eventsAfterClose = 0
        var waiting: [(condition: @Sendable (State) -> Bool, semaphore: DispatchSemaphore)] = []
    }

    let state = Mutex(State())
    private let onReceive: @Sendable (Channel, [UInt8]) -> Void

    init(onReceive: @escaping @Sendable (Channel, [UInt8]) -> Void = { _, _ in }) { self.onReceive = onReceive }

    /// Sends back what comes.
    static func echo() -> Recorder { Recorder { channel, bytes in channel.write(bytes) } }

    private func note(_ change: (inout State) -> Void) {
        let ready = state.withLock { state -> [DispatchSemaphore] in
            if !state.closed.isEmpty { state.eventsAfterClose += 1 }
            change(&state)
            let met = state.waiting.filter { $0.condition(state) }.map(\.semaphore)
            let copy = state
            state.waiting.removeAll { $0.condition(copy) }
            return met
        }
        for semaphore in ready { semaphore.signal() }
    }

    func channelOpened(_ channel: Channel) { note { $0.channel = channel; $0.isOpen = true } }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        let copy = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        note { $0.bytes += copy }
        onReceive(channel, copy)
    }

    func channelDrained(_ channel: Channel) { note { $0.drained += 1 } }

    func channelClosed(_ channel: Channel, reason: CloseReason) { note { $0.closed.append(reason) } }

    /// Whether the condition came about; the bound is only there so that a broken test ends.
    func wait(_ condition: @escaping @Sendable (State) -> Bool) async -> Bool {
        let semaphore = DispatchSemaphore(value: 0)
        let isMet = state.withLock { state in
            if condition(state) { return true }
            state.waiting.append((condition, semaphore))
            return false
        }
        if isMet { return true }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: semaphore.wait(timeout: .now() + 30) == .success) }
        }
    }

    var channel: Channel? { state.withLock { $0.channel } }

    /// On the channel's loop.
    func onLoop(_ body: @escaping @Sendable (Channel) -> Void) {
        guard let channel else { return }
        channel.loop.execute { body(channel) }
    }

    func send(_ bytes: [UInt8]) {
        onLoop { channel in
            channel.write(bytes)
            channel.flush()
        }
    }
}

/// A listener on a free port, whose channels are given the owners that `make` makes.
final class Peer {
    let listener: Listener
    let loops: EventLoopGroup
    private let box: Box

    private final class Box: Sendable {
        let accepted = Mutex<[Recorder]>([])
        let arrived = DispatchSemaphore(value: 0)
    }

    init(tls: TLSServer? = nil, limits: ChannelLimits = ChannelLimits(), make: @escaping @Sendable () -> Recorder = { Recorder.echo() }) throws {
        let box = Box()
        self.box = box
        loops = EventLoopGroup(count: 2)
        listener = try Listener(address: Address("127.0.0.1:0"), group: loops, tls: tls, limits: limits) { _ in
            let recorder = make()
            box.accepted.withLock { $0.append(recorder) }
            box.arrived.signal()
            return recorder
        }
    }

    var all: [Recorder] { box.accepted.withLock { $0 } }

    func connect(tls: TLSClient? = nil, host: String = "127.0.0.1", timeoutMilliseconds: Int = 5_000) throws -> Recorder {
        let recorder = Recorder()
        Connector.connect(
            to: try Address("\(host):\(listener.address.port)"), on: loops.next(), tls: tls, timeoutMilliseconds: timeoutMilliseconds, delegate: recorder)
        return recorder
    }

    /// The owner of the next channel that was accepted.
    func nextAccepted(_ number: Int = 0) async -> Recorder? {
        let box = self.box
        let came = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: box.arrived.wait(timeout: .now() + 30) == .success) }
        }
        return came ? all[number] : nil
    }

    deinit { listener.stop() }
}

/// A certificate and key in a temporary folder.
final class Certificate {
    let folder: URL
    var certificate: String { folder.appendingPathComponent("server.crt").path }
    var key: String { folder.appendingPathComponent("server.key").path }

    init(names: [String] = ["127.0.0.1", "localhost"]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let pair = try SelfSigned.make(names: names, days: 2)
        try Data(pair.certificatePEM).write(to: URL(fileURLWithPath: certificate))
        try Data(pair.keyPEM).write(to: URL(fileURLWithPath: key))
    }

    func server() throws -> TLSServer { try TLSServer(certificateFile: certificate, keyFile: key) }
    func client(_ name: String = "127.0.0.1") throws -> TLSClient { try TLSClient(trust: .file(certificate), serverName: name) }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
