internal import Dispatch
internal import Synchronization

/// A serial queue on which the channels given to it live.
public final class EventLoop: Sendable {
    let queue: DispatchQueue
    /// What the sockets of this loop are read into; lent out while bytes are delivered.
    private let buffer = Mutex<[UInt8]>([])
    private static let key = DispatchSpecificKey<ObjectIdentifier>()
    static let readBytes = 262_144

    init(number: Int) {
        queue = DispatchQueue(label: "pinyon.loop.\(number)", qos: .userInitiated)
        queue.setSpecific(key: EventLoop.key, value: ObjectIdentifier(self))
    }

    public func execute(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    public var isCurrent: Bool { DispatchQueue.getSpecific(key: EventLoop.key) == ObjectIdentifier(self) }

    public func schedule(afterMilliseconds milliseconds: Int, _ work: @escaping @Sendable () -> Void) -> LoopTimer {
        LoopTimer(queue, first: milliseconds, every: nil, work)
    }

    public func every(milliseconds: Int, _ work: @escaping @Sendable () -> Void) -> LoopTimer {
        LoopTimer(queue, first: milliseconds, every: milliseconds, work)
    }

    func takeBuffer() -> [UInt8] {
        let taken = buffer.withLock { buffer in
            defer { buffer = [] }
            return buffer
        }
        return taken.isEmpty ? [UInt8](repeating: 0, count: EventLoop.readBytes) : taken
    }

    func giveBack(_ used: consuming [UInt8]) {
        let used = used
        buffer.withLock { $0 = used }
    }
}

/// A source of Dispatch's that several threads may hold.
struct Shared<Source>: @unchecked Sendable {
    // Dispatch guards its own objects; its Swift face does not say so.
    let source: Source

    init(_ source: Source) { self.source = source }
}

/// A timer on a loop. It fires no more once it is cancelled or let go.
public final class LoopTimer: Sendable {
    private let timer: Shared<any DispatchSourceTimer>

    init(_ queue: DispatchQueue, first: Int, every: Int?, _ work: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeTimerSource(queue: queue)
        timer = Shared(source)
        if let every {
            source.schedule(deadline: .now() + .milliseconds(first), repeating: .milliseconds(every), leeway: .milliseconds(max(1, every / 10)))
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
    private let turn = Atomic<Int>(0)

    public init(count: Int) {
        loops = (0..<max(1, count)).map { EventLoop(number: $0) }
    }

    public func next() -> EventLoop {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: number) % UInt(loops.count))]
    }
}
