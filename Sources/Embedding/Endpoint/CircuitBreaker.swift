/// Leaves an endpoint alone that has failed several times in a row, so that callers do not wait for what cannot come and the endpoint can recover.
///
/// Without I/O and clock: whoever tries asks before and tells after, each with the moment, in seconds that only rise. Every try that was let through
/// must be told of, or the one that probes is waited for forever.
struct CircuitBreaker {
    enum State: Equatable {
        /// Every try is let through.
        case closed(failures: Int)
        /// None is, before that moment.
        case open(until: Double)
        /// One try is under way to see whether the endpoint is back.
        case probing
    }

    enum Leave: Equatable {
        case granted
        /// Ask again in so many seconds.
        case denied(seconds: Double)
    }

    private(set) var state = State.closed(failures: 0)
    let failuresMax: Int
    let coolingSeconds: Double

    /// How soon to ask again while a probe is under way.
    private static let probeSeconds = 1.0

    init(failuresMax: Int, coolingSeconds: Double) {
        self.failuresMax = failuresMax
        self.coolingSeconds = coolingSeconds
    }

    mutating func ask(at moment: Double) -> Leave {
        switch state {
        case .closed: return .granted
        case .open(let until):
            guard moment >= until else { return .denied(seconds: until - moment) }
            state = .probing
            return .granted
        case .probing: return .denied(seconds: min(CircuitBreaker.probeSeconds, coolingSeconds))
        }
    }

    /// The endpoint answered, whatever it said.
    mutating func succeeded() { state = .closed(failures: 0) }

    mutating func failed(at moment: Double) {
        switch state {
        case .closed(let failures):
            state = failures + 1 >= failuresMax ? .open(until: moment + coolingSeconds) : .closed(failures: failures + 1)
        case .probing: state = .open(until: moment + coolingSeconds)
        // One that was under way when it opened.
        case .open: break
        }
    }

    /// The try ended before anything could be known. Where it was the probe, the next one is.
    mutating func abandoned(at moment: Double) {
        switch state {
        case .closed, .open: break
        case .probing: state = .open(until: moment)
        }
    }
}
