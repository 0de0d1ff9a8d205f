import Embedding
import Synchronization
import Testing

/// A clock that moves only when somebody sleeps.
final class SteppedClock: Sendable {
    private let slept = Mutex(0.0)

    var total: Double { slept.withLock { $0 } }

    func advance(_ seconds: Double) { slept.withLock { $0 += seconds } }

    /// `random` is what every pause is multiplied with.
    func clock(now: Double = 784_111_777, random: Double = 0.5) -> EndpointClock {
        EndpointClock(
            now: { [self] in now + total }, seconds: { [self] in total }, sleep: { [self] in advance($0) }, random: { random })
    }
}

/// An embedder, the endpoint that it asks, and the time it sees.
struct EndpointFixture {
    static let secret = "sk-proj-Zq8vK2mXw4Tn7Rb1Yc5Jd"

    let endpoint: MisbehavingEndpoint
    let embedder: EndpointEmbedder
    let time = SteppedClock()

    init(
        _ script: [MisbehavingEndpoint.Line], closedAtAccept: Int = 0, change: (inout EndpointSettings) throws -> Void = { _ in }
    ) throws {
        endpoint = try MisbehavingEndpoint(script, closedAtAccept: closedAtAccept)
        var settings = EndpointSettings(
            url: try EndpointURL(endpoint.url), key: try EndpointKey(EndpointFixture.secret), model: "scripted", dimension: Replies.dimension)
        try change(&settings)
        embedder = try EndpointEmbedder(settings, clock: time.clock())
    }

    func embed(_ texts: [String]) throws(EmbeddingError) -> [[Float]] { try embedder.embed(texts) { true } }

    /// Why `texts` have no vectors.
    func failure(_ texts: [String] = ["one", "two"]) -> EmbeddingError? {
        do throws(EmbeddingError) {
            _ = try embed(texts)
            return nil
        } catch {
            return error
        }
    }
}

extension EmbeddingError {
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    var isBadAnswer: Bool { if case .badAnswer = self { true } else { false } }

    var retryAfter: Double? { if case .unavailable(_, _, let retryAfter) = self { retryAfter } else { nil } }
}
