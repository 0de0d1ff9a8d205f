public import Records

/// What went wrong, as a number that never changes its meaning. Below 64 the connection ends; from 64 on only the request does.
public enum ErrorCode: UInt16, Hashable, Sendable, CaseIterable {
    case badMagic = 1
    case headerChecksum = 2
    case unsupportedVersion = 3
    case unknownFrameType = 4
    case reservedBits = 5
    case frameTooLarge = 6
    case unexpectedFrame = 7
    case unauthenticated = 8
    case handshakeTimeout = 9
    case idleTimeout = 10
    case tooManyConnections = 11
    case shuttingDown = 12
    case replyBacklog = 13
    case malformedHandshake = 14
    case creditOverflow = 15
    case overloaded = 16

    case bodyChecksum = 64
    case malformedBody = 65
    case unknownOperation = 66
    case unknownCriticalField = 67
    case invalidField = 68
    case unknownField = 69
    case wrongDimension = 70
    case forbidden = 71
    case notFound = 72
    case alreadyExists = 73
    case versionMismatch = 74
    case idempotencyMismatch = 75
    case noEmbedder = 76
    case deadlineExceeded = 77
    case cancelled = 78
    case tooManyInFlight = 79
    case requestIdInUse = 80
    case busy = 81
    case storeUnavailable = 82
    case storeFull = 83
    case dataCorrupted = 84
    case replyTooLarge = 85
    case draining = 86
    case internalError = 87
    case jobRefused = 88
    case wrongSpace = 89
    case embedderUnavailable = 90
    case embedderRefused = 91

    public var endsConnection: Bool { rawValue < 64 }
}

extension ErrorCode: CustomStringConvertible {
    /// `wrong_dimension`, as documents and programs write it.
    public var description: String {
        switch self {
        case .badMagic: "bad_magic"
        case .headerChecksum: "header_checksum"
        case .unsupportedVersion: "unsupported_version"
        case .unknownFrameType: "unknown_frame_type"
        case .reservedBits: "reserved_bits"
        case .frameTooLarge: "frame_too_large"
        case .unexpectedFrame: "unexpected_frame"
        case .unauthenticated: "unauthenticated"
        case .handshakeTimeout: "handshake_timeout"
        case .idleTimeout: "idle_timeout"
        case .tooManyConnections: "too_many_connections"
        case .shuttingDown: "shutting_down"
        case .replyBacklog: "reply_backlog"
        case .malformedHandshake: "malformed_handshake"
        case .creditOverflow: "credit_overflow"
        case .overloaded: "overloaded"
        case .bodyChecksum: "body_checksum"
        case .malformedBody: "malformed_body"
        case .unknownOperation: "unknown_operation"
        case .unknownCriticalField: "unknown_critical_field"
        case .invalidField: "invalid_field"
        case .unknownField: "unknown_field"
        case .wrongDimension: "wrong_dimension"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .alreadyExists: "already_exists"
        case .versionMismatch: "version_mismatch"
        case .idempotencyMismatch: "idempotency_mismatch"
        case .noEmbedder: "no_embedder"
        case .deadlineExceeded: "deadline_exceeded"
        case .cancelled: "cancelled"
        case .tooManyInFlight: "too_many_in_flight"
        case .requestIdInUse: "request_id_in_use"
        case .busy: "busy"
        case .storeUnavailable: "store_unavailable"
        case .storeFull: "store_full"
        case .dataCorrupted: "data_corrupted"
        case .replyTooLarge: "reply_too_large"
        case .draining: "draining"
        case .internalError: "internal_error"
        case .jobRefused: "job_refused"
        case .wrongSpace: "wrong_space"
        case .embedderUnavailable: "embedder_unavailable"
        case .embedderRefused: "embedder_refused"
        }
    }
}

/// An error as it is sent: what, whether and when to try again, which field, and one safe sentence.
public struct Fault: Error, Hashable, Sendable {
    public var code: ErrorCode
    /// The very same request may succeed later. Whether a write has left something behind is told by its idempotency key.
    public var isRetryable: Bool
    public var retryAfterMilliseconds: UInt32?
    public var field: String?
    public var sentence: String

