internal import Dispatch
public import Engine
internal import Records
internal import Synchronization
public import Transport
internal import Wire

/// Listens, holds the connections, and stops in order.
public final class MemoryServer: Sendable {
    let engine: MemoryEngine
    let clock: Clock
    let log: Log
    let limits: ServerLimits
    private let version: String
    private let loops: EventLoopGroup
    private let state = Mutex(State())
    private let requestBytes = Atomic<Int>(0)

    private struct State {
        var listener: Listener?
        var connections: [ObjectIdentifier: Connection] = [:]
        var isStopping = false
        var isTLS = false
        var accepted: Int64 = 0
        var sweeps: [LoopTimer] = []
        /// Called once when the last connection has gone.
        var whenEmpty: (@Sendable () -> Void)?
    }

    enum Admission { case admitted, full, stopping }

    public init(engine: MemoryEngine, clock: Clock, log: Log, limits: ServerLimits = ServerLimits(), version: String, loopCount: Int) {
        self.engine = engine
        self.clock = clock
        self.log = log
        self.limits = limits
        self.version = version
        loops = EventLoopGroup(count: max(1, loopCount))
    }

    /// Begins to listen, and returns the address with the port that it got.
    public func listen(on address: Address, tls: TLSServer?) throws(TransportError) -> Address {
        let channelLimits = ChannelLimits(
            bytesWaitingMax: limits.replyBytesWaitingMax, lowWaterBytes: limits.replyBytesPause / 4,
            handshakeTimeoutMilliseconds: Int(limits.handshakeMilliseconds))
        let listener = try Listener(address: address, group: loops, tls: tls, limits: channelLimits) { [weak self] channel in
            guard let self else { return Refusal() }
            return Connection(self, channel)
        }
        let sweeps = loops.loops.map { loop in loop.every(milliseconds: limits.sweepMilliseconds) { [weak self] in self?.sweep(loop) } }
        let uses = loops.next().every(milliseconds: limits.keyUseMilliseconds) { [engine] in engine.writeKeyUses() }
        let jobs = loops.next().every(milliseconds: limits.jobMilliseconds) { [engine] in engine.lookAfterJobs() }
        engine.followOthers()
        let watches = loops.next().every(milliseconds: limits.sweepMilliseconds) { [engine] in engine.sweepWatches() }
        let recalls = loops.next().every(milliseconds: limits.recallMilliseconds) { [engine] in engine.writeRecalls() }
        state.withLock { state in
            state.listener = listener
            state.isTLS = tls != nil
            state.sweeps = sweeps + [uses, jobs, watches, recalls]
        }
        return listener.address
    }

    /// Takes nothing new, lets what is under way finish within the limit, then ends the rest. `completion` runs once, when no connection is left.
    public func drain(completion: @escaping @Sendable () -> Void) {
        let (listener, connections) = state.withLock { state in
            state.isStopping = true
            state.whenEmpty = completion
            defer { state.listener = nil }
            return (state.listener, Array(state.connections.values))
        }
        listener?.stop()
        engine.endJobs()
        log.info("draining", (.count, String(connections.count)))
        for connection in connections { connection.loop.execute { connection.drain() } }
        finishIfEmpty()
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(limits.drainMilliseconds)) { [self] in
            let late = state.withLock { Array($0.connections.values) }
            if !late.isEmpty { log.warning("connections did not finish in time", (.count, String(late.count))) }
            for connection in late { connection.loop.execute { connection.endNow() } }
        }
    }

    private func finishIfEmpty() {
        let (done, sweeps) = state.withLock { state -> ((@Sendable () -> Void)?, [LoopTimer]) in
            guard state.isStopping, state.connections.isEmpty else { return (nil, []) }
            defer { state.whenEmpty = nil; state.sweeps = [] }
            return (state.whenEmpty, state.sweeps)
        }
        for sweep in sweeps { sweep.cancel() }
        if done != nil {
            engine.writeKeyUses()
            engine.writeRecalls()
        }
        done?()
    }

    private func sweep(_ loop: EventLoop) {
        let mine = state.withLock { state in state.connections.values.filter { $0.loop === loop } }
        for connection in mine { connection.sweep() }
    }

    // MARK: For connections

    var hello: Hello {
        Hello(
            server: "pinyon \(version)", frameBytesMax: UInt32(clamping: limits.frameBytesMax), inFlightMax: UInt32(clamping: limits.inFlightMax),
            handshakeMilliseconds: limits.handshakeMilliseconds, idleMilliseconds: limits.idleMilliseconds)
    }

    func admit(_ connection: Connection) -> Admission {
        state.withLock { state in
            if state.isStopping { return .stopping }
            state.accepted += 1
            guard state.connections.count < limits.connectionsMax else { return .full }
            state.connections[ObjectIdentifier(connection)] = connection
            return .admitted
        }
    }

    func gone(_ connection: Connection) {
        _ = state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
        finishIfEmpty()
    }

    /// Counts the bytes of a request that begins; false when too many are under way.
    func reserve(_ bytes: Int) -> Bool {
        let after = requestBytes.add(bytes, ordering: .relaxed).newValue
        guard after > limits.requestBytesMax else { return true }
        requestBytes.subtract(bytes, ordering: .relaxed)
        return false
    }

    func release(_ bytes: Int) { requestBytes.subtract(bytes, ordering: .relaxed) }

    /// Adds to a status what only the server knows.
    func completed(_ outcome: Outcome) -> Outcome {
        guard case .status(.object(let members)) = outcome else { return outcome }
        let (open, accepted, isTLS) = state.withLock { ($0.connections.count, $0.accepted, $0.isTLS) }
        let connections: JSON = [
            "open": .integer(Int64(open)), "accepted": .integer(accepted), "tls": .bool(isTLS), "loops": .integer(Int64(loops.loops.count)),
            "request_bytes": .integer(Int64(requestBytes.load(ordering: .relaxed))), "protocol": .integer(Int64(FrameHeader.version)),
        ]
        return .status(.object(members + [JSON.Member("connections", connections)]))
    }
}

/// For a connection that comes while the server goes.
private final class Refusal: ChannelDelegate {
    func channelOpened(_ channel: Channel) { channel.close(.now) }
    func channel(_ channel: Channel, received bytes: Span<UInt8>) {}
    func channelDrained(_ channel: Channel) {}
    func channelClosed(_ channel: Channel, reason: CloseReason) {}
}
