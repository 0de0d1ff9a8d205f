public import Records
internal import Storage

public enum EngineError: Error, Hashable, Sendable {
    case forbidden(Scope)
    /// Beyond what the key is narrowed to.
    case narrowed(Kind)
    case field(FieldError)
    case notFound(Kind, Identifier)
    case alreadyExists(Kind, String)
    /// A job that is not in the state in which that can be done, or that another worker holds.
    case jobRefused(Identifier, why: String)
    case versionMismatch(expected: Int64, found: Int64)
    case idempotencyMismatch
    case noEmbedder
    /// The embedder cannot be asked now. Seconds after which it may be, where they are known.
    case embedderUnavailable(retryAfter: Double?)
    /// The embedder refuses what it is asked, for a reason that is the server's and not the caller's.
    case embedderRefused
    case deadlineExceeded
    case cancelled
    case busy(String)
    /// After a start, or when all is read anew.
    case wordsNotRead
    case storeUnavailable
    case storeFull
    case dataCorrupted(String)
    case replyTooLarge(bytesMax: Int)
    case internalError
}

extension EngineError {
    /// What a caller may know of a failure of the store; the rest goes to the log.
    init(_ error: StorageError) {
        switch error {
        case .notFound(let kind, let id): self = .notFound(kind, id)
        case .alreadyExists(let kind, let name): self = .alreadyExists(kind, name)
        case .refusedField(let error): self = .field(error)
        case .missingReference(let field): self = .field(FieldError(field, .malformed("there is no such \(field) in this organization")))
        case .versionMismatch(let expected, let found): self = .versionMismatch(expected: expected, found: found)
        case .wrongDimension(let found, let expected): self = .field(FieldError("vector", .wrongDimension(found: found, expected: expected)))
        case .wrongSpace(let found, let expected): self = .field(FieldError("space", .wrongSpace(found: found, expected: expected)))
        case .conversationEnded: self = .field(FieldError("conversation", .malformed("it has ended")))
        case .jobIsHeld(let id): self = .jobRefused(id, why: "is held by another worker")
        case .jobIsNotRunning(let id, let state): self = .jobRefused(id, why: "is \(state)")
        case .idempotencyMismatch: self = .idempotencyMismatch
        case .notWanted: self = .cancelled
        case .busy: self = .busy("requests of the store")
        case .full: self = .storeFull
        case .unavailable, .closed: self = .storeUnavailable
        case .corruptRow(let table, let place): self = .dataCorrupted("\(table) \(place)")
        case .tooLarge(let bytesMax): self = .replyTooLarge(bytesMax: bytesMax)
        case .corruptFile: self = .dataCorrupted("the database file")
        case .changesGone, .newerSchema, .notPinyon, .locked, .internalError: self = .internalError
        }
    }
}
