import class Foundation.FileManager
import class Foundation.ProcessInfo
import struct Foundation.URL
import Records
import Testing

@testable import Wire

/// docs/PROTOCOL.md, cut into what can be compared with the code.
private struct ProtocolDocument {
    let lines: [String]

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(components: "docs", "PROTOCOL.md").path()
        let bytes = try #require(FileManager.default.contents(atPath: path), "there is no \(path)")
        let text = try #require(String(validating: bytes, as: UTF8.self))
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// What follows a heading, up to the next heading of any level.
    private func section(_ heading: String) throws -> ArraySlice<String> {
        let start = try #require(lines.firstIndex(of: heading), "there is no heading \(heading)")
        let rest = lines[(start + 1)...]
        return rest.prefix { !$0.hasPrefix("## ") && !$0.hasPrefix("### ") }
    }

    /// The rows of the first table below a heading, without its head.
    func table(_ heading: String) throws -> [[String]] {
        let rows = try section(heading).drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.dropFirst(2)
        try #require(!rows.isEmpty, "there is no table below \(heading)")
        return rows.map { row in row.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map { ProtocolDocument.trimmed($0) } }
    }

    /// The bytes of the example below a heading; what follows a semicolon is explanation.
    func example(_ name: String) throws -> [UInt8] {
        let block = try section("### Example: \(name)").drop { $0 != "```hex" }.dropFirst().prefix { $0 != "```" }
        try #require(!block.isEmpty, "there is no example \(name)")
        return try block.flatMap { line in
            try line.prefix { $0 != ";" }.split(separator: " ").map { try #require(UInt8($0, radix: 16), "\($0) is no byte") }
        }
    }

    static func trimmed(_ text: Substring) -> String {
        let front = text.drop { $0 == " " }
        return String(String(front.reversed().drop { $0 == " " }).reversed())
    }
}

/// The one frame that the bytes hold, and nothing behind it.
private func onlyFrame(_ bytes: [UInt8]) throws -> Frame {
    var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
    decoder.append(bytes.span)
    guard case .frame(let frame)? = try decoder.next() else { throw DocumentError(sentence: "the example is no whole and undamaged frame") }
    #expect(decoder.bytesHeld == 0)
    return frame
}

private struct DocumentError: Error {
    let sentence: String
}

@Suite("docs/PROTOCOL.md says what the code does")
struct ProtocolDocumentTests {
    private let document: ProtocolDocument

    init() throws { document = try ProtocolDocument() }

    @Test("the table of errors has every code, its name, and whether it ends the connection")
    func errors() throws {
        let written = try document.table("## 13. Errors").map { Array($0.prefix(3)) }
        let known = ErrorCode.allCases.sorted { $0.rawValue < $1.rawValue }
            .map { [String($0.rawValue), $0.description, $0.endsConnection ? "yes" : "no"] }
        #expect(written == known)
    }

    @Test("the table of frame types has every type")
    func frameTypes() throws {
        let written = try document.table("## 4. Frame types").map { Array($0.prefix(2)) }
        let known = FrameType.allCases.sorted { $0.rawValue < $1.rawValue }.map { [String($0.rawValue), String(describing: $0)] }
        #expect(written == known)
    }

    @Test("the table of operations has every operation, its scope, and whether it writes")
    func operations() throws {
        let written = try document.table("## 8. Operations").map { Array($0.prefix(4)) }
        let known = Operation.Name.allCases.sorted { $0.rawValue < $1.rawValue }
            .map { [String($0.rawValue), $0.description, scope(of: $0), $0.isWrite ? "yes" : "no"] }
        #expect(written == known)
    }

    private func scope(of name: Operation.Name) -> String {
        let scopes = Operation.requiredScopes(name, .term)
        guard !scopes.isEmpty else { return "none" }
        let ofKind = scopes != Operation.requiredScopes(name, .user)
        let named = scopes.map { ofKind && $0 == .termsRead ? "reading the kind" : ofKind && $0 == .termsWrite ? "writing the kind" : $0.rawValue }
        return named.sorted { ($0.hasSuffix("kind") ? "" : $0) < ($1.hasSuffix("kind") ? "" : $1) }.joined(separator: ", ")
    }

