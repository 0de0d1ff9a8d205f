internal import Records
internal import Wire

typealias Answer = @Sendable (Result<Outcome, ClientError>) -> Void

/// What a stream brings to its reader, in order; after `end` or `failed` nothing more.
enum StreamPart: Sendable {
    case page(MemoryPage, bytes: Int)
    case end(count: Int64)
    case failed(ClientError)
}

/// The client's side of one connection, without I/O: frames in; bytes to send and answers to give out.
struct SessionState {
    enum Waiting {
        case answer(Operation.Name, Answer)
        case stream(@Sendable (StreamPart) -> Void)
    }

    struct Pending {
        let waiting: Waiting
        let deadline: UInt64
        /// Nil once it is on its way.
        var unsent: [UInt8]?
    }

    /// An answer that is to be given, once nothing is locked any more.
    typealias Delivery = @Sendable () -> Void

    enum Phase {
        case greeting
        case authenticating
        case open(organization: Identifier)
        /// The server is stopping; what is under way is still answered.
        case draining(organization: Identifier)
        case ended(ClientError)
    }

    private(set) var phase = Phase.greeting
    private(set) var inFlightMax = 0
    private(set) var frameBytesMax = 0
    private var pending: [UInt64: Pending] = [:]
    private var sent = 0
    private var nextRequest: UInt64 = 1
    /// No request before this one waits to be sent.
    private var nextUnsent: UInt64 = 1
    /// What waits for the socket.
    private(set) var outgoing: [UInt8] = []
    /// Requests are not turned into bytes for the socket beyond this; those behind them can still be taken back.
    private static let outgoingBytesMax = 8_388_608
    var flushIsScheduled = false

    var isUsable: Bool {
        switch phase {
        case .greeting, .authenticating, .open: true
        case .draining, .ended: false
        }
    }

    var isEmpty: Bool { pending.isEmpty }

    /// Whether the server has yet to accept the key.
    var isGreeting: Bool {
        switch phase {
        case .greeting, .authenticating: true
        case .open, .draining, .ended: false
        }
    }

    /// Takes a request; it is sent at once, or when the server's limit on requests under way allows.
    mutating func submit(_ request: Request, deadline: UInt64, _ waiting: Waiting) -> Result<UInt64, ClientError> {
        switch phase {
        case .ended(let error): return .failure(error)
        case .draining: return .failure(.connectionLost(reason: "the server is stopping"))
        case .greeting, .authenticating, .open: break
        }
        let id = nextRequest
        nextRequest += 1
        var frame: [UInt8] = []
        request.append(id: id, to: &frame)
        if let error = tooLarge(frame) { return .failure(error) }
        pending[id] = Pending(waiting: waiting, deadline: deadline, unsent: frame)
        release()
        return .success(id)
    }

    /// Known once the server has said what it takes.
    private func tooLarge(_ frame: [UInt8]) -> ClientError? {
        let bytes = frame.count - FrameHeader.byteCount
        return frameBytesMax > 0 && bytes > frameBytesMax ? .tooLarge(bytes: bytes, bytesMax: frameBytesMax) : nil
    }

    /// Sends what waits, as far as the server's limit and our own go.
    private mutating func release() {
        guard case .open = phase else { return }
        while nextUnsent < nextRequest, sent < inFlightMax, outgoing.count < SessionState.outgoingBytesMax {
            if let frame = pending[nextUnsent]?.unsent {
                pending[nextUnsent]?.unsent = nil
                outgoing += frame
                sent += 1
            }
            nextUnsent += 1
        }
    }

    /// What the socket is to be given now; more follows when this was taken.
    mutating func takeOutgoing() -> [UInt8] {
        defer {
            outgoing = []
            release()
        }
        return outgoing
    }

    /// Gives up a stream: what still comes of it is for nobody.
    mutating func giveUp(_ id: UInt64) {
        guard pending[id] != nil, cancel(id) == nil else { return }
        _ = finish(id)
    }

    mutating func cancel(_ id: UInt64) -> Delivery? {
        guard let dropped = pending[id] else { return nil }
        if dropped.unsent != nil {
            pending[id] = nil
            return SessionState.delivery(.cancelled, to: dropped)
        }
        FrameWriter.appendEmpty(.cancel, request: id, to: &outgoing)
        return nil
    }

    mutating func grant(_ bytes: Int) {
        Credit(bytes: UInt32(clamping: bytes)).append(to: &outgoing)
    }

    mutating func received(_ frame: Frame, authenticate: Authenticate) throws(ClientError) -> Delivery? {
        do throws(BodyError) {
            return try take(frame, authenticate)
        } catch {
            throw .protocolViolation(Fault(error).sentence)
        }
    }

