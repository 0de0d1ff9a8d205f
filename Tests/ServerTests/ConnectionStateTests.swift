import Engine
import Records
import Testing
import Wire

@testable import Server

@Suite("A connection's state decides without I/O")
struct ConnectionStateTests {
    private let clock = Clock(now: { Timestamp(microseconds: 0) }, ticks: { 0 })
    private let principal = Principal(
        organization: Identifier(high: 1, low: 1), key: Identifier(high: 2, low: 2), scopes: Set(Scope.allCases))

    private func frame(_ type: FrameType, id: UInt64 = 0, operation: UInt16 = 0, body: [UInt8] = []) -> FrameDecoder.Decoded {
        .frame(Frame(header: FrameHeader(type: type, request: id, operation: operation, bodyBytes: UInt32(body.count)), body: body))
    }

    private func encoded(_ write: (inout [UInt8]) -> Void) throws -> FrameDecoder.Decoded {
        var bytes: [UInt8] = []
        write(&bytes)
        var decoder = FrameDecoder(bodyBytesMax: 1 << 20)
        decoder.append(bytes.span)
        return try #require(try decoder.next())
    }

    private func open(_ limits: ServerLimits = ServerLimits()) -> ConnectionState {
        var state = ConnectionState(limits: limits, at: 0)
        state.accepted(principal, streamCredit: 1_000)
        return state
    }

    private func endCode(_ action: ConnectionState.Action) -> ErrorCode? {
        if case .end(let fault?) = action { fault.code } else { nil }
    }

    private func refusal(_ action: ConnectionState.Action) -> (ErrorCode, UInt64)? {
        if case .refuse(let fault, let id) = action { (fault.code, id) } else { nil }
    }

    @Test("the key is asked about before anything else is done")
    func authenticateFirst() throws {
        var state = ConnectionState(limits: ServerLimits(), at: 0)
        let action = state.received(try encoded { Authenticate(client: "test", key: "pny_x").append(to: &$0) }, at: 1)
        guard case .authenticate(let wish) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(wish.key == "pny_x")
    }

    @Test("a request before the key ends the connection", arguments: FrameType.allCases.filter { $0 != .authenticate })
    func nothingBeforeTheKey(type: FrameType) {
        var state = ConnectionState(limits: ServerLimits(), at: 0)
        #expect(endCode(state.received(frame(type, id: 1, operation: 1), at: 1)) == .unexpectedFrame)
        #expect(state.isClosed)
    }

    @Test("another version, a malformed wish and a damaged one end the handshake with their codes")
    func badHandshakes() throws {
        var state = ConnectionState(limits: ServerLimits(), at: 0)
        let other = try encoded { Authenticate(version: 9, client: "", key: "k").append(to: &$0) }
        #expect(endCode(state.received(other, at: 1)) == .unsupportedVersion)
        state = ConnectionState(limits: ServerLimits(), at: 0)
        #expect(endCode(state.received(frame(.authenticate), at: 1)) == .malformedHandshake)
        state = ConnectionState(limits: ServerLimits(), at: 0)
        #expect(endCode(state.received(.damaged(FrameHeader(type: .authenticate, request: 0)), at: 1)) == .malformedHandshake)
    }

    @Test("no key within the handshake's time ends the connection")
    func handshakeTimeout() {
        var limits = ServerLimits()
        limits.handshakeMilliseconds = 10
        var state = ConnectionState(limits: limits, at: 0)
        guard case .nothing = state.passed(to: 10_000_000).action else {
            Issue.record("too early")
            return
        }
        #expect(endCode(state.passed(to: 10_000_001).action) == .handshakeTimeout)
    }

    @Test("silence ends an open connection, but not while something is under way")
    func idleTimeout() {
        var limits = ServerLimits()
        limits.idleMilliseconds = 10
        var state = open(limits)
        let context = OperationContext(clock: clock)
        state.began(1, context)
        guard case .nothing = state.passed(to: 1_000_000_000).action else {
            Issue.record("ended with a request under way")
            return
        }
        let wasOwed = state.finished(1, context, at: 1_000_000_000)
        #expect(wasOwed)
        guard case .nothing = state.passed(to: 1_010_000_000).action else {
            Issue.record("who waited for an answer was not silent")
            return
        }
        #expect(endCode(state.passed(to: 1_010_000_001).action) == .idleTimeout)
    }

    @Test("a damaged or unaligned body fails its request alone")
    func damagedBody() {
        var state = open()
        #expect(refusal(state.received(.damaged(FrameHeader(type: .request, request: 7)), at: 1))! == (.bodyChecksum, 7))
        #expect(refusal(state.received(.unaligned(FrameHeader(type: .request, request: 8)), at: 1))! == (.malformedBody, 8))
        #expect(!state.isClosed)
    }