    public init(_ code: ErrorCode, isRetryable: Bool = false, retryAfterMilliseconds: UInt32? = nil, field: String? = nil, sentence: String) {
        self.code = code
        self.isRetryable = isRetryable
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.field = field
        self.sentence = sentence
    }

    private enum Tag {
        static let code: UInt16 = 16
        static let isRetryable: UInt16 = 17
        static let retryAfter: UInt16 = 18
        static let field: UInt16 = 19
        static let sentence: UInt16 = 20
    }

    public func append(request: UInt64, to buffer: inout [UInt8]) {
        FrameWriter.append(.error, request: request, to: &buffer) { writer in
            writer.integer(Tag.code, code.rawValue)
            writer.flag(Tag.isRetryable, isRetryable)
            if let retryAfterMilliseconds { writer.integer(Tag.retryAfter, retryAfterMilliseconds) }
            if let field { writer.text(Tag.field, field) }
            writer.text(Tag.sentence, sentence)
        }
    }

    /// A code that this end does not know is taken as an internal error, its sentence kept.
    public static func read(_ body: [UInt8]) throws(BodyError) -> Fault {
        var fault = Fault(.internalError, sentence: "")
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.code: fault.code = ErrorCode(rawValue: try body.integer(field, "code")) ?? .internalError
            case Tag.isRetryable: fault.isRetryable = try body.flag(field, "retryable")
            case Tag.retryAfter: fault.retryAfterMilliseconds = try body.integer(field, "retry_after")
            case Tag.field: fault.field = try body.text(field, "field")
            case Tag.sentence: fault.sentence = try body.text(field, "sentence")
            default: return false
            }
            return true
        }
        return fault
    }
}

extension Fault: CustomStringConvertible {
    public var description: String { "\(sentence) (\(code))" }
}

extension Fault {
    public init(_ error: FrameError) {
        switch error {
        case .badMagic: self.init(.badMagic, sentence: "this is not the Pinyon protocol")
        case .headerChecksum: self.init(.headerChecksum, sentence: "the checksum of a frame's header is wrong")
        case .unsupportedVersion(let version):
            self.init(.unsupportedVersion, sentence: "version \(version) is not spoken here; \(FrameHeader.version) is")
        case .unknownType(let type): self.init(.unknownFrameType, sentence: "there is no frame of type \(type)")
        case .reservedBits: self.init(.reservedBits, sentence: "reserved bits of a frame's header are set")
        case .bodyTooLarge(let bytes, let bytesMax):
            self.init(.frameTooLarge, sentence: "a frame of \(bytes) bytes is larger than the \(bytesMax) allowed")
        }
    }

    public init(_ error: BodyError) {
        switch error {
        case .malformed(let why): self.init(.malformedBody, sentence: "the body is malformed: \(why)")
        case .unknownCriticalField(let tag):
            self.init(.unknownCriticalField, sentence: "field \(tag) is marked critical and not known here; a newer server may know it")
        case .unknownOperation(let code): self.init(.unknownOperation, sentence: "there is no operation \(code); a newer server may have it")
        case .field(let error): self.init(error)
        }
    }

    /// A caller's own words come back in an error only so far. Cut between scalars of at most four bytes: a single character has no bound.
    private static func clipped(_ text: String) -> String {
        guard text.utf8.count > 1_000 else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(250))) + "…"
    }

    public init(_ error: FieldError) {
        let code: ErrorCode =
            switch error.reason {
            case .unknown: .unknownField
            case .wrongDimension: .wrongDimension
            case .wrongSpace: .wrongSpace
            case .missing, .empty, .tooLong, .tooMany, .tooDeep, .outOfRange, .notText, .malformed, .notFinite, .zeroVector, .duplicate: .invalidField
            }
        self.init(code, field: Fault.clipped(error.field), sentence: Fault.clipped(error.description))
    }
}
