internal import Engine
internal import Records
internal import Synchronization
internal import Transport
internal import Wire

/// One client: performs what its `ConnectionState` decides.
///
/// All of it lives on the channel's loop; only the outbox is touched by others. Answers that come from other queues gather there and leave in one send.
final class Connection: ChannelDelegate, @unchecked Sendable {
    // Everything but `outbox` is touched on the channel's loop alone, which is what makes sending this safe.
    private let server: MemoryServer
    private let channel: Channel
    private var state: ConnectionState
    private var decoder: FrameDecoder
    private var streams: [UInt64: StreamProgress] = [:]
    private let outbox = Mutex<[Answer]>([])
    /// Requests are being read; answers that come meanwhile on this loop are written when all are.
    private var isReading = false
    /// Answers that came while the client was not reading as fast as it asked.
    private var heldAnswers: [Answer] = []
    /// Requests with possibly large answers that wait for their turn.
    private var deferred: [Deferred] = []
    private var largeAtWork = 0
    /// Of the peer, as a number without port.
    private let peerHost: String
    /// Bytes of a frame that has not come whole, as the server counts them.
    private var heldBytes = 0

    private struct Answer: Sendable {
        let id: UInt64
        let operation: Operation
        let context: OperationContext
        let bodyBytes: Int
        let result: Result<Outcome, EngineError>
    }

    private struct Deferred {
        let operation: Operation
        let id: UInt64
        let principal: Principal
        let context: OperationContext
        let bodyBytes: Int
    }

    /// A stream between two pages.
    private struct StreamProgress {
        var listing: MemoryListing
        let context: OperationContext
        let bodyBytes: Int
        var sent: Int64 = 0
        /// A page that came while there was no credit.
        var page: MemoryPage?
    }

    init(_ server: MemoryServer, _ channel: Channel) {
        self.server = server
        self.channel = channel
        peerHost = (try? Address(channel.peerAddress))?.host ?? channel.peerAddress
        state = ConnectionState(limits: server.limits, at: server.clock.ticks())
        decoder = FrameDecoder(bodyBytesMax: server.limits.handshakeFrameBytesMax)
    }

    // MARK: What the channel says