    /// What the document says of a kind; `PINYON_WRITE_PROTOCOL=1` writes it there.
    private func lines(of kind: Kind) -> [String] {
        let rules = Schema.of(kind).rules.filter { $0.setter != .hidden }
        return rules.map { rule in
            let form =
                switch rule.type {
                case .flag: "flag"
                case .integer: "i64"
                case .number: "f64"
                case .text, .choice: "text"
                case .identifier: "id"
                case .time: "time"
                case .texts: "text, repeated"
                case .object, .list: "json"
                case .bytes: "bytes"
                case .vector: "vector"
                }
            let setter =
                switch rule.setter {
                case .creator: "creator"
                case .caller: "caller"
                case .server, .hidden: "server"
                }
            let needed = rule.fallback.map { "no, \($0.meaning)" } ?? (rule.isRequired ? "yes" : "no")
            return "| \(rule.field.rawValue) | \(rule.field.name) | \(form) | \(setter) | \(needed) | \(rule.type) |"
        }
    }

    @Test("the tables of records' fields are those of the schema", arguments: Kind.allCases.filter { $0 != .memory })
    func recordFields(kind: Kind) throws {
        let known = lines(of: kind).map { $0.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map { ProtocolDocument.trimmed($0) } }
        #expect(try document.table("### The fields of \(kind.name)") == known)
    }

    @Test("the kinds have the numbers and names of the code")
    func kinds() throws {
        let known = Kind.allCases.sorted { $0.rawValue < $1.rawValue }.map { kind in
            let schema = Schema.of(kind)
            let lists = schema.listedBy.map(\.name).joined(separator: ", ")
            return [String(kind.rawValue), kind.name, lists.isEmpty ? "-" : lists, schema.orderedBy.isEmpty ? "-" : schema.orderedBy.map(\.name).joined(separator: ", ")]
        }
        #expect(try document.table("### Kinds") == known)
    }

    @Test("written anew, the tables of the document are as they are", .enabled(if: ProcessInfo.processInfo.environment["PINYON_WRITE_PROTOCOL"] == "1"))
    func write() {
        for kind in Kind.allCases where kind != .memory {
            print("### The fields of \(kind.name)\n\n| tag | name | type | set by | needed | holds |\n|---|---|---|---|---|---|")
            for line in lines(of: kind) { print(line) }
            print("")
        }
    }

