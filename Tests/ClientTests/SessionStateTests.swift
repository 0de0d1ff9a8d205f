import Records
import Synchronization
import Testing
import Wire

@testable import Client

/// Collects answers in the order in which they are given.
final class Answers: Sendable {
    let all = Mutex<[Result<Outcome, ClientError>]>([])
    let parts = Mutex<[String]>([])

    var answer: Answer { { result in self.all.withLock { $0.append(result) } } }

    var sink: @Sendable (StreamPart) -> Void {
        { part in
            self.parts.withLock {
                switch part {
                case .page(let page, _): $0.append("page \(page.memories.count)")
                case .end(let count): $0.append("end \(count)")
                case .failed(let error): $0.append("failed \(error)")
                }
            }
        }
    }

    var results: [Result<Outcome, ClientError>] { all.withLock { $0 } }
}

@Suite("A session's state decides without I/O")
struct SessionStateTests {
    private let wish = Authenticate(client: "test", key: "pny_x")
    private let organization = Identifier(high: 1, low: 1)

    private func decode(_ bytes: [UInt8]) throws -> [Frame] {
        var decoder = FrameDecoder(bodyBytesMax: 1 << 24)
        decoder.append(bytes.span)
        var frames: [Frame] = []
        while let decoded = try decoder.next() {
            guard case .frame(let frame) = decoded else { continue }
            frames.append(frame)
        }
        return frames
    }

    private func feed(_ state: inout SessionState, _ write: (inout [UInt8]) -> Void) throws {
        var bytes: [UInt8] = []
        write(&bytes)
        for frame in try decode(bytes) { try state.received(frame, authenticate: wish)?() }
    }

    private func greet(_ state: inout SessionState, inFlightMax: UInt32 = 10, frameBytesMax: UInt32 = 1 << 20) throws {
        try feed(&state) { Hello(server: "s", frameBytesMax: frameBytesMax, inFlightMax: inFlightMax, handshakeMilliseconds: 1, idleMilliseconds: 1).append(to: &$0) }
        try feed(&state) { Welcome(features: .all, organization: organization, scopes: []).append(to: &$0) }
    }

    private func request(_ operation: Operation = .ping) -> Request { Request(envelope: Envelope(), operation: operation) }

    private func sent(_ state: inout SessionState) throws -> [Frame] {
        try decode(state.takeOutgoing())
    }

