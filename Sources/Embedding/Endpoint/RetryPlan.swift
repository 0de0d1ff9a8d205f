/// Whether a failed request is tried again, and after which pause. One plan per request; it neither waits nor looks at a clock.
struct RetryPlan {
    /// The first pause is at most this, the next at most twice as long, and so on.
    static let firstPauseSeconds = 0.5
    static let pauseSecondsMax = 20.0
    /// An endpoint that wants a longer pause is not waited for: the caller is told how long it is.
    static let retryAfterSecondsMax = 30.0
    /// What is no answer seldom gets better.
    static let badAnswerRetriesMax = 1

    private let retriesMax: Int
    private var retries = 0
    private var badAnswers = 0

    init(retriesMax: Int) { self.retriesMax = retriesMax }

    /// Seconds, or nil to give up. `random` is from 0 up to 1.
    mutating func pause(after failure: TryFailure, random: Double) -> Double? {
        guard retries < retriesMax else { return nil }
        var least = 0.0
        switch failure {
        case .refused, .cancelled: return nil
        case .badAnswer:
            guard badAnswers < RetryPlan.badAnswerRetriesMax else { return nil }
            badAnswers += 1
        case .unavailable(_, let retryAfter, let isWorthRetry):
            guard isWorthRetry else { return nil }
            least = retryAfter ?? 0
            guard least <= RetryPlan.retryAfterSecondsMax else { return nil }
        }
        let pause = RetryPlan.pause(retry: retries, random: random)
        retries += 1
        return max(pause, least)
    }

    /// Exponential backoff with full jitter: anything from 0 to the bound that doubles with each retry, so that callers who failed together do not come
    /// back together. <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
    static func pause(retry: Int, random: Double) -> Double {
        var bound = firstPauseSeconds
        for _ in 0..<retry where bound < pauseSecondsMax { bound *= 2 }
        return min(bound, pauseSecondsMax) * random
    }
}
