import Dispatch
import Records
import Synchronization
import Transport
import Wire

/// What a load is: how many connections, how many requests under way on each, and what is asked.
struct Load {
    let address: Address
    /// Nil where there is no handshake, as with the echo.
    let key: String?
    let tls: TLSClient?
    let connections: Int
    let depth: Int
    let seconds: Double
    /// Each connection asks so often, whatever the answers take, and no sooner than it has one: as somebody types. 0 for at once.
    var everyMilliseconds = 0
    /// The request of that number, to be written at the end of a buffer.
    let request: @Sendable (_ number: UInt64, _ buffer: inout [UInt8]) -> Void
}

/// Durations of every request that was answered within the measured time, in nanoseconds.
struct Measured: Sendable {
    var durations: [UInt32] = []
    var failures = 0
    var firstFailure: String?
    var seconds = 0.0

    var perSecond: Double { Double(durations.count) / seconds }

    func percentile(_ share: Double) -> Double {
        guard !durations.isEmpty else { return .nan }
        let sorted = durations.sorted()
        return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1_000
    }
}

/// Keeps `depth` requests under way on each connection: with each answer the next one goes out. It checks frames as a client does.
final class LoadGenerator: Sendable {
    private let load: Load
    private let loops = EventLoopGroup(count: 2)
    private let numbers = Atomic<UInt64>(1)
    private let begin: UInt64
    private let end: UInt64

    /// Not counted, so that buffers and caches have their size.
    private static let warmUpSeconds = 0.3

    private init(_ load: Load) {
        self.load = load
        begin = DispatchTime.now().uptimeNanoseconds + UInt64(LoadGenerator.warmUpSeconds * 1e9)
        end = begin + UInt64(load.seconds * 1e9)
    }

    static func run(_ load: Load) async -> Measured {
        let generator = LoadGenerator(load)
        let parts = await withTaskGroup(of: Measured.self) { group in
            for _ in 0..<load.connections {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Runner(generator) { continuation.resume(returning: $0) }.start()
                    }
                }
            }
            return await group.reduce(into: [Measured]()) { $0.append($1) }
        }
        var total = Measured()
        total.seconds = load.seconds
        for part in parts {
            total.durations += part.durations
            total.failures += part.failures
            total.firstFailure = total.firstFailure ?? part.firstFailure
        }
        return total
    }

    /// One connection; everything on its loop.
    private final class Runner: ChannelDelegate, @unchecked Sendable {
        // Touched on the channel's loop alone.
        private let generator: LoadGenerator
        private let done: @Sendable (Measured) -> Void
        private var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
        private var started: [UInt64: UInt64] = [:]
        private var measured = Measured()
        private var isDone = false
        private var timer: LoopTimer?

        init(_ generator: LoadGenerator, done: @escaping @Sendable (Measured) -> Void) {
            self.generator = generator
            self.done = done
        }

        func start() {
            let loop = generator.loops.next()
            loop.execute { [self] in
                Connector.connect(to: generator.load.address, on: loop, tls: generator.load.tls, timeoutMilliseconds: 5_000, delegate: self)
            }
        }

        func channelOpened(_ channel: Channel) {
            if generator.load.key == nil { fill(channel) }
        }

        private func fill(_ channel: Channel) {
            guard generator.load.everyMilliseconds == 0 else {
                // Nobody waits for the others to begin.
                return wait(Int.random(in: 1...generator.load.everyMilliseconds), channel)
            }
            for _ in 0..<generator.load.depth { send(channel) }
            channel.flush()
        }

        /// What comes later than it was to is measured from when it was to come.
        private func wait(_ milliseconds: Int, _ channel: Channel) {
            let due = DispatchTime.now().uptimeNanoseconds + UInt64(milliseconds) * 1_000_000
            timer = channel.loop.schedule(afterMilliseconds: milliseconds) { [self] in
                guard due < generator.end else { return finish(channel, nil) }
                send(channel, at: due)
                channel.flush()
            }
        }

        private func send(_ channel: Channel, at time: UInt64? = nil) {
            let number = generator.numbers.add(1, ordering: .relaxed).newValue
            started[number] = time ?? DispatchTime.now().uptimeNanoseconds
            channel.write { generator.load.request(number, &$0) }
        }

        func channel(_ channel: Channel, received bytes: Span<UInt8>) {
            decoder.append(bytes)
            do {
                while let decoded = try decoder.next() {
                    guard case .frame(let frame) = decoded else { return finish(channel, "a damaged frame") }
                    take(frame, channel)
                }
            } catch {
                finish(channel, "\(error)")
            }
        }

        private func take(_ frame: Frame, _ channel: Channel) {
            switch frame.header.type {
            case .hello: channel.write { Authenticate(client: "pinyon-bench", key: self.generator.load.key ?? "").append(to: &$0) }
            case .welcome: fill(channel)
            case .error:
                measured.failures += 1
                let fault = try? Fault.read(frame.body)
                measured.firstFailure = measured.firstFailure ?? fault?.description
                if frame.header.request == 0 { return finish(channel, fault?.description ?? "ended") }
                answered(frame.header.request, channel, counts: false)
            default: answered(frame.header.request, channel, counts: true)
            }
        }

        private func answered(_ number: UInt64, _ channel: Channel, counts: Bool) {
            let now = DispatchTime.now().uptimeNanoseconds
            guard let start = started.removeValue(forKey: number) else { return }
            if counts, start >= generator.begin, now <= generator.end { measured.durations.append(UInt32(clamping: now - start)) }
            guard generator.load.everyMilliseconds == 0 else {
                let next = start + UInt64(generator.load.everyMilliseconds) * 1_000_000
                return wait(max(0, Int(next > now ? (next - now) / 1_000_000 : 0)), channel)
            }
            if now < generator.end { send(channel) } else if started.isEmpty { finish(channel, nil) }
        }

        private func finish(_ channel: Channel, _ failure: String?) {
            guard !isDone else { return }
            isDone = true
            if let failure { measured.firstFailure = measured.firstFailure ?? failure }
            channel.close(.now)
            done(measured)
        }

        func channelDrained(_ channel: Channel) {}

        func channelClosed(_ channel: Channel, reason: CloseReason) { finish(channel, "closed: \(reason.description)") }
    }
}