    @Test("the key leaves after hello, and requests after welcome, in their order")
    func handshake() throws {
        var state = SessionState()
        let answers = Answers()
        for _ in 0..<3 { _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer)) }
        #expect(try sent(&state).isEmpty)
        try feed(&state) { Hello(server: "s", frameBytesMax: 1 << 20, inFlightMax: 10, handshakeMilliseconds: 1, idleMilliseconds: 1).append(to: &$0) }
        #expect(try sent(&state).map(\.header.type) == [.authenticate])
        try feed(&state) { Welcome(features: .all, organization: organization, scopes: []).append(to: &$0) }
        #expect(try sent(&state).map(\.header.request) == [1, 2, 3])
    }

    private func large(_ bytes: Int) -> Request {
        request(.remember([MemoryDraft(agent: organization, content: String(repeating: "a", count: bytes))]))
    }

    @Test("what turns out too large for the server fails alone, also when it was asked before the server said so")
    func tooLarge() throws {
        var state = SessionState()
        let (good, early, late) = (Answers(), Answers(), Answers())
        _ = state.submit(request(), deadline: 10, .answer(.ping, good.answer))
        _ = state.submit(large(5_000), deadline: 10, .answer(.remember, early.answer))
        try greet(&state, frameBytesMax: 4_096)
        guard case .failure(.tooLarge(_, bytesMax: 4_096))? = early.results.first, early.results.count == 1 else {
            Issue.record("told \(early.results)")
            return
        }
        guard case .failure(.tooLarge) = state.submit(large(5_000), deadline: 10, .answer(.remember, late.answer)) else {
            Issue.record("taken although it is too large")
            return
        }
        #expect(try sent(&state).filter { $0.header.type == .request }.map(\.header.request) == [1])
        #expect(good.results.isEmpty && late.results.isEmpty)
    }

    @Test("only a few megabytes are made ready for the socket; the rest follows as it takes them, and can be taken back until then")
    func outgoingBound() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state, inFlightMax: 100, frameBytesMax: 1 << 24)
        _ = try sent(&state)
        for _ in 0..<20 { _ = state.submit(large(1 << 20), deadline: 10, .answer(.remember, answers.answer)) }
        #expect(state.outgoing.count < 10 << 20)
        state.cancel(20)?()
        #expect(answers.results == [.failure(.cancelled)])
        var ids: [UInt64] = []
        while !state.outgoing.isEmpty { ids += try sent(&state).map(\.header.request) }
        #expect(ids == Array(1...19))
    }

    @Test("no more requests are under way than the server takes; each answer lets the next one go")
    func inFlight() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state, inFlightMax: 2)
        _ = try sent(&state)
        for _ in 0..<4 { _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer)) }
        #expect(try sent(&state).map(\.header.request) == [1, 2])
        try feed(&state) { Outcome.pong.append(request: 2, operation: .ping, to: &$0) }
        #expect(try sent(&state).map(\.header.request) == [3])
        #expect(answers.results == [.success(.pong)])
    }

    @Test("answers reach those who asked, in whatever order they come; an error is told as it was sent")
    func matching() throws {
        var state = SessionState()
        let first = Answers()
        let second = Answers()
        try greet(&state)
        _ = state.submit(request(), deadline: 10, .answer(.ping, first.answer))
        _ = state.submit(request(.status), deadline: 10, .answer(.status, second.answer))
        try feed(&state) { Outcome.status(["a": 1]).append(request: 2, operation: .status, to: &$0) }
        #expect(first.results.isEmpty && second.results == [.success(.status(["a": 1]))])
        let fault = Fault(.busy, isRetryable: true, retryAfterMilliseconds: 7, sentence: "wait")
        try feed(&state) { fault.append(request: 1, to: &$0) }
        #expect(first.results == [.failure(.refused(fault))])
        try feed(&state) { Outcome.pong.append(request: 1, operation: .ping, to: &$0) }
        #expect(first.results.count == 1, "a second answer is for nobody")
    }

    @Test("the end of a connection is told to all; what was never sent may be sent again")
    func ending() throws {
        var state = SessionState()
        let sentOne = Answers()
        let queuedOne = Answers()
        try greet(&state, inFlightMax: 1)
        _ = state.submit(request(), deadline: 10, .answer(.ping, sentOne.answer))
        _ = state.submit(request(), deadline: 10, .answer(.ping, queuedOne.answer))
        state.end(.connectionLost(reason: "gone"))?()
        #expect(sentOne.results == [.failure(.connectionLost(reason: "gone"))])
        guard case .failure(.unreachable)? = queuedOne.results.first else {
            Issue.record("it was never sent")
            return
        }
        #expect(!state.isUsable && state.end(.closed) == nil)
        guard case .failure(.connectionLost) = state.submit(request(), deadline: 10, .answer(.ping, sentOne.answer)) else {
            Issue.record("an ended session takes nothing")
            return
        }
    }

    @Test("a request that waits to be sent is cancelled here; one that was sent is cancelled there")
    func cancelling() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state, inFlightMax: 1)
        _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer))
        _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer))
        _ = try sent(&state)
        state.cancel(2)?()
        #expect(answers.results == [.failure(.cancelled)])
        #expect(state.cancel(1) == nil)
        let frames = try sent(&state)
        #expect(frames.map(\.header.type) == [.cancel] && frames[0].header.request == 1)
        #expect(state.cancel(99) == nil)
    }

    @Test("who waits longer than he may is told, and his place is free")
    func deadlines() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state, inFlightMax: 1)
        _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer))
        _ = state.submit(request(), deadline: 20, .answer(.ping, answers.answer))
        _ = try sent(&state)
        #expect(state.passed(to: 10) == nil)
        state.passed(to: 11)?()
        #expect(answers.results == [.failure(.timedOut)])
        #expect(try sent(&state).map(\.header.request) == [2])
    }

    @Test("a stream's pages come in order and end once")
    func streams() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state)
        _ = state.submit(request(.stream(MemoryListing())), deadline: 10, .stream(answers.sink))
        try feed(&state) { Outcome.page(MemoryPage(memories: [], next: nil)).append(.item, request: 1, operation: .stream, to: &$0) }
        try feed(&state) { StreamEnd(count: 0).append(request: 1, operation: .stream, to: &$0) }
        try feed(&state) { Outcome.page(MemoryPage(memories: [], next: nil)).append(.item, request: 1, operation: .stream, to: &$0) }
        #expect(answers.parts.withLock { $0 } == ["page 0", "end 0"])
    }

    @Test("what still comes of a stream that was given up is granted again")
    func givenUp() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state)
        _ = state.submit(request(.stream(MemoryListing())), deadline: 10, .stream(answers.sink))
        _ = try sent(&state)
        state.giveUp(1)
        #expect(try sent(&state).map(\.header.type) == [.cancel])
        try feed(&state) { Outcome.page(MemoryPage(memories: [], next: nil)).append(.item, request: 1, operation: .stream, to: &$0) }
        #expect(try sent(&state).map(\.header.type) == [.credit])
        #expect(answers.parts.withLock { $0 }.isEmpty && state.isEmpty)
    }

    @Test("a server that speaks out of turn is not believed")
    func violations() throws {
        var state = SessionState()
        #expect(throws: ClientError.self) { try feed(&state) { Outcome.pong.append(request: 1, operation: .ping, to: &$0) } }
        var other = SessionState()
        #expect(throws: ClientError.self) { try feed(&other) { Hello(versionMin: 2, versionMax: 3, server: "s", frameBytesMax: 1, inFlightMax: 1, handshakeMilliseconds: 1, idleMilliseconds: 1).append(to: &$0) } }
    }

    @Test("a goodbye lets what is under way be answered, and takes nothing new")
    func goodbye() throws {
        var state = SessionState()
        let answers = Answers()
        try greet(&state)
        _ = state.submit(request(), deadline: 10, .answer(.ping, answers.answer))
        try feed(&state) { FrameWriter.appendEmpty(.goodbye, request: 0, to: &$0) }
        #expect(!state.isUsable)
        try feed(&state) { Outcome.pong.append(request: 1, operation: .ping, to: &$0) }
        #expect(answers.results == [.success(.pong)])
    }
}

