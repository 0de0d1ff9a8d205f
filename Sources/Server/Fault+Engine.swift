internal import Engine
internal import Records
internal import Wire

extension Fault {
    init(_ error: EngineError, retryAfterMilliseconds: UInt32) {
        switch error {
        case .forbidden(let scope): self.init(.forbidden, sentence: "this key lacks the scope \(scope.rawValue)")
        case .narrowed(let kind): self.init(.forbidden, sentence: "this key does not reach these \(kind.plural)")
        case .field(let error): self.init(error)
        case .notFound(let kind, let id): self.init(.notFound, field: "id", sentence: "there is no \(kind) \(id)")
        case .alreadyExists(let kind, let name): self.init(.alreadyExists, field: "id", sentence: "the \(kind) \(name) is there already")
        case .jobRefused(let id, let why): self.init(.jobRefused, field: "job", sentence: "the job \(id) \(why)")
        case .versionMismatch(let expected, let found):
            self.init(.versionMismatch, field: "if_version", sentence: "version \(expected) was expected and \(found) is stored; read it again")
        case .idempotencyMismatch:
            self.init(.idempotencyMismatch, field: "idempotency_key", sentence: "this idempotency key was used for another request")
        case .noEmbedder:
            self.init(.noEmbedder, field: "text", sentence: "no embedder is configured, so a text has no vector; send one, or search by words alone")
        case .embedderUnavailable(let seconds):
            let milliseconds = UInt32(clamping: Int((min(max(seconds ?? 1, 0), 3_600) * 1_000).rounded(.up)))
            self.init(
                .embedderUnavailable, isRetryable: true, retryAfterMilliseconds: milliseconds, field: "text",
                sentence: "the embedder cannot be asked now, so text cannot be searched; the server's log says why")
        case .embedderRefused:
            self.init(.embedderRefused, field: "text", sentence: "the embedder refuses what this server asks of it; the server's log says why")
        case .deadlineExceeded: self.init(.deadlineExceeded, isRetryable: true, sentence: "the deadline passed before the answer was there")
        case .cancelled: self.init(.cancelled, sentence: "the request was cancelled")
        case .busy(let what):
            self.init(.busy, isRetryable: true, retryAfterMilliseconds: retryAfterMilliseconds, sentence: "too many \(what) wait already")
        case .wordsNotRead:
            self.init(
                .busy, isRetryable: true, retryAfterMilliseconds: 1_000, sentence: "the words of all rows are being read, after a start; searches by vectors go on meanwhile")
        case .storeUnavailable: self.init(.storeUnavailable, isRetryable: true, retryAfterMilliseconds: 1_000, sentence: "the store cannot be reached now")
        case .storeFull: self.init(.storeFull, isRetryable: true, retryAfterMilliseconds: 10_000, sentence: "the store has no room left")
        case .dataCorrupted(let place):
            self.init(.dataCorrupted, sentence: "stored data is damaged at \(place); it is not answered from. Run pinyon verify on the server")
        case .replyTooLarge(let bytesMax):
            self.init(.replyTooLarge, sentence: "the answer would be larger than \(bytesMax) bytes; ask for fewer, or without content")
        case .internalError: self.init(.internalError, sentence: "the server failed; its log says more")
        }
    }
}