    @Test("an unknown operation, a malformed body and request 0 are refused, and the connection goes on")
    func badRequests() {
        var state = open()
        #expect(refusal(state.received(frame(.request, id: 1, operation: 999), at: 1))! == (.unknownOperation, 1))
        let cut: [UInt8] = [16, 0, 0, 0, 255, 0, 0, 0]
        #expect(refusal(state.received(frame(.request, id: 2, operation: Operation.Name.get.rawValue, body: cut), at: 1))! == (.malformedBody, 2))
        #expect(refusal(state.received(frame(.request, id: 0, operation: 1), at: 1))! == (.invalidField, 0))
        #expect(!state.isClosed)
    }

    @Test("an id is in use until its answer, and a request counts until its work has ended")
    func underWay() {
        var limits = ServerLimits()
        limits.inFlightMax = 2
        var state = open(limits)
        let first = OperationContext(clock: clock)
        let second = OperationContext(clock: clock)
        state.began(1, first)
        #expect(refusal(state.received(frame(.request, id: 1, operation: 2), at: 1))! == (.requestIdInUse, 1))
        #expect((state.answered(1, first)) == true)
        #expect((state.answered(1, first)) == false)
        state.began(1, second)
        #expect(refusal(state.received(frame(.request, id: 3, operation: 2), at: 1))! == (.tooManyInFlight, 3))
        #expect((state.finished(1, first, at: 1)) == false, "the answer of the abandoned request is for nobody")
        #expect((state.finished(1, second, at: 1)) == true)
        guard case .perform = state.received(frame(.request, id: 3, operation: 2), at: 1) else {
            Issue.record("there is room again")
            return
        }
    }

    @Test("frames that only a server sends end the connection", arguments: [FrameType.hello, .welcome, .reply, .error, .item, .end, .authenticate])
    func unexpectedFrames(type: FrameType) {
        var state = open()
        #expect(endCode(state.received(frame(type, id: 1), at: 1)) == .unexpectedFrame)
    }

    @Test("credit that was used up and given again lets streams go on; too much ends the connection")
    func credit() throws {
        var state = open()
        state.spent(1_500)
        #expect(state.streamCredit == -500)
        guard case .nothing = state.received(try encoded { Credit(bytes: 500).append(to: &$0) }, at: 1) else {
            Issue.record("still nothing to spend")
            return
        }
        guard case .resumeStreams = state.received(try encoded { Credit(bytes: 1).append(to: &$0) }, at: 1) else {
            Issue.record("streams may go on")
            return
        }
        let most = try encoded { Credit(bytes: .max).append(to: &$0) }
        #expect(endCode(state.received(most, at: 1)) == .creditOverflow)
    }

    @Test("a draining connection takes nothing new and ends when it is idle")
    func draining() {
        var state = open()
        let context = OperationContext(clock: clock)
        state.began(1, context)
        #expect(state.drain() == nil)
        #expect(refusal(state.received(frame(.request, id: 2, operation: 2), at: 1))! == (.draining, 2))
        #expect(state.isDraining && !state.isIdle)
        #expect((state.finished(1, context, at: 1)) == true)
        #expect(state.isIdle)
    }

    @Test("a goodbye lets what is under way finish")
    func goodbye() {
        var state = open()
        let context = OperationContext(clock: clock)
        state.began(1, context)
        guard case .nothing = state.received(frame(.goodbye), at: 1) else {
            Issue.record("something is under way")
            return
        }
        #expect(state.isDraining)
        state = open()
        guard case .end(nil) = state.received(frame(.goodbye), at: 1) else {
            Issue.record("nothing is under way")
            return
        }
    }

    @Test("requests past their deadline are named, others are not")
    func deadlines() {
        var state = open()
        let late = OperationContext(clock: clock, deadline: 5)
        let early = OperationContext(clock: clock, deadline: 50)
        state.began(1, late)
        state.began(2, early)
        #expect(state.passed(to: 10).expired.map(\.0) == [1])
    }

    @Test("an empty ping is answered on the spot, one with fields is read like any request")
    func ping() {
        var state = open()
        guard case .pong(4) = state.received(frame(.request, id: 4, operation: Operation.Name.ping.rawValue), at: 1) else {
            Issue.record("a ping is a pong")
            return
        }
    }

    @Test("every kind of engine error has a code that keeps the connection")
    func engineErrors() {
        let id = Identifier(high: 1, low: 2)
        let errors: [EngineError] = [
            .forbidden(.memoriesRead), .field(FieldError("k", .missing)), .notFound(.memory, id), .alreadyExists(.memory, "x"),
            .versionMismatch(expected: 1, found: 2), .idempotencyMismatch, .noEmbedder, .embedderUnavailable(retryAfter: 3), .embedderRefused, .deadlineExceeded, .cancelled, .busy("writes"),
            .storeUnavailable, .storeFull, .dataCorrupted("x"), .replyTooLarge(bytesMax: 1), .internalError,
        ]
        let faults = errors.map { Fault($0, retryAfterMilliseconds: 5) }
        #expect(faults.allSatisfy { !$0.code.endsConnection && !$0.sentence.isEmpty })
        #expect(Set(faults.map(\.code)).count == errors.count)
    }
}
