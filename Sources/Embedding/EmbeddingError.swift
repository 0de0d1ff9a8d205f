/// Why there are no vectors.
public enum EmbeddingError: Error, Hashable, Sendable {
    /// Nothing but white space. `text` is its place in the call, from 0.
    case emptyText(text: Int)
    case textTooLong(text: Int, bytes: Int, bytesMax: Int)
    /// A model's folder that cannot be used: the file, and what is wrong with it.
    case unusableModel(path: String, why: String)
    /// A setting of the endpoint that cannot be: its name, and what is wrong with it.
    case unusableSetting(name: String, why: String)
    /// The endpoint cannot be reached, does not answer in time, or answers that it cannot now. `retryAfter` is in seconds, where it is known.
    case unavailable(endpoint: String, why: String, retryAfter: Double?)
    /// The endpoint refuses what it was asked, such as the key or the model; asking again changes nothing.
    case refused(endpoint: String, why: String)
    /// What the endpoint sent is no answer to what it was asked.
    case badAnswer(endpoint: String, why: String)
    case cancelled
}

extension EmbeddingError: CustomStringConvertible {
    /// A sentence without secrets, for logs and users.
    public var description: String {
        switch self {
        case .emptyText(let text): "text \(text) is empty: there is nothing to embed"
        case .textTooLong(let text, let bytes, let bytesMax): "text \(text) has \(bytes) bytes; at most \(bytesMax) can be embedded"
        case .unusableModel(let path, let why): "\(path): \(why)"
        case .unusableSetting(let name, let why): "the endpoint's \(name) cannot be used: \(why)"
        case .unavailable(let endpoint, let why, _): "the embedding endpoint \(endpoint) is not available: \(why)"
        case .refused(let endpoint, let why): "the embedding endpoint \(endpoint) refuses: \(why)"
        case .badAnswer(let endpoint, let why): "the embedding endpoint \(endpoint) gave a bad answer: \(why)"
        case .cancelled: "the text is not wanted any more"
        }
    }

    /// Whether the same call may succeed later.
    public var isTransient: Bool {
        switch self {
        case .unavailable, .badAnswer: true
        case .emptyText, .textTooLong, .unusableModel, .unusableSetting, .refused, .cancelled: false
        }
    }
}
