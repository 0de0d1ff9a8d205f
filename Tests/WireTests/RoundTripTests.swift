import Records
import Testing

@testable import Wire

@Suite("What is written is read again")
struct RoundTripTests {
    /// The seed is the test's argument, so a failure names it.
    private static let seeds = 0..<40 as Range<UInt64>

    private func expectSame(_ message: Message, seed: UInt64, _ place: SourceLocation = #_sourceLocation) throws {
        let bytes = message.bytes
        let read = try Message(bytes: bytes)
        #expect(read == message, "seed \(seed)", sourceLocation: place)
        #expect(read.bytes == bytes, "seed \(seed)", sourceLocation: place)
    }

    @Test("every operation, under every envelope", arguments: Operation.Name.allCases, seeds)
    func operations(name: Operation.Name, seed: UInt64) throws {
        var random = RandomMessages(seed: seed)
        let request = Request(envelope: random.envelope(), operation: random.operation(name))
        try expectSame(.request(random.bits(), request), seed: seed)
    }

    @Test("every outcome, as a reply and as an item", arguments: Operation.Name.allCases, seeds)
    func outcomes(name: Operation.Name, seed: UInt64) throws {
        var random = RandomMessages(seed: seed)
        let outcome = random.outcome(name)
        try expectSame(.reply(random.bits(), name, outcome), seed: seed)
        try expectSame(.item(random.bits(), name, outcome), seed: seed)
        try expectSame(.end(random.bits(), name, StreamEnd(count: random.pick(RandomMessages.integers))), seed: seed)
    }

    @Test("every message of the handshake and of flow control", arguments: seeds)
    func handshakes(seed: UInt64) throws {
        var random = RandomMessages(seed: seed)
        for message in random.handshake() { try expectSame(message, seed: seed) }
    }

    @Test("every error", arguments: ErrorCode.allCases)
    func errors(code: ErrorCode) throws {
        var random = RandomMessages(seed: UInt64(code.rawValue))
        for _ in 0..<20 {
            var fault = random.fault()
            fault.code = code
            try expectSame(.error(random.bits(), fault), seed: UInt64(code.rawValue))
        }
    }

    @Test("random filters", arguments: 0..<500 as Range<UInt64>)
    func filters(seed: UInt64) throws {
        var random = RandomMessages(seed: seed)
        let filter = random.filter()
        var writer = FieldWriter()
        writer.filter(filter)
        #expect(try FilterReader.read(writer.bytes) == filter, "seed \(seed)")
        let understood = writer.bytes.indices.filter { (try? FilterReader.read(Array(writer.bytes[..<$0]))) != nil }
        #expect(understood.isEmpty, "seed \(seed)")
        #expect(throws: BodyError.self, "seed \(seed)") { try FilterReader.read(writer.bytes + [0]) }
    }

    @Test("a filter with a byte turned is read or refused, and never breaks the reader", arguments: 0..<100 as Range<UInt64>)
    func turnedFilters(seed: UInt64) throws {
        var random = RandomMessages(seed: seed)
        var writer = FieldWriter()
        writer.filter(random.filter())
        for index in writer.bytes.indices {
            var bytes = writer.bytes
            bytes[index] = UInt8.random(in: 0...255, using: &random.generator)
            do {
                try FilterReader.read(bytes).check()
            } catch is BodyError {
                continue
            }
        }
    }

    @Test("a filter at each of its limits is read, and one beyond is not")
    func filterLimits() throws {
        func read(_ filter: Filter) throws -> Filter {
            var writer = FieldWriter()
            writer.filter(filter)
            return try FilterReader.read(writer.bytes)
        }
        func nested(_ depth: Int) -> Filter { (1..<depth).reduce(Filter.exists(.user)) { filter, _ in .not(filter) } }
        func wide(_ nodes: Int) -> Filter { .or([Filter](repeating: .exists(.user), count: nodes - 1)) }
        func many(_ values: Int) -> Filter { .anyOf(.tags, (0..<values).map { .text("\($0)") }) }
        func long(_ names: Int) -> Filter { .exists(.metadata([String](repeating: String(repeating: "n", count: 255), count: names))) }
        #expect(try read(nested(Limits.filterDepthMax)) == nested(Limits.filterDepthMax))
        #expect(try read(wide(Limits.filterNodesMax)) == wide(Limits.filterNodesMax))
        #expect(try read(many(Limits.filterValuesMax)) == many(Limits.filterValuesMax))
        #expect(try read(long(Limits.filterPathMax)) == long(Limits.filterPathMax))
        for filter in [
            nested(Limits.filterDepthMax + 1), wide(Limits.filterNodesMax + 1), many(Limits.filterValuesMax + 1), long(Limits.filterPathMax + 1),
        ] {
            #expect(throws: BodyError.self) { try read(filter) }
        }
    }

    @Test("a batch at its limit is read, and one memory more is refused by name")
    func batchLimit() throws {
        let draft = MemoryDraft(agent: Identifier.golden(1), content: "x")
        func read(_ count: Int) throws -> Message {
            try Message(bytes: Message.request(
                1, Request(envelope: Envelope(), operation: .remember([MemoryDraft](repeating: draft, count: count)))).bytes)
        }
        guard case .request(_, let request) = try read(Limits.batchMax), case .remember(let drafts) = request.operation else {
            Issue.record("it is read as something else")
            return
        }
        #expect(drafts.count == Limits.batchMax)
        let refusal = BodyError.field(FieldError("memories", .tooMany(count: Limits.batchMax + 1, countMax: Limits.batchMax)))
        #expect(throws: refusal) { try read(Limits.batchMax + 1) }
    }

    @Test("the key is in no description of an authentication")
    func keyIsNotPrinted() {
        let wish = Authenticate(client: "c", key: "pk_secret")
        #expect(!wish.description.contains("pk_secret"))
        #expect(!"\(wish)".contains("pk_secret"))
    }
}
