internal import Dispatch
internal import Synchronization

/// A serial queue on which the channels given to it live.
///
/// It targets the system's own queue of its class and no common one of ours, so that loops run side by side. A handler that blocks holds up every
/// channel of its loop.
public final class EventLoop: Sendable {
    private let queue: DispatchQueue
    /// Tells of its sockets.
    let poller: Poller
    /// What sockets are read into.
    let incoming = ReadBuffer(capacity: EventLoop.readBytes)
    /// What is decrypted of it: a read, and what was kept of the record before it.
    let plaintext = ReadBuffer(capacity: EventLoop.readBytes)

    private static let key = DispatchSpecificKey<ObjectIdentifier>()
    private static let readBytes = 262_144

    init(number: Int) {
        queue = DispatchQueue(label: "pinyon.loop.\(number)", qos: .userInitiated)
        poller = Poller(queue)
        queue.setSpecific(key: EventLoop.key, value: ObjectIdentifier(self))
    }

    /// Runs later on the loop, after what was given to it before; never at once, also when called on the loop.
    public func execute(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    /// Whether the caller runs on this loop.
    public var isCurrent: Bool { DispatchQueue.getSpecific(key: EventLoop.key) == ObjectIdentifier(self) }

    public func schedule(afterMilliseconds milliseconds: Int, _ work: @escaping @Sendable () -> Void) -> LoopTimer {
        LoopTimer(queue, first: milliseconds, every: nil, work)
    }

    /// For the first time after one interval. A late loop skips the beats that it missed.
    public func every(milliseconds: Int, _ work: @escaping @Sendable () -> Void) -> LoopTimer {
        LoopTimer(queue, first: milliseconds, every: milliseconds, work)
    }
}

/// An object of Dispatch's that several threads may hold.
struct Shared<Source>: @unchecked Sendable {
    // Dispatch guards its own objects; its Swift face does not say so.
    let source: Source

    init(_ source: Source) { self.source = source }
}

/// A timer on a loop. It fires no more once it is let go, or cancelled on its loop; cancelled elsewhere, a call under way still ends.
public final class LoopTimer: Sendable {
    private let timer: Shared<any DispatchSourceTimer>

    init(_ queue: DispatchQueue, first: Int, every: Int?, _ work: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeTimerSource(queue: queue)
        timer = Shared(source)
        if let every {
            let interval = max(1, every)
            source.schedule(deadline: .now() + .milliseconds(first), repeating: .milliseconds(interval), leeway: .milliseconds(interval / 10))
        } else {
            source.schedule(deadline: .now() + .milliseconds(first))
        }
        source.setEventHandler(handler: work)
        source.resume()
    }

    public func cancel() { timer.source.cancel() }

    deinit { timer.source.cancel() }
}

/// A few loops, handed out in turn.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]
    private let turn = Atomic<UInt>(0)

    public init(count: Int) {
        loops = (0..<max(1, count)).map { EventLoop(number: $0) }
    }

    public func next() -> EventLoop {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(number % UInt(loops.count))]
    }
}