    func channelOpened(_ channel: Channel) {
        switch server.admit(self) {
        case .admitted:
            let hello = server.hello
            channel.write { hello.append(to: &$0) }
        case .full: act(state.refused(Fault(.tooManyConnections, isRetryable: true, retryAfterMilliseconds: 1_000, sentence: "too many connections")))
        case .stopping: act(state.refused(Fault(.shuttingDown, isRetryable: true, sentence: "the server is stopping")))
        }
        channel.flush()
    }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        guard !state.isClosed else { return }
        decoder.append(bytes)
        let ticks = server.clock.ticks()
        isReading = true
        do throws(FrameError) {
            while !state.isClosed, let decoded = try decoder.next() { act(state.received(decoded, at: ticks)) }
        } catch {
            act(state.broke(error))
        }
        count(decoder.bytesHeld)
        isReading = false
        emptyOutbox()
    }

    /// What waits for the rest of its frame counts as what is under way does: nobody fills the memory with halves.
    private func count(_ held: Int) {
        let more = held - heldBytes
        if more <= 0 {
            server.release(-more)
        } else if !server.reserve(more) {
            guard !state.isClosed else { return }
            let sentence = "more than \(server.limits.requestBytesMax) bytes of requests are under way"
            return act(state.refused(Fault(.overloaded, isRetryable: true, retryAfterMilliseconds: 1_000, sentence: sentence)))
        }
        heldBytes = held
    }

    func channelDrained(_ channel: Channel) {
        guard !state.isClosed else { return }
        channel.resumeReading()
        giveOut([])
        resumeStreams()
        settle()
    }

    func channelClosed(_ channel: Channel, reason: CloseReason) {
        for context in state.abandonAll() { context.cancel() }
        // The others have work under way, whose end gives their bytes back.
        for stream in streams.values where stream.page != nil { server.release(stream.bodyBytes) }
        streams = [:]
        for answer in heldAnswers { server.release(answer.bodyBytes) }
        for waiting in deferred { server.release(waiting.bodyBytes) }
        heldAnswers = []
        deferred = []
        server.release(heldBytes)
        heldBytes = 0
        server.gone(self)
    }

    // MARK: What the state decides

    private func act(_ action: ConnectionState.Action) {
        switch action {
        case .nothing: break
        case .authenticate(let wish): authenticate(wish)
        case .perform(let request, let id, let fingerprint): perform(request, id, fingerprint)
        case .pong(let id):
            server.engine.pong()
            channel.write { FrameWriter.appendEmpty(.reply, request: id, operation: Operation.Name.ping.rawValue, to: &$0) }
        case .cancel(let id): cancel(id)
        case .resumeStreams: resumeStreams()
        case .refuse(let fault, let id): channel.write { fault.append(request: id, to: &$0) }
        case .end(let fault):
            if let fault {
                server.log.info("connection ended", (.code, fault.code.description), (.address, channel.peerAddress))
                channel.write { fault.append(request: 0, to: &$0) }
            }
            channel.close(.afterFlush)
        }
    }

    private func authenticate(_ wish: Authenticate) {
        do throws(AccessError) {
            let principal = try server.engine.authenticate(wish.key, from: peerHost)
            state.accepted(principal, streamCredit: wish.streamCredit)
            decoder.bodyBytesMax = server.limits.frameBytesMax
            let welcome = Welcome(
                features: wish.features.intersection(.all), organization: principal.organization, scopes: principal.scopes.map(\.rawValue).sorted())
            channel.write { welcome.append(to: &$0) }
        } catch {
            server.log.warning("a key was refused", (.reason, error.reason), (.address, channel.peerAddress))
            act(state.refused(Fault(.unauthenticated, sentence: "the key is not valid")))
        }
    }

    private func perform(_ request: Request, _ id: UInt64, _ fingerprint: ArraySlice<UInt8>) {
        guard case .open(let principal) = state.phase else { return }
        let bodyBytes = fingerprint.count
        guard server.reserve(bodyBytes) else {
            let fault = Fault(
                .busy, isRetryable: true, retryAfterMilliseconds: server.limits.retryAfterMilliseconds,
                sentence: "more than \(server.limits.requestBytesMax) bytes of requests are under way")
            channel.write { fault.append(request: id, to: &$0) }
            return
        }
        let wished = request.envelope.deadlineMilliseconds ?? server.limits.deadlineMilliseconds
        let milliseconds = UInt64(min(wished, server.limits.deadlineMillisecondsMax))
        let key = request.operation.name.isWrite ? request.envelope.idempotencyKey : nil
        let context = OperationContext(
            clock: server.clock, deadline: server.clock.ticks() + milliseconds * 1_000_000, idempotencyKey: key,
            fingerprint: key == nil ? [] : [UInt8(truncatingIfNeeded: request.operation.name.rawValue)] + fingerprint,
            mayRunHere: state.isIdle && decoder.bytesHeld == 0)
        state.began(id, context)
        server.engine.noteUse(by: principal, from: peerHost)
        if case .stream(var listing) = request.operation {
            listing.limit = server.limits.streamItemRows
            streams[id] = StreamProgress(listing: listing, context: context, bodyBytes: bodyBytes)
        }
        start(request.operation, id, principal, context, bodyBytes)
    }

    private func start(_ operation: Operation, _ id: UInt64, _ principal: Principal, _ context: OperationContext, _ bodyBytes: Int) {
        guard operation.mayHaveLargeAnswer else { return run(operation, id, principal, context, bodyBytes) }
        deferred.append(Deferred(operation: operation, id: id, principal: principal, context: context, bodyBytes: bodyBytes))
        startDeferred()
    }

    /// Starts those that wait, as long as their answers can be expected to leave.
    private func startDeferred() {
        var started = 0
        while started < deferred.count, largeAtWork < server.limits.largeAtWorkMax, heldAnswers.isEmpty,
            channel.bytesWaiting <= server.limits.replyBytesPause
        {
            let next = deferred[started]
            started += 1
            largeAtWork += 1
            run(next.operation, next.id, next.principal, next.context, next.bodyBytes)
        }
        deferred.removeFirst(started)
    }

    private func run(_ operation: Operation, _ id: UInt64, _ principal: Principal, _ context: OperationContext, _ bodyBytes: Int) {
        server.engine.perform(operation, for: principal, context: context) { [self] result in
            deliver(Answer(id: id, operation: operation, context: context, bodyBytes: bodyBytes, result: result))
        }
    }

    /// From any queue: the first of several answers wakes the loop, the others go along.
    private func deliver(_ answer: Answer) {
        if channel.loop.isCurrent, isReading { return outbox.withLock { $0.append(answer) } }
        let isFirst = outbox.withLock { answers in
            answers.append(answer)
            return answers.count == 1
        }
        if isFirst { channel.loop.execute { self.emptyOutbox() } }
    }

    private func emptyOutbox() {
        let answers = outbox.withLock { answers in
            defer { answers = [] }
            return answers
        }
        for answer in answers where answer.operation.mayHaveLargeAnswer { largeAtWork -= 1 }
        giveOut(answers)
        settle()
    }

    /// Writes answers, those that were held first, until the client has more to read than it should.
    private func giveOut(_ new: [Answer]) {
        guard !state.isClosed else {
            for answer in new { finish(answer) }
            return
        }
        let answers = heldAnswers + new
        heldAnswers = []
        for (position, answer) in answers.enumerated() {
            if channel.bytesWaiting > server.limits.replyBytesPause { channel.flush() }
            guard channel.bytesWaiting <= server.limits.replyBytesPause, !state.isClosed else {
                heldAnswers = Array(answers[position...])
                return
            }
            if case .stream = answer.operation, case .success(.page(let page)) = answer.result {
                receivedPage(page, answer)
            } else {
                finish(answer)
            }
        }
    }

    private func finish(_ answer: Answer) {
        streams[answer.id] = streams[answer.id].flatMap { $0.context === answer.context ? nil : $0 }
        server.release(answer.bodyBytes)
        guard state.finished(answer.id, answer.context, at: server.clock.ticks()), !state.isClosed else { return }
        switch answer.result {
        case .success(let outcome): write(server.completed(outcome), answer.id, answer.operation.name)
        case .failure(let error):
            let fault = Fault(error, retryAfterMilliseconds: server.limits.retryAfterMilliseconds)
            channel.write { fault.append(request: answer.id, to: &$0) }
        }
    }

    private func write(_ outcome: Outcome, _ id: UInt64, _ name: Operation.Name) {
        let bytesMax = server.limits.frameBytesMax
        channel.write { buffer in
            let start = buffer.count
            outcome.append(request: id, operation: name, to: &buffer)
            guard buffer.count - start - FrameHeader.byteCount > bytesMax else { return }
            buffer.removeSubrange(start...)
            Fault(EngineError.replyTooLarge(bytesMax: bytesMax), retryAfterMilliseconds: 0).append(request: id, to: &buffer)
        }
    }

    /// Answers at once; what is at work ends when it notices.
    private func cancel(_ id: UInt64) {
        guard let context = state.context(of: id) else { return }
        abandon(id, context, .cancelled)
    }

    private func abandon(_ id: UInt64, _ context: OperationContext, _ error: EngineError) {
        context.cancel()
        if state.answered(id, context) {
            let fault = Fault(error, retryAfterMilliseconds: server.limits.retryAfterMilliseconds)
            channel.write { fault.append(request: id, to: &$0) }
        }
        // A stream that waits for credit has no work that would notice.
        if let stream = streams[id], stream.context === context, stream.page != nil {
            streams[id] = nil
            server.release(stream.bodyBytes)
            _ = state.finished(id, context, at: server.clock.ticks())
        }
    }

    // MARK: Streams

    private func receivedPage(_ page: MemoryPage, _ answer: Answer) {
        guard var stream = streams[answer.id], stream.context === answer.context, state.isUnderWay(answer.id, answer.context), !state.isClosed else {
            return finish(answer)
        }
        stream.page = page
        streams[answer.id] = stream
        resume(answer.id, stream)
    }

    private func resumeStreams() {
        for (id, stream) in streams where stream.page != nil { resume(id, stream) }
    }

    /// Sends the page that waits, when there is credit and room, and asks for the next one.
    private func resume(_ id: UInt64, _ waiting: StreamProgress) {
        var stream = waiting
        guard let page = stream.page, state.streamCredit > 0, channel.bytesWaiting < server.limits.replyBytesPause else { return }
        stream.page = nil
        if !page.memories.isEmpty {
            var bytes = 0
            channel.write { buffer in
                let start = buffer.count
                Outcome.page(page).append(.item, request: id, operation: .stream, to: &buffer)
                bytes = buffer.count - start
            }
            state.spent(bytes)
            stream.sent += Int64(page.memories.count)
        }
        guard let next = page.next, let principal = principal else {
            streams[id] = nil
            server.release(stream.bodyBytes)
            if state.finished(id, stream.context, at: server.clock.ticks()) { channel.write { StreamEnd(count: stream.sent).append(request: id, operation: .stream, to: &$0) } }
            return
        }
        stream.listing.after = next
        streams[id] = stream
        start(.stream(stream.listing), id, principal, stream.context, stream.bodyBytes)
    }

    private var principal: Principal? {
        switch state.phase {
        case .open(let principal), .draining(let principal): principal
        case .awaitingKey, .closed: nil
        }
    }

    // MARK: What the server says

    /// After anything that may have written or ended something: the limits, the flush, and the end of a connection that was told to drain.
    private func settle() {
        endIfNotRead()
        guard !state.isClosed else { return channel.flush() }
        channel.flush()
        if channel.bytesWaiting > server.limits.replyBytesPause { channel.pauseReading() } else { startDeferred() }
        if state.isDraining, state.isIdle { channel.close(.afterFlush) }
    }

    private func endIfNotRead() {
        guard !state.isClosed, channel.bytesWaiting > server.limits.replyBytesWaitingMax else { return }
        act(state.refused(Fault(.replyBacklog, sentence: "more than \(server.limits.replyBytesWaitingMax) bytes of replies wait to be read")))
    }

    func sweep() {
        let (expired, action) = state.passed(to: server.clock.ticks())
        for (id, context) in expired { abandon(id, context, .deadlineExceeded) }
        act(action)
        if let principal, server.engine.isOver(principal, from: peerHost) {
            act(state.refused(Fault(.unauthenticated, sentence: "the key was revoked, has expired, or may not be used from here any more")))
        }
        settle()
    }

    func drain() {
        if let action = state.drain() {
            act(action)
        } else {
            channel.write { FrameWriter.appendEmpty(.goodbye, request: 0, to: &$0) }
        }
        settle()
    }

    func endNow() { channel.close(.now) }

    var loop: EventLoop { channel.loop }
}

extension Operation {
    /// Whether the answer may be far larger than the request.
    fileprivate var mayHaveLargeAnswer: Bool {
        switch self {
        case .get, .list, .fetch, .browse, .open, .recall, .history, .detect: true
        case .search(let request): request.withContent
        case .ping, .status, .verify, .ensureAgent, .remember, .update, .delete, .stream, .create, .change, .remove, .restore, .use, .end, .createKey, .rotateKey,
            .revokeKey, .startJob, .claimJob, .stepJob, .controlJob, .watchJob, .importing, .endSession, .erase, .suggest, .related, .learn:
            false
        }
    }
}

extension AccessError {
    /// For the log; a caller learns none of it.
    fileprivate var reason: String {
        switch self {
        case .unknownKey: "unknown"
        case .expired(let prefix): "expired: \(prefix)"
        case .revoked(let prefix): "revoked: \(prefix)"
        case .wrongNetwork(let prefix): "not from this address: \(prefix)"
        }
    }
}
