internal import Engine
internal import Records
internal import Wire

/// One connection's side of the protocol, without I/O: frames and moments in, actions out.
///
/// Whoever performs the actions holds it on one queue. Invariants: nothing is performed before a key was accepted; each request that was taken
/// gets one final answer, unless the connection ends first; a request counts until its work has ended, also when it was answered before.
struct ConnectionState {
    enum Phase {
        case awaitingKey
        case open(Principal)
        /// Nothing new is taken; what is under way is finished.
        case draining(Principal)
        case closed
    }

    enum Action {
        case nothing
        case authenticate(Authenticate)
        case perform(Request, id: UInt64, fingerprint: ArraySlice<UInt8>)
        case pong(id: UInt64)
        case cancel(id: UInt64)
        case resumeStreams
        /// An error for one request, or a refusal of it; the connection goes on.
        case refuse(Fault, id: UInt64)
        /// The last error, if there is one to tell, and the end.
        case end(Fault?)
    }

    private(set) var phase = Phase.awaitingKey
    /// Bytes of stream items that may still be sent; below zero after an item that was larger than what was left.
    private(set) var streamCredit: Int64 = 0
    private var underWay: [UInt64: OperationContext] = [:]
    private var atWork = 0
    private let limits: ServerLimits
    private let openedAt: UInt64
    private var heardAt: UInt64

    init(limits: ServerLimits, at ticks: UInt64) {
        self.limits = limits
        openedAt = ticks
        heardAt = ticks
    }

    mutating func received(_ decoded: FrameDecoder.Decoded, at ticks: UInt64) -> Action {
        heardAt = ticks
        switch decoded {
        case .frame(let frame): return received(frame)
        case .damaged(let header): return damaged(header, Fault(.bodyChecksum, isRetryable: true, sentence: "the checksum of a body is wrong"))
        case .unaligned(let header): return damaged(header, Fault(.malformedBody, sentence: "the length of a body is no multiple of 8"))
        }
    }

    /// The end of a connection on which bytes came that are no frame.
    mutating func broke(_ error: FrameError) -> Action { end(Fault(error)) }

    private mutating func damaged(_ header: FrameHeader, _ fault: Fault) -> Action {
        switch phase {
        case .awaitingKey: end(Fault(.malformedHandshake, sentence: fault.sentence))
        case .open, .draining: header.type == .request ? .refuse(fault, id: header.request) : end(unexpected(header.type))
        case .closed: .nothing
        }
    }

    private mutating func received(_ frame: Frame) -> Action {
        switch phase {
        case .closed: .nothing
        case .awaitingKey: receivedBeforeKey(frame)
        case .open(let principal), .draining(let principal): receivedAfterKey(frame, principal)
        }
    }

    private mutating func receivedBeforeKey(_ frame: Frame) -> Action {
        guard frame.header.type == .authenticate else { return end(unexpected(frame.header.type)) }
        do throws(BodyError) {
            let wish = try Authenticate.read(frame.body)
            guard wish.version == FrameHeader.version else { return end(Fault(FrameError.unsupportedVersion(wish.version))) }
            return .authenticate(wish)
        } catch {
            return end(Fault(.malformedHandshake, sentence: Fault(error).sentence))
        }
    }

    private mutating func receivedAfterKey(_ frame: Frame, _ principal: Principal) -> Action {
        switch frame.header.type {
        case .request: return requested(frame)
        case .cancel: return .cancel(id: frame.header.request)
        case .credit:
            do throws(BodyError) {
                return grant(Int64(try Credit.read(frame.body).bytes))
            } catch {
                return end(Fault(.malformedHandshake, sentence: Fault(error).sentence))
            }
        case .goodbye:
            phase = .draining(principal)
            return isIdle ? end(nil) : .nothing
        case .hello, .authenticate, .welcome, .reply, .error, .item, .end: return end(unexpected(frame.header.type))
        }
    }

    private mutating func grant(_ bytes: Int64) -> Action {
        let wasStopped = streamCredit <= 0
        streamCredit += bytes
        guard streamCredit <= limits.streamCreditMax else {
            return end(Fault(.creditOverflow, sentence: "more credit was given for streams than \(limits.streamCreditMax) bytes"))
        }
        return wasStopped && streamCredit > 0 ? .resumeStreams : .nothing
    }

