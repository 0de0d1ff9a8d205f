/// What one exchange with the endpoint came to.
enum HTTPOutcome {
    case answered(HTTPAnswer)
    case failed(HTTPFailure)
    case cancelled
}

struct HTTPAnswer {
    let status: Int
    /// The header of that name, as it was sent.
    let retryAfter: String?
    let body: [UInt8]
    /// False where the body was longer than what is taken; then it is the beginning of it.
    let isWhole: Bool
}

/// Why there is no answer, in curl's words.
struct HTTPFailure: Equatable {
    enum Kind: Equatable {
        /// It was not reached, or went away.
        case connection
        case timeout
        /// It was reached, and is not who it should be.
        case trust
        /// What it speaks is no HTTP.
        case notHTTP
    }

    let kind: Kind
    let why: String
}

struct HTTPRequest {
    let url: EndpointURL
    let key: EndpointKey?
    let body: [UInt8]
    let connectTimeoutMilliseconds: Int
    let timeoutMilliseconds: Int
    /// More is not taken.
    let answerBytesMax: Int
}
