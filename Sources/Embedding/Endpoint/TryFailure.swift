/// Why one try brought no vectors.
enum TryFailure: Error, Equatable {
    case unavailable(why: String, retryAfter: Double? = nil, isWorthRetry: Bool = true)
    case refused(why: String)
    case badAnswer(why: String)
    case cancelled

    func error(endpoint: String) -> EmbeddingError {
        switch self {
        case .unavailable(let why, let retryAfter, _): .unavailable(endpoint: endpoint, why: why, retryAfter: retryAfter)
        case .refused(let why): .refused(endpoint: endpoint, why: why)
        case .badAnswer(let why): .badAnswer(endpoint: endpoint, why: why)
        case .cancelled: .cancelled
        }
    }
}
