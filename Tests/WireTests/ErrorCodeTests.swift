import Records
import Testing
import Wire

@Suite("Errors keep their numbers and names")
struct ErrorCodeTests {
    private static let table: [(number: UInt16, name: String, endsConnection: Bool)] = [
        (1, "bad_magic", true), (2, "header_checksum", true), (3, "unsupported_version", true), (4, "unknown_frame_type", true),
        (5, "reserved_bits", true), (6, "frame_too_large", true), (7, "unexpected_frame", true), (8, "unauthenticated", true),
        (9, "handshake_timeout", true), (10, "idle_timeout", true), (11, "too_many_connections", true), (12, "shutting_down", true),
        (13, "reply_backlog", true), (14, "malformed_handshake", true), (15, "credit_overflow", true), (16, "overloaded", true),
        (64, "body_checksum", false), (65, "malformed_body", false), (66, "unknown_operation", false), (67, "unknown_critical_field", false),
        (68, "invalid_field", false), (69, "unknown_field", false), (70, "wrong_dimension", false), (71, "forbidden", false),
        (72, "not_found", false), (73, "already_exists", false), (74, "version_mismatch", false), (75, "idempotency_mismatch", false),
        (76, "no_embedder", false), (77, "deadline_exceeded", false), (78, "cancelled", false), (79, "too_many_in_flight", false),
        (80, "request_id_in_use", false), (81, "busy", false), (82, "store_unavailable", false), (83, "store_full", false),
        (84, "data_corrupted", false), (85, "reply_too_large", false), (86, "draining", false), (87, "internal_error", false),
        (88, "job_refused", false), (89, "wrong_space", false), (90, "embedder_unavailable", false), (91, "embedder_refused", false),
    ]

    @Test("every code stands in the table, with its number, its name and what it ends")
    func codes() throws {
        #expect(ErrorCode.allCases.count == ErrorCodeTests.table.count)
        for row in ErrorCodeTests.table {
            let code = try #require(ErrorCode(rawValue: row.number))
            #expect(code.description == row.name)
            #expect(code.endsConnection == row.endsConnection)
        }
    }

    @Test("frame types and operations keep their numbers")
    func numbers() {
        #expect(FrameType.allCases.map(\.rawValue) == Array(1...11))
        #expect(FrameType.allCases == [.hello, .authenticate, .welcome, .request, .reply, .error, .item, .end, .cancel, .credit, .goodbye])
        #expect(Operation.Name.allCases.map(\.rawValue) == [1, 2, 3, 16] + Array(32...42) + Array(48...60) + [64, 65, 66] + Array(80...85))
        #expect(Operation.Name.allCases.map(\.description) == [
            "ping", "status", "verify", "ensure_agent", "remember", "get", "list", "update", "delete", "search", "stream", "recall", "history", "end_session", "erase", "create", "fetch", "browse", "change",
            "remove", "restore", "use", "end", "open", "suggest", "detect", "related", "learn", "create_key", "rotate_key", "revoke_key", "start_job", "claim_job", "step_job", "control_job", "watch_job",
            "import",
        ])
        #expect(MemoryType.allCases.map(\.rawValue) == [1, 2, 3, 4])
        #expect(Kind.allCases.map(\.rawValue) == Array(1...11))
    }

    @Test("a code of a newer server is an internal error with its sentence")
    func newerCode() throws {
        let fault = try Fault.read(rawField(16, little(999 as UInt16)) + rawField(20, "out of tea"))
        #expect(fault == Fault(.internalError, sentence: "out of tea"))
    }

    @Test("what breaks the framing ends the connection, and what breaks a body does not")
    func faultsOfErrors() {
        let frames: [FrameError] = [
            .badMagic(1), .headerChecksum(found: 1, computed: 2), .unsupportedVersion(2), .unknownType(0), .reservedBits,
            .bodyTooLarge(bytes: 2, bytesMax: 1),
        ]
        #expect(frames.map { Fault($0).code } == [.badMagic, .headerChecksum, .unsupportedVersion, .unknownFrameType, .reservedBits, .frameTooLarge])
        #expect(frames.allSatisfy { Fault($0).code.endsConnection })
        let bodies: [BodyError] = [.malformed("why"), .unknownCriticalField(9), .unknownOperation(9), .field(FieldError("k", .missing))]
        #expect(bodies.map { Fault($0).code } == [.malformedBody, .unknownCriticalField, .unknownOperation, .invalidField])
        #expect(bodies.allSatisfy { !Fault($0).code.endsConnection })
        #expect(Fault(FieldError("vector", .wrongDimension(found: 3, expected: 4))).code == .wrongDimension)
        #expect(Fault(FieldError("type", .unknown(known: []))) == Fault(.unknownField, field: "type", sentence: "type is not known; known are "))
    }
}
