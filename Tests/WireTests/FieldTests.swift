import Records
import Testing

@testable import Wire

@Suite("Tagged fields")
struct FieldTests {
    private let id = Identifier.golden(1)

    private func read(_ operation: Operation.Name, _ body: [UInt8]) throws -> Request {
        let all = try decoded(RawFrame(operation: operation.rawValue, body: body).bytes)
        guard case .frame(let frame) = all.first else { throw NotOneFrame(decoded: all) }
        return try Request.read(frame).request
    }

    @Test("every value begins on an eight-byte boundary of its frame, nested ones too")
    func valuesAreAligned() throws {
        let draft = MemoryDraft(agent: id, content: "abc", tags: ["a", "bcdefghi", "j"], metadata: ["m": 1], vector: [1, 2, 3])
        var buffer: [UInt8] = []
        for count in 0..<9 {
            let start = buffer.count
            let slug = String(repeating: "s", count: count)
            let operations: [Operation] = [.remember([draft, draft]), .ensureAgent(slug: slug, name: slug + "n")]
            for operation in operations { Request(envelope: Envelope(deadlineMilliseconds: 1), operation: operation).append(id: 1, to: &buffer) }
            #expect((buffer.count - start) % 8 == 0)
        }
        var checked = 0
        for case .frame(let frame) in try decoded(buffer) {
            var reader = FieldReader(frame.body)
            while let field = try reader.next() {
                #expect((FrameHeader.byteCount + field.range.lowerBound) % 8 == 0)
                checked += 1
                guard frame.header.operation == Operation.Name.remember.rawValue, field.tag == 16 else { continue }
                var inner = FieldReader(frame.body, in: field.range)
                while let nested = try inner.next() {
                    #expect((FrameHeader.byteCount + nested.range.lowerBound) % 8 == 0)
                    checked += 1
                }
            }
        }
        #expect(checked == 9 * (3 + 2 * 9 + 3))
    }

    @Test("a frame that is written after others begins its own fields anew")
    func framesInOneBuffer() throws {
        let message = Message.request(3, Request(envelope: Envelope(), operation: .delete([id])))
        var buffer = Message.cancel(1).bytes
        message.append(to: &buffer)
        #expect(buffer == Message.cancel(1).bytes + message.bytes)
    }

    private var importBody: [UInt8] {
        let memory = [(16, id.bytes), (17, id.bytes), (20, [2]), (21, Array("x".utf8)), (22, little((0.5).bitPattern)), (25, little(0 as Int64)), (26, little(0 as Int64)), (29, little(0 as Int64)), (30, little(1 as Int64))]
        let fields = memory.flatMap { rawField(UInt16($0.0), $0.1) }
        return rawField(48, [Kind.memory.rawValue]) + rawField(16, fields) + rawField(17, rawField(16, id.bytes) + rawField(17, id.bytes))
    }

    @Test("an unknown field is skipped by every operation, and refused when it is critical", arguments: Operation.Name.allCases)
    func unknownFields(name: Operation.Name) throws {
        let body: [UInt8] =
            switch name {
            case .ping, .status, .verify, .list, .stream: []
            case .ensureAgent: rawField(16, "a")
            case .remember: rawField(16, rawField(17, id.bytes) + rawField(21, "x"))
            case .get, .delete: rawField(16, id.bytes)
            case .update: rawField(16, rawField(16, id.bytes))
            case .search: rawField(17, "x")
            case .recall: rawField(17, "x") + rawField(26, id.bytes)
            case .create: rawField(48, [Kind.user.rawValue]) + rawField(16, rawField(85, "x"))
            case .change: rawField(48, [Kind.user.rawValue]) + rawField(16, rawField(16, id.bytes))
            case .fetch, .remove, .restore, .use: rawField(48, [Kind.term.rawValue]) + rawField(16, id.bytes)
            case .browse: rawField(48, [Kind.term.rawValue])
            case .end, .open, .rotateKey, .revokeKey, .history, .endSession, .related: rawField(16, id.bytes)
            case .suggest, .detect: rawField(17, "x")
            case .learn: rawField(17, rawField(16, id.bytes) + rawField(17, [1])) + rawField(18, "x")
            case .erase: rawField(16, [1]) + rawField(17, id.bytes)
            case .createKey: rawField(16, rawField(85, "x"))
            case .startJob: rawField(16, rawField(20, "import"))
            case .claimJob: rawField(16, id.bytes) + rawField(17, id.bytes)
            case .stepJob: rawField(16, rawField(16, id.bytes) + rawField(17, id.bytes))
            case .controlJob: rawField(16, id.bytes) + rawField(17, [1])
            case .watchJob: rawField(16, id.bytes)
            case .importing: importBody
            }
        let plain = try read(name, body)
        for count in 0..<17 {
            #expect(try read(name, body + rawField(0x7001, [UInt8](repeating: 0xAB, count: count))) == plain)
            #expect(try read(name, rawField(15, [UInt8](repeating: 0xAB, count: count)) + body) == plain)
        }
        #expect(throws: BodyError.unknownCriticalField(0x7001)) { try read(name, body + rawField(0xF001, [1])) }
        #expect(throws: BodyError.unknownCriticalField(15)) { try read(name, rawField(0x800F, [1]) + body) }
    }

