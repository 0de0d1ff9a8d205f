public import Records
internal import Synchronization

/// Vectors from an endpoint that speaks OpenAI's `POST /v1/embeddings`.
///
/// A call is split into requests that keep within the limits, sent one after the other over one connection. A request that fails for a reason that may
/// pass is tried again after a pause; all calls share the circuit breaker that leaves a dead endpoint alone.
public final class EndpointEmbedder: Embedder {
    public let model: EmbeddingModel
    /// Nobody says.
    public let precision = ""
    public let limits: EmbedderLimits

    private let settings: EndpointSettings
    private let clock: EndpointClock
    private let pool: Pool<HTTPHandle>
    private let breaker: Mutex<CircuitBreaker>

    /// How long a pause lasts before it is asked whether the vectors are still wanted.
    private static let pauseStepSeconds = 0.05

    /// Says nothing to the endpoint yet. Throws `.unusableSetting`.
    public init(_ settings: EndpointSettings, clock: EndpointClock = .system) throws(EmbeddingError) {
        try settings.check()
        self.settings = settings
        self.clock = clock
        model = settings.embeddingModel
        limits = settings.embedderLimits
        pool = Pool(max: settings.callsMax) { HTTPHandle() }
        breaker = Mutex(CircuitBreaker(failuresMax: settings.failuresMax, coolingSeconds: Double(settings.coolingMilliseconds) / 1_000))
    }

    /// Any number of texts of any size together: what is more than one request takes is sent in several.
    public func embed(_ texts: [String], isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]] {
        try limits.check(texts)
        guard !texts.isEmpty else { return [] }
        do throws(TryFailure) {
            switch pool.take(isWanted: isWanted) {
            case .notWanted: throw .cancelled
            case .failed: throw .unavailable(why: "there is no memory for another connection")
            case .lent(let handle):
                defer { pool.giveBack(handle) }
                return try vectors(texts, over: handle, isWanted: isWanted)
            }
        } catch {
            throw error.error(endpoint: settings.url.description)
        }
    }

    private func vectors(_ texts: [String], over handle: HTTPHandle, isWanted: () -> Bool) throws(TryFailure) -> [[Float]] {
        let sent = texts.map { TokenEstimate.beginning(of: $0, tokensMax: settings.textTokensMax) }
        let ranges = EndpointRequest.split(
            tokens: sent.map(TokenEstimate.tokens), textsMax: settings.requestTextsMax, tokensMax: settings.requestTokensMax)
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for range in ranges { vectors += try answered(EndpointRequest(texts: sent[range]), over: handle, isWanted: isWanted) }
        return vectors
    }

    /// Tries until it succeeds or there is no use in trying.
    private func answered(_ request: EndpointRequest, over handle: HTTPHandle, isWanted: () -> Bool) throws(TryFailure) -> [[Float]] {
        let answer = EndpointAnswer(count: request.texts.count, dimension: settings.dimension, key: settings.key)
        let sent = HTTPRequest(
            url: settings.url, key: settings.key, body: request.body(settings), connectTimeoutMilliseconds: settings.connectTimeoutMilliseconds,
            timeoutMilliseconds: settings.requestTimeoutMilliseconds, answerBytesMax: answer.bytesMax)
        var plan = RetryPlan(retriesMax: settings.retriesMax)
        var last: TryFailure?
        while true {
            try askBreaker(after: last)
            let failure: TryFailure
            do throws(TryFailure) {
                let vectors = try answer.vectors(handle.post(sent, isWanted: isWanted), now: clock.now())
                tellBreaker(nil)
                return vectors
            } catch {
                failure = error
            }
            tellBreaker(failure)
            guard let pause = plan.pause(after: failure, random: clock.random()) else { throw failure }
            try wait(pause, isWanted: isWanted)
            last = failure
        }
    }

    /// Throws where the endpoint is left alone; with the reason of the last try, where this call made one.
    private func askBreaker(after last: TryFailure?) throws(TryFailure) {
        let moment = clock.seconds()
        switch breaker.withLock({ $0.ask(at: moment) }) {
        case .granted: return
        case .denied(let seconds):
            guard case .unavailable(let why, _, _) = last else {
                throw .unavailable(why: "it failed several times in a row and is left alone for a moment", retryAfter: seconds)
            }
            throw .unavailable(why: why, retryAfter: seconds)
        }
    }

    private func tellBreaker(_ failure: TryFailure?) {
        let moment = clock.seconds()
        breaker.withLock { breaker in
            switch failure {
            case .unavailable: breaker.failed(at: moment)
            case .cancelled: breaker.abandoned(at: moment)
            // Somebody was there who answered.
            case .refused, .badAnswer, nil: breaker.succeeded()
            }
        }
    }

    private func wait(_ seconds: Double, isWanted: () -> Bool) throws(TryFailure) {
        let end = clock.seconds() + seconds
        while true {
            guard isWanted() else { throw .cancelled }
            let left = end - clock.seconds()
            guard left > 0 else { return }
            clock.sleep(min(left, EndpointEmbedder.pauseStepSeconds))
        }
    }
}