    private mutating func take(_ frame: Frame, _ authenticate: Authenticate) throws(BodyError) -> Delivery? {
        switch (frame.header.type, phase) {
        case (.hello, .greeting):
            let hello = try Hello.read(frame.body)
            guard (hello.versionMin...max(hello.versionMin, hello.versionMax)).contains(FrameHeader.version) else {
                throw .malformed("the server speaks versions \(hello.versionMin) to \(hello.versionMax)")
            }
            guard hello.inFlightMax > 0, hello.frameBytesMax > 0 else { throw .malformed("the server takes no requests") }
            inFlightMax = Int(hello.inFlightMax)
            frameBytesMax = Int(hello.frameBytesMax)
            authenticate.append(to: &outgoing)
            phase = .authenticating
            return refuseTooLarge()
        case (.welcome, .authenticating):
            phase = .open(organization: try Welcome.read(frame.body).organization)
            release()
        case (.reply, .open(let organization)), (.reply, .draining(let organization)):
            return try reply(frame, organization)
        case (.item, .open(let organization)), (.item, .draining(let organization)):
            let bytes = frame.body.count + FrameHeader.byteCount
            guard case .stream(let sink)? = pending[frame.header.request]?.waiting else {
                // Of a stream that was given up; what it used of the credit is given back all the same.
                grant(bytes)
                return nil
            }
            guard case .page(let page) = try Outcome.read(.stream, frame.body, of: organization) else { return nil }
            return { sink(.page(page, bytes: bytes)) }
        case (.end, .open), (.end, .draining):
            let end = try StreamEnd.read(frame.body)
            guard case .stream(let sink)? = finish(frame.header.request)?.waiting else { return nil }
            return { sink(.end(count: end.count)) }
        case (.error, _):
            let fault = try Fault.read(frame.body)
            guard frame.header.request != 0, !fault.code.endsConnection else { return end(.refused(fault)) }
            guard let waiting = finish(frame.header.request) else { return nil }
            return SessionState.delivery(.refused(fault), to: waiting)
        case (.goodbye, .open(let organization)):
            phase = .draining(organization: organization)
        case (.goodbye, _): break
        case (.hello, _), (.welcome, _), (.reply, _), (.item, _), (.end, _), (.authenticate, _), (.request, _), (.cancel, _), (.credit, _):
            throw .malformed("a frame of type \(frame.header.type) is not expected here")
        }
        return nil
    }

    /// What was asked for before the server said how much it takes.
    private mutating func refuseTooLarge() -> Delivery? {
        let refused = pending.compactMap { id, waiting in waiting.unsent.flatMap(tooLarge).map { (id, SessionState.delivery($0, to: waiting)) } }
        for (id, _) in refused { pending[id] = nil }
        return { for (_, delivery) in refused { delivery() } }
    }

    private mutating func reply(_ frame: Frame, _ organization: Identifier) throws(BodyError) -> Delivery? {
        guard let waiting = finish(frame.header.request) else { return nil }
        guard case .answer(let name, let answer) = waiting.waiting else { throw .malformed("a reply came where a stream was wanted") }
        do throws(BodyError) {
            let outcome = try Outcome.read(name, frame.body, of: organization)
            return { answer(.success(outcome)) }
        } catch {
            let failure = ClientError.protocolViolation(Fault(error).sentence)
            return { answer(.failure(failure)) }
        }
    }

    private mutating func finish(_ id: UInt64) -> Pending? {
        guard let found = pending.removeValue(forKey: id) else { return nil }
        if found.unsent == nil { sent -= 1 }
        release()
        return found
    }

    /// Ends the session: whoever waits is told why. Requests that were never sent are told that they were not.
    mutating func end(_ error: ClientError) -> Delivery? {
        if case .ended = phase { return nil }
        phase = .ended(error)
        let all = pending
        pending = [:]
        outgoing = []
        guard !all.isEmpty else { return nil }
        return {
            for (_, waiting) in all.sorted(by: { $0.key < $1.key }) {
                let told: ClientError = if waiting.unsent != nil, case .connectionLost(let reason) = error { .unreachable(address: "the server", reason: reason) } else { error }
                SessionState.delivery(told, to: waiting)()
            }
        }
    }

    /// The requests that wait longer than they may.
    mutating func passed(to ticks: UInt64) -> Delivery? {
        let late = pending.filter { $0.value.deadline < ticks }
        guard !late.isEmpty else { return nil }
        for id in late.keys { _ = finish(id) }
        return { for waiting in late.values { SessionState.delivery(.timedOut, to: waiting)() } }
    }

    private static func delivery(_ error: ClientError, to pending: Pending) -> Delivery {
        switch pending.waiting {
        case .answer(_, let answer): return { answer(.failure(error)) }
        case .stream(let sink): return { sink(.failed(error)) }
        }
    }
}