    @Test("every operation has a section of its own")
    func operationSections() {
        for name in Operation.Name.allCases { #expect(document.lines.contains("### \(name)"), "\(name) has no section") }
    }

    @Test("the table of limits has the values in force")
    func limits() throws {
        let known: [String: Int] = [
            "json_depth_max": Limits.jsonDepthMax, "json_values_max": Limits.jsonValuesMax, "metadata_bytes_max": Limits.metadataBytesMax, "content_bytes_max": Limits.contentBytesMax,
            "name_bytes_max": Limits.nameBytesMax, "slug_bytes_max": Limits.slugBytesMax, "title_bytes_max": Limits.titleBytesMax,
            "model_bytes_max": Limits.modelBytesMax, "example_bytes_max": Limits.exampleBytesMax, "tags_max": Limits.tagsMax,
            "tag_bytes_max": Limits.tagBytesMax, "dimension_max": Limits.dimensionMax, "batch_max": Limits.batchMax, "page_max": Limits.pageMax,
            "k_max": Limits.kMax, "filter_depth_max": Limits.filterDepthMax, "filter_nodes_max": Limits.filterNodesMax,
            "filter_values_max": Limits.filterValuesMax, "filter_path_max": Limits.filterPathMax,
            "text_query_bytes_max": Limits.textQueryBytesMax, "frame_bytes_max": Limits.frameBytesMax,
            "answer_bytes_max": Limits.answerBytesMax, "idempotency_seconds": Int(Limits.idempotencySeconds),
        ]
        let rows = try document.table("## 14. Limits")
        let written = try Dictionary(rows.map { ($0[0], try #require(Int($0[1]), "\($0[0]) has no number")) }) { first, _ in first }
        #expect(written == known)
        #expect(rows.count == known.count)
    }

    @Test("the table of a memory's fields has their tags")
    func memoryTags() throws {
        let known: [[String]] = [
            (MemoryTag.id, "id"), (MemoryTag.agent, "agent"), (MemoryTag.user, "user"), (MemoryTag.session, "session"), (MemoryTag.type, "type"),
            (MemoryTag.content, "content"), (MemoryTag.importance, "importance"), (MemoryTag.tag, "tag"), (MemoryTag.metadata, "metadata"),
            (MemoryTag.createdAt, "created_at"), (MemoryTag.updatedAt, "updated_at"), (MemoryTag.expiresAt, "expires_at"),
            (MemoryTag.lastAccessedAt, "last_accessed_at"), (MemoryTag.accessCount, "access_count"), (MemoryTag.version, "version"),
            (MemoryTag.vector, "vector"), (MemoryTag.space, "space"), (MemoryTag.cleared, "cleared"), (MemoryTag.ifVersion, "if_version"),
            (MemoryTag.replacesTags, "replaces_tags"), (MemoryTag.deletedAt, "deleted_at"), (MemoryTag.supersedes, "supersedes"), (MemoryTag.onSimilar, "on_similar"),
            (MemoryTag.similarity, "similarity"), (MemoryTag.isPinned, "pinned"), (MemoryTag.validFrom, "valid_from"), (MemoryTag.validTo, "valid_to"),
            (MemoryTag.closedAt, "closed_at"), (MemoryTag.supersededBy, "superseded_by"), (MemoryTag.sourceMessage, "source_message"), (MemoryTag.forgetAt, "forget_at"),
        ].map { [String($0.0), $0.1] }
        #expect(try document.table("## 10. The fields of a memory").map { Array($0.prefix(2)) } == known)
    }

    @Test("the checksum's test vector holds")
    func checksum() {
        let digits = Array("123456789".utf8)
        #expect(RawBytes.crc32c(of: digits, in: 0..<digits.count) == 0xE306_9283)
        #expect(document.lines.contains { $0.contains("`123456789` is 0xE3069283") })
    }

    @Test("the example of authenticate is what is sent, and is read as the text says")
    func authenticateExample() throws {
        let bytes = try document.example("authenticate")
        let wish = Authenticate(
            version: 1, features: [.streams, .idempotencyKeys], client: "example 1", key: "pny_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg",
            streamCredit: 65_536)
        var written: [UInt8] = []
        wish.append(to: &written)
        #expect(written == bytes)
        let frame = try onlyFrame(bytes)
        #expect(frame.header.type == .authenticate)
        #expect(try Authenticate.read(frame.body) == wish)
    }

    @Test("the examples of a ping and its reply are what is sent, and are read as the text says")
    func pingExample() throws {
        let ping = try document.example("ping")
        var written: [UInt8] = []
        Request(envelope: Envelope(), operation: .ping).append(id: 1, to: &written)
        #expect(written == ping)
        #expect(try Request.read(try onlyFrame(ping)).request.operation == .ping)

        let pong = try document.example("pong")
        var answered: [UInt8] = []
        FrameWriter.appendEmpty(.reply, request: 1, operation: Operation.Name.ping.rawValue, to: &answered)
        #expect(answered == pong)
        #expect(try onlyFrame(pong).header == FrameHeader(type: .reply, request: 1, operation: 1))
    }

    @Test("the example of a delete is what is sent, and is read as the text says")
    func deleteExample() throws {
        let bytes = try document.example("delete")
        let memory = try #require(Identifier("01890a5d-ac96-774b-bcce-b302099a8057"))
        let key = try #require(Identifier("01890a5d-ac96-774b-bcce-b302099a8058"))
        let request = Request(envelope: Envelope(deadlineMilliseconds: 5_000, idempotencyKey: key), operation: .delete([memory]))
        var written: [UInt8] = []
        request.append(id: 2, to: &written)
        #expect(written == bytes)
        let frame = try onlyFrame(bytes)
        #expect(frame.header.request == 2)
        #expect(try Request.read(frame).request == request)
    }

    @Test("the example of a filter is what is sent, and is read as the text says")
    func filterExample() throws {
        let bytes = try document.example("filter")
        let filter = Filter.and([
            .equals(.type, .text("fact")), .range(.importance, Filter.Bounds(lower: .number(0.5), lowerIsIncluded: true, upperIsIncluded: false)),
        ])
        var writer = FieldWriter()
        writer.filter(filter)
        #expect(writer.bytes == bytes)
        #expect(try FilterReader.read(bytes) == filter)
    }

    @Test("the tables of scopes and of filter fields have them all")
    func scopesAndFilterFields() throws {
        let scopes = Scope.allCases.map { scope in
            [scope.rawValue, Role.allCases.filter { $0.scopes.contains(scope) }.map(\.rawValue).joined(separator: ", ")]
        }
        #expect(try document.table("### Scopes and roles") == scopes)
        let fields = Kind.searchable.map { kind in [kind.name, Schema.of(kind).filterFields.map(\.name).joined(separator: ", ")] }
        #expect(try document.table("### Fields of filters") == fields)
    }
}