@Suite("Retries")
struct RetryTests {
    @Test("only what is harmless is sent again")
    func safety() {
        #expect(ClientError.unreachable(address: "a", reason: "r").mayBeRetried(isHarmless: false))
        #expect(!ClientError.connectionLost(reason: "r").mayBeRetried(isHarmless: false))
        #expect(ClientError.connectionLost(reason: "r").mayBeRetried(isHarmless: true))
        #expect(ClientError.refused(Fault(.busy, isRetryable: true, sentence: "")).mayBeRetried(isHarmless: false))
        #expect(!ClientError.refused(Fault(.invalidField, sentence: "")).mayBeRetried(isHarmless: true))
        for error in [ClientError.notTrusted(address: "a", reason: "r"), .timedOut, .cancelled, .closed, .protocolViolation("x"), .tooLarge(bytes: 1, bytesMax: 0)] {
            #expect(!error.mayBeRetried(isHarmless: true))
        }
    }

    @Test("the wait doubles up to its bound, keeps half of it, and is never shorter than asked")
    func waits() {
        let policy = RetryPolicy(attemptsMax: 9, firstMilliseconds: 20, millisecondsMax: 200)
        var generator = SystemRandomNumberGenerator()
        for (attempt, bound) in [(1, 20), (2, 40), (3, 80), (4, 160), (5, 200), (40, 200)] as [(Int, UInt32)] {
            for _ in 0..<50 {
                let wait = policy.milliseconds(after: attempt, asked: nil, using: &generator)
                #expect((bound / 2...bound).contains(wait))
            }
            #expect(policy.milliseconds(after: attempt, asked: 5_000, using: &generator) == 5_000)
        }
    }
}