    @Test("unknown fields are skipped, and refused when critical, in whatever is no request")
    func unknownFieldsElsewhere() throws {
        let organization = rawField(18, id.bytes)
        let unknown = rawField(0x7001, [1])
        let critical = rawField(0xF001, [1])
        #expect(try Hello.read(unknown) == Hello.read([]))
        #expect(try Welcome.read(organization + unknown) == Welcome.read(organization))
        #expect(try Fault.read(unknown) == Fault.read([]))
        #expect(try Credit.read(rawField(16, [1, 0, 0, 0]) + unknown) == Credit(bytes: 1))
        #expect(try StreamEnd.read(unknown) == StreamEnd(count: 0))
        #expect(try Outcome.read(.list, unknown, of: id) == .page(MemoryPage(memories: [], next: nil)))
        let reads: [([UInt8]) throws -> Void] = [
            { _ = try Hello.read($0) }, { _ = try Welcome.read(organization + $0) }, { _ = try Fault.read($0) }, { _ = try Credit.read($0) },
            { _ = try StreamEnd.read($0) }, { [id] in _ = try Outcome.read(.list, $0, of: id) }, { [id] in _ = try Outcome.read(.search, $0, of: id) },
        ]
        for read in reads {
            #expect(throws: BodyError.unknownCriticalField(0x7001)) { try read(critical) }
        }
    }

    @Test("the filter is marked critical, so that no server answers without it")
    func filterIsCritical() throws {
        let search = SearchRequest(query: .text("x"), filter: .exists(.user))
        let all = try decoded(Message.request(1, Request(envelope: Envelope(), operation: .search(search))).bytes)
        guard case .frame(let frame) = all[0] else { throw NotOneFrame(decoded: all) }
        var reader = FieldReader(frame.body)
        var critical: [UInt16] = []
        while let field = try reader.next() { if field.isCritical { critical.append(field.tag) } }
        #expect(critical == [19])
    }

    @Test("what follows the envelope is the same under every envelope")
    func operationStart() throws {
        let operation = Operation.remember([MemoryDraft(agent: id, content: "abc")])
        var bodies: Set<[UInt8]> = []
        var starts: Set<Int> = []
        let envelopes = [
            Envelope(), Envelope(deadlineMilliseconds: 1), Envelope(idempotencyKey: id), Envelope(deadlineMilliseconds: 2, idempotencyKey: id),
        ]
        for envelope in envelopes {
            let all = try decoded(Message.request(1, Request(envelope: envelope, operation: operation)).bytes)
            guard case .frame(let frame) = all[0] else { throw NotOneFrame(decoded: all) }
            let (request, start) = try Request.read(frame)
            #expect(request == Request(envelope: envelope, operation: operation))
            starts.insert(start)
            bodies.insert(Array(frame.body[start...]))
        }
        #expect(starts == [0, 16, 24, 40])
        #expect(bodies.count == 1)
        let unknown = rawField(14, "of a newer client") + rawField(16, id.bytes)
        let all = try decoded(RawFrame(operation: 36, body: unknown).bytes)
        guard case .frame(let frame) = all[0] else { throw NotOneFrame(decoded: all) }
        #expect(try Array(frame.body[Request.read(frame).operationStart...]) == rawField(16, id.bytes))
    }

    @Test("a body that is cut anywhere is refused or means less, and never breaks the reader")
    func everyPrefix() throws {
        var understood: [String] = []
        for golden in GoldenCase.requests + GoldenCase.replies {
            guard case .frame(let frame) = try #require(try decoded(golden.bytes).first) else { continue }
            for count in stride(from: 0, to: frame.body.count, by: 1) {
                let body = Array(frame.body[..<count])
                let cut = Frame(header: frame.header, body: body)
                do {
                    _ = try Message(cut)
                    if count % 8 != 0 { understood.append("\(golden.name), \(count) bytes") }
                } catch is BodyError {
                    continue
                }
            }
        }
        #expect(understood.isEmpty)
    }

    @Test("a body with one byte turned is read or refused, and never breaks the reader", arguments: 1...8)
    func everyByteTurned(bit: Int) throws {
        var refused = 0
        for golden in GoldenCase.requests + GoldenCase.replies + GoldenCase.handshakes {
            guard case .frame(let frame) = try #require(try decoded(golden.bytes).first) else { continue }
            for index in frame.body.indices {
                var body = frame.body
                body[index] ^= 1 << (bit - 1)
                do { _ = try Message(Frame(header: frame.header, body: body)) } catch is BodyError { refused += 1 }
            }
        }
        #expect(refused > 1_000)
    }
}
