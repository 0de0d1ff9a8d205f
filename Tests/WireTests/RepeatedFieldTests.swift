import Records
import Testing

@testable import Wire

@Suite("A field that is no list stands once")
struct RepeatedFieldTests {
    /// The tags that may be repeated, by the frame they stand in.
    private func lists(_ header: FrameHeader) -> Set<UInt16> {
        switch (header.type, Operation.Name(rawValue: header.operation)) {
        case (.welcome, _): [19]
        case (.request, .remember), (.reply, .get), (.reply, .history), (.reply, .suggest), (.reply, .detect), (.reply, .related), (.reply, .list), (.item, .stream), (.request, .create), (.reply, .fetch), (.reply, .browse), (.reply, .claimJob),
            (.reply, .watchJob), (.request, .importing):
            [16]
        case (.reply, .remember): [19]
        case (.request, .learn): [17, 18]
        case (.reply, .open): [17]
        case (.reply, .search), (.reply, .recall): [17, 19]
        default: []
        }
    }

    private func fields(_ bytes: [UInt8]) throws -> [(tag: UInt16, bytes: [UInt8])] {
        var reader = FieldReader(bytes)
        var result: [(UInt16, [UInt8])] = []
        var start = 0
        while let field = try reader.next() {
            result.append((field.tag, Array(bytes[start..<reader.offset])))
            start = reader.offset
        }
        return result
    }

    /// Whether the body is refused because of a field that stands there again; any other refusal fails the test.
    private func isRefused(_ header: FrameHeader, _ body: [UInt8], _ tag: UInt16) throws -> Bool {
        do throws(BodyError) {
            _ = try message(Frame(header: header, body: body))
            return false
        } catch {
            guard case .malformed(let why) = error else { throw error }
            #expect(why.hasSuffix("field \(tag) stands there twice"))
            return true
        }
    }

    private func message(_ frame: Frame) throws(BodyError) -> Message {
        do { return try Message(frame) } catch let error as BodyError { throw error } catch { throw .malformed("\(error)") }
    }

    @Test("every field of every golden frame is refused when it stands twice, and lists are not")
    func everyField() throws {
        var refused: Set<[Int]> = []
        var repeated: Set<[Int]> = []
        for golden in GoldenCase.handshakes + GoldenCase.requests + GoldenCase.replies {
            guard case .frame(let frame) = try #require(try decoded(golden.bytes).first) else { continue }
            let fields = try fields(frame.body)
            for (index, field) in fields.enumerated() {
                // Right behind itself, so that the envelope still comes first.
                let body = fields[...index].flatMap(\.bytes) + field.bytes + fields[(index + 1)...].flatMap(\.bytes)
                let isList = lists(frame.header).contains(field.tag)
                #expect(try isRefused(frame.header, body, field.tag) != isList, "\(golden.name), field \(field.tag)")
                let place = [Int(frame.header.type.rawValue), Int(frame.header.operation), Int(field.tag)]
                if isList { repeated.insert(place) } else { refused.insert(place) }
            }
        }
        #expect(refused.count >= 50)
        #expect(repeated.count == 22)
    }

    @Test("every field of a memory but its tags is refused when it stands twice")
    func everyFieldOfAMemory() throws {
        var refused: Set<UInt16> = []
        for golden in GoldenCase.requests {
            guard case .frame(let frame) = try #require(try decoded(golden.bytes).first) else { continue }
            let name = try #require(Operation.Name(rawValue: frame.header.operation))
            guard name == .remember || name == .update else { continue }
            for outer in try fields(frame.body) where outer.tag == 16 {
                let memory = Array(outer.bytes[8...])
                for field in try fields(memory) {
                    let wasRefused = try isRefused(frame.header, rawField(16, memory + field.bytes), field.tag)
                    #expect(wasRefused != (field.tag == 23), "\(golden.name), field \(field.tag)")
                    if wasRefused { refused.insert(field.tag) }
                }
            }
        }
        #expect(refused.isSuperset(of: [16, 17, 18, 19, 20, 21, 22, 24, 25, 27, 31, 33, 34, 35]))
    }

    @Test("a critical field counts as the same field")
    func criticalIsTheSame() throws {
        let header = FrameHeader(type: .request, request: 1, operation: Operation.Name.get.rawValue)
        let id = Identifier.golden(1).bytes
        #expect(try isRefused(header, rawField(16, id) + rawField(0x8010, id), 16))
    }

    @Test("unknown fields may stand more than once")
    func unknownFields() throws {
        let header = FrameHeader(type: .request, request: 1, operation: Operation.Name.get.rawValue)
        let unknown = rawField(63, "a") + rawField(64, "a") + rawField(0x7FFF, "a")
        #expect(try !isRefused(header, rawField(15, "a") + rawField(15, "b") + rawField(16, Identifier.golden(1).bytes) + unknown + unknown, 0))
    }

    @Test("a pong with fields that cannot be skipped, and hits with bytes that must be zero, are refused")
    func answersAreChecked() throws {
        #expect(try Outcome.read(.ping, rawField(0x7001, "a"), of: Message.organization) == .pong)
        #expect(throws: BodyError.unknownCriticalField(0x7001)) { try Outcome.read(.ping, rawField(0xF001, "a"), of: Message.organization) }
        #expect(throws: BodyError.self) { try Outcome.read(.ping, [1, 2, 3], of: Message.organization) }
        let hit = Identifier.golden(1).bytes + little(Float(0.5).bitPattern)
        #expect(throws: Never.self) { try Outcome.read(.search, rawField(16, hit + [0, 0, 0, 0]), of: Message.organization) }
        for index in 0..<4 {
            var reserved: [UInt8] = [0, 0, 0, 0]
            reserved[index] = 1
            #expect(throws: BodyError.malformed("the reserved bytes of a row are not zero")) {
                try Outcome.read(.search, rawField(16, hit + reserved), of: Message.organization)
            }
        }
    }

    @Test("a caller's words come back in an error only so far, also when they are one character")
    func wordsAreClipped() {
        let character = "a" + String(repeating: "\u{301}", count: 30_000)
        let fault = Fault(FieldError("filter.\(character)", .unknown(known: ["tags"])))
        #expect(fault.field?.utf8.count ?? 0 <= 1_003)
        #expect(fault.sentence.utf8.count <= 1_003)
        #expect(fault.field?.hasPrefix("filter.") == true)
    }
}
