internal import CSystem
internal import Dispatch

/// Tells which of a queue's sockets can be read or written, on that queue.
///
/// The sockets lie in a set of the system's (epoll), and Dispatch watches the set in their place. It cannot be given sockets themselves: of one that hangs up
/// it wakes the queue and then goes on using what the queue, on another core, is already freeing. A set never hangs up. It also tells of many sockets
/// at once, and goes on telling for as long as there is something to read.
final class Poller: @unchecked Sendable {
    // Touched on the queue alone, which guards it.
    private let queue: DispatchQueue
    private(set) var set: Int32 = -1
    private var source: (any DispatchSourceRead)?
    private var sockets: [Int32: Watched] = [:]
    /// Tells a socket from an earlier one of its number, of which an event may have been fetched already.
    private var serial: UInt32 = 0
    private var events = [pinyon_poll_event](repeating: pinyon_poll_event(), count: 64)

    struct Interest: OptionSet {
        let rawValue: Int32

        static let reads = Interest(rawValue: 1)
        static let writes = Interest(rawValue: 2)
    }

    private struct Watched {
        let token: UInt64
        var interest: Interest
        let ready: (Interest) -> Void
    }

    init(_ queue: DispatchQueue) { self.queue = queue }

    deinit { source?.cancel() }

    /// `ready` is called, and kept, until the socket is let go; it may let go of any socket, and watch others. It is told of what is waited for, also when
    /// all that will come of it is an error or the end, and again until that is no longer so.
    func watch(_ socket: Int32, for interest: Interest, _ ready: @escaping (Interest) -> Void) throws(TransportError) {
        try open()
        serial &+= 1
        let watched = Watched(token: UInt64(serial) << 32 | UInt64(UInt32(bitPattern: socket)), interest: interest, ready: ready)
        guard pinyon_poll_add(set, socket, watched.token, interest.rawValue) == 0 else { throw Socket.failure("epoll_ctl") }
        sockets[socket] = watched
    }

    func change(_ socket: Int32, to interest: Interest) {
        guard let watched = sockets[socket], watched.interest != interest else { return }
        sockets[socket]?.interest = interest
        // Of a socket that is in the set this cannot fail.
        _ = pinyon_poll_change(set, socket, watched.token, interest.rawValue)
    }

    /// Before the socket is closed. Nothing more is told of it.
    func letGo(_ socket: Int32) {
        guard sockets.removeValue(forKey: socket) != nil else { return }
        _ = pinyon_poll_remove(set, socket)
    }

    /// Takes what the first socket would, from another thread than the queue's: who would fail for want of a descriptor does so here.
    func prepare() throws(TransportError) {
        try queue.sync { Result { () throws(TransportError) in try open() } }.get()
    }

    private func open() throws(TransportError) {
        guard set < 0 else { return }
        let made = pinyon_poll_open()
        guard made >= 0 else { throw Socket.failure("epoll_create1") }
        set = made
        let source = DispatchSource.makeReadSource(fileDescriptor: made, queue: queue)
        source.setEventHandler { [weak self] in self?.tell() }
        source.setCancelHandler { Socket.close(made) }
        source.resume()
        self.source = source
    }

    private func tell() {
        let count = unsafe events.withUnsafeMutableBufferPointer { unsafe pinyon_poll_events(set, $0.baseAddress, Int32($0.count)) }
        for number in 0..<max(0, Int(count)) {
            let event = events[number]
            guard let watched = sockets[Int32(truncatingIfNeeded: event.token)], watched.token == event.token else { continue }
            let ready = Interest(rawValue: event.ready).intersection(watched.interest)
            if !ready.isEmpty { watched.ready(ready) }
        }
    }
}
