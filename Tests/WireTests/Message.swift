import Records
import Testing
import Wire

/// Any frame of the protocol as a value, with what its header says besides.
enum Message: Hashable {
    case hello(Hello)
    case authenticate(Authenticate)
    case welcome(Welcome)
    case request(UInt64, Request)
    case reply(UInt64, Operation.Name, Outcome)
    case item(UInt64, Operation.Name, Outcome)
    case end(UInt64, Operation.Name, StreamEnd)
    case error(UInt64, Fault)
    case cancel(UInt64)
    case credit(Credit)
    case goodbye

    /// The organization of every answer in these tests; answers do not carry it.
    static let organization = Identifier(high: 0x0192_0000_0000_7000, low: 0x8000_0000_0000_0001)

    var bytes: [UInt8] {
        var buffer: [UInt8] = []
        append(to: &buffer)
        return buffer
    }

    func append(to buffer: inout [UInt8]) {
        switch self {
        case .hello(let hello): hello.append(to: &buffer)
        case .authenticate(let authenticate): authenticate.append(to: &buffer)
        case .welcome(let welcome): welcome.append(to: &buffer)
        case .request(let id, let request): request.append(id: id, to: &buffer)
        case .reply(let id, let name, let outcome): outcome.append(request: id, operation: name, to: &buffer)
        case .item(let id, let name, let outcome): outcome.append(.item, request: id, operation: name, to: &buffer)
        case .end(let id, let name, let end): end.append(request: id, operation: name, to: &buffer)
        case .error(let id, let fault): fault.append(request: id, to: &buffer)
        case .cancel(let id): FrameWriter.appendEmpty(.cancel, request: id, to: &buffer)
        case .credit(let credit): credit.append(to: &buffer)
        case .goodbye: FrameWriter.appendEmpty(.goodbye, request: 0, to: &buffer)
        }
    }

    init(_ frame: Frame) throws {
        let id = frame.header.request
        switch frame.header.type {
        case .hello: self = .hello(try Hello.read(frame.body))
        case .authenticate: self = .authenticate(try Authenticate.read(frame.body))
        case .welcome: self = .welcome(try Welcome.read(frame.body))
        case .request: self = .request(id, try Request.read(frame).request)
        case .reply:
            let name = try #require(Operation.Name(rawValue: frame.header.operation))
            self = .reply(id, name, try Outcome.read(name, frame.body, of: Message.organization))
        case .error: self = .error(id, try Fault.read(frame.body))
        case .item:
            let name = try #require(Operation.Name(rawValue: frame.header.operation))
            self = .item(id, name, try Outcome.read(name, frame.body, of: Message.organization))
        case .end:
            let name = try #require(Operation.Name(rawValue: frame.header.operation))
            self = .end(id, name, try StreamEnd.read(frame.body))
        case .cancel: self = .cancel(id)
        case .credit: self = .credit(try Credit.read(frame.body))
        case .goodbye: self = .goodbye
        }
    }

    init(bytes: [UInt8]) throws {
        let all = try decoded(bytes)
        guard all.count == 1, case .frame(let frame) = all[0] else { throw NotOneFrame(decoded: all) }
        try self.init(frame)
    }
}

struct NotOneFrame: Error {
    let decoded: [FrameDecoder.Decoded]
}
