public import Records

/// Why the store refused or failed. Nothing of a refused or failed request is stored, except where `unavailable` says that it is not known.
public enum StorageError: Error, Hashable, Sendable {
    case notFound(Kind, Identifier)
    case alreadyExists(Kind, String)
    /// The named field points at something that this organization does not have.
    /// What was asked for by identifier is more than one answer may hold.
    case tooLarge(bytesMax: Int)
    /// A read whose turn came when nobody waited for it any more.
    case notWanted
    case missingReference(field: String)
    /// What a field says does not go with what is stored.
    case refusedField(FieldError)
    case versionMismatch(expected: Int64, found: Int64)
    case wrongDimension(found: Int, expected: Int)
    /// A vector of another model than the organization's space is of.
    case wrongSpace(found: String, expected: String)
    /// Nothing more can be said in it.
    case conversationEnded(Identifier)
    case jobIsHeld(Identifier)
    case jobIsNotRunning(Identifier, state: String)
    /// The same idempotency key came with another request.
    case idempotencyMismatch
    /// Too much is waiting; the same request may succeed a moment later.
    case busy
    /// No room on the disk, or the configured size of the database is reached.
    case full
    /// Reading or writing failed. After a failed commit it is not known whether a crash would keep the request or lose it.
    case unavailable(String)
    /// A row does not match its own checksum, or is not what its place says.
    case corruptRow(table: String, place: String)
    case corruptFile(path: String, detail: String)
    /// Changes after the position were forgotten, or it is of before a restore: what was derived from them is read anew.
    case changesGone
    case newerSchema(found: Int, known: Int)
    case notPinyon(path: String)
    case locked(path: String, holder: String)
    case closed
    case internalError(String)
}

extension StorageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let kind, let id): "there is no \(kind) \(id) in this organization"
        case .alreadyExists(let kind, let name): "\(kind) \(name) already exists"
        case .refusedField(let error): error.description
        case .missingReference(let field): "\(field) names something that this organization does not have"
        case .versionMismatch(let expected, let found): "the stored version is \(found), not \(expected); read it again and repeat the change"
        case .wrongDimension(let found, let expected): "the vector has \(found) dimensions; its embedding space has \(expected)"
        case .wrongSpace(let found, let expected): "the vector is of \(found); this organization's space is of \(expected)"
        case .conversationEnded(let id): "the conversation \(id) has ended"
        case .jobIsHeld(let id): "the job \(id) is held by another worker"
        case .jobIsNotRunning(let id, let state): "the job \(id) is \(state)"
        case .idempotencyMismatch: "this idempotency key was used for a different request in the last 24 hours"
        case .tooLarge(let bytesMax): "what was asked for holds more than \(bytesMax) bytes"
        case .notWanted: "nobody waits for this read any more"
        case .busy: "too many requests are waiting for the store; try again in a moment"
        case .full: "the disk, or the space that the database may take, is full; free some and repeat the request"
        case .unavailable(let detail): "the database cannot be read or written: \(detail)"
        case .corruptRow(let table, let place):
            "the row \(place) of \(table) is damaged and is not answered from; run `pinyon verify` and restore it from a backup"
        case .corruptFile(let path, let detail): "\(path) is damaged: \(detail); run `pinyon verify` and restore it from a backup"
        case .changesGone: "changes that were not read yet are not kept any more"
        case .newerSchema(let found, let known):
            "the database has schema version \(found), and this program knows versions up to \(known); use a newer pinyon"
        case .notPinyon(let path): "\(path) is a database of another program; choose another directory"
        case .locked(let path, let holder): "\(path) is in use by \(holder); stop it, or choose another directory"
        case .closed: "the store is closed"
        case .internalError(let detail): "an error in pinyon's store: \(detail)"
        }
    }

    /// Whether it concerns one request alone, so that the others of the same transaction may still be committed.
    var isOfOneRequest: Bool {
        switch self {
        case .notFound, .alreadyExists, .missingReference, .refusedField, .versionMismatch, .wrongDimension, .wrongSpace, .conversationEnded, .jobIsHeld, .jobIsNotRunning,
            .idempotencyMismatch, .corruptRow:
            true
        case .tooLarge, .notWanted, .busy, .full, .unavailable, .corruptFile, .changesGone, .newerSchema, .notPinyon, .locked, .closed, .internalError: false
        }
    }
}
