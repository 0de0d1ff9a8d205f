import Records

@testable import Wire

/// One line of Tests/Golden/frames.jsonl before it is written.
struct GoldenCase {
    enum Expectation {
        case meaning(Message, isCanonical: Bool)
        case refusal(Refusal)
    }

    let name: String
    let fromServer: Bool
    let bytes: [UInt8]
    let expectation: Expectation

    /// A frame as Pinyon itself writes it.
    init(_ name: String, _ message: Message) {
        self.name = name
        bytes = message.bytes
        fromServer =
            switch message {
            case .hello, .welcome, .reply, .item, .end, .error: true
            case .authenticate, .request, .cancel, .credit, .goodbye: false
            }
        expectation = .meaning(message, isCanonical: true)
    }

    /// A frame that is written otherwise than Pinyon writes it, and means the same.
    init(_ name: String, _ frame: RawFrame, means message: Message) {
        self.name = name
        bytes = frame.bytes
        fromServer = false
        expectation = .meaning(message, isCanonical: false)
    }

    /// A frame that a client sends in place of its key.
    init(handshake name: String, _ frame: RawFrame, _ code: ErrorCode) {
        self.init(name, frame, Refusal(code, nil, .handshake))
    }

    /// A frame that a client sends once it was welcomed.
    init(open name: String, _ frame: RawFrame, _ code: ErrorCode, _ field: String? = nil) {
        self.init(name, frame, Refusal(code, field, .open))
    }

    /// The body of an operation that is refused.
    init(_ operation: Operation.Name, _ name: String, _ body: [UInt8], _ code: ErrorCode, _ field: String? = nil) {
        self.init(open: "\(operation): \(name)", RawFrame(operation: operation.rawValue, body: body), code, field)
    }

    private init(_ name: String, _ frame: RawFrame, _ refusal: Refusal) {
        self.name = name
        bytes = frame.bytes
        fromServer = false
        expectation = .refusal(refusal)
    }
}

extension GoldenCase {
    static let all = handshakes + requests + replies + otherwiseWritten + brokenFraming + brokenHandshakes + brokenBodies + brokenMemories
        + brokenFilters + brokenRecords + brokenJobs

    /// The line without its line end.
    func line() throws -> String {
        var members: [JSON.Member] = [
            JSON.Member("name", .text(name)), JSON.Member("direction", .text(fromServer ? "server" : "client")),
            JSON.Member("hex", .text(hexadecimal(bytes))),
        ]
        switch expectation {
        case .meaning(let message, let isCanonical):
            let header = try FrameHeader.read(bytes, at: 0, bodyBytesMax: Limits.frameBytesMax)
            members.append(JSON.Member("frame", header.golden))
            members.append(JSON.Member("canonical", .bool(isCanonical)))
            members.append(JSON.Member("meaning", message.meaning))
        case .refusal(let refusal):
            members.append(JSON.Member("stage", .text(refusal.stage.rawValue)))
            members.append(JSON.Member("error", .text(refusal.code.description)))
            if let field = refusal.field { members.append(JSON.Member("field", .text(field))) }
            members.append(JSON.Member("ends_connection", .bool(refusal.code.endsConnection)))
        }
        return JSON.object(members).description
    }
}

extension FrameHeader {
    var golden: JSON {
        .object([
            JSON.Member("type", .integer(Int64(type.rawValue))), JSON.Member("request", .integer(Int64(clamping: request))),
            JSON.Member("operation", .integer(Int64(operation))), JSON.Member("body_bytes", .integer(Int64(bodyBytes))),
        ])
    }
}