    private mutating func requested(_ frame: Frame) -> Action {
        let id = frame.header.request
        if case .draining = phase {
            return .refuse(
                Fault(.draining, isRetryable: true, retryAfterMilliseconds: limits.retryAfterMilliseconds, sentence: "this connection takes nothing new; make another"), id: id)
        }
        guard id != 0 else { return .refuse(Fault(.invalidField, field: "request", sentence: "request ids are not zero"), id: 0) }
        guard underWay[id] == nil else { return .refuse(Fault(.requestIdInUse, sentence: "request \(id) is still under way"), id: id) }
        guard atWork < limits.inFlightMax else {
            let sentence = "more than \(limits.inFlightMax) requests of this connection are under way"
            return .refuse(
                Fault(.tooManyInFlight, isRetryable: true, retryAfterMilliseconds: limits.retryAfterMilliseconds, sentence: sentence), id: id)
        }
        if frame.header.operation == Operation.Name.ping.rawValue, frame.body.isEmpty { return .pong(id: id) }
        do throws(BodyError) {
            let (request, start) = try Request.read(frame)
            return .perform(request, id: id, fingerprint: frame.body[start...])
        } catch {
            return .refuse(Fault(error), id: id)
        }
    }

    private func unexpected(_ type: FrameType) -> Fault { Fault(.unexpectedFrame, sentence: "a frame of type \(type) is not expected here") }

    private mutating func end(_ fault: Fault?) -> Action {
        phase = .closed
        return .end(fault)
    }
}

extension ConnectionState {
    mutating func accepted(_ principal: Principal, streamCredit: UInt32) {
        phase = .open(principal)
        self.streamCredit = min(Int64(streamCredit), limits.streamCreditMax)
    }

    mutating func refused(_ fault: Fault) -> Action { end(fault) }

    mutating func began(_ id: UInt64, _ context: OperationContext) {
        underWay[id] = context
        atWork += 1
    }

    /// Whether the request is still to be answered with what its work came to; its work has ended.
    mutating func finished(_ id: UInt64, _ context: OperationContext, at ticks: UInt64) -> Bool {
        atWork -= 1
        // Who waited for a long answer was not silent.
        heardAt = max(heardAt, ticks)
        return answered(id, context)
    }

    /// Whether the request was still to be answered; its work may go on.
    mutating func answered(_ id: UInt64, _ context: OperationContext) -> Bool {
        guard underWay[id] === context else { return false }
        underWay[id] = nil
        return true
    }

    func isUnderWay(_ id: UInt64, _ context: OperationContext) -> Bool { underWay[id] === context }

    func context(of id: UInt64) -> OperationContext? { underWay[id] }

    /// The work that nobody waits for any more, when the connection is gone.
    mutating func abandonAll() -> [OperationContext] {
        phase = .closed
        defer { underWay = [:] }
        return Array(underWay.values)
    }

    mutating func spent(_ itemBytes: Int) { streamCredit -= Int64(itemBytes) }

    var isIdle: Bool { underWay.isEmpty }

    var isDraining: Bool {
        if case .draining = phase { true } else { false }
    }

    var isClosed: Bool {
        if case .closed = phase { true } else { false }
    }

    /// Whether a goodbye is due: only who is inside is told; others are refused.
    mutating func drain() -> Action? {
        switch phase {
        case .awaitingKey: return end(Fault(.shuttingDown, isRetryable: true, sentence: "the server is stopping"))
        case .open(let principal):
            phase = .draining(principal)
            return nil
        case .draining, .closed: return .nothing
        }
    }

    /// What time alone brings about: the requests whose deadline has passed, and the end of a connection that is silent.
    mutating func passed(to ticks: UInt64) -> (expired: [(UInt64, OperationContext)], action: Action) {
        var expired: [(UInt64, OperationContext)] = []
        for (id, context) in underWay where context.deadline.map({ $0 < ticks }) ?? false { expired.append((id, context)) }
        switch phase {
        case .awaitingKey:
            guard ticks &- openedAt > UInt64(limits.handshakeMilliseconds) * 1_000_000 else { return (expired, .nothing) }
            return (expired, end(Fault(.handshakeTimeout, sentence: "no key came within \(limits.handshakeMilliseconds) ms")))
        case .open, .draining:
            guard underWay.isEmpty, ticks > heardAt, ticks - heardAt > UInt64(limits.idleMilliseconds) * 1_000_000 else { return (expired, .nothing) }
            return (expired, end(Fault(.idleTimeout, isRetryable: true, sentence: "nothing came for \(limits.idleMilliseconds) ms")))
        case .closed: return (expired, .nothing)
        }
    }
}
