import Records
import Wire

/// A request that is wrong in one way, and what is to be said of it.
struct BadInput {
    let name: String
    let frame: [UInt8]
    let code: ErrorCode
    let field: String?
    let request: UInt64

    private init(_ name: String, _ frame: [UInt8], _ code: ErrorCode, _ field: String?, request: UInt64 = 7) {
        self.name = name
        self.frame = frame
        self.code = code
        self.field = field
        self.request = request
    }

    private static func of(_ name: String, _ operation: Operation, _ code: ErrorCode, _ field: String?) -> BadInput {
        BadInput(name, RawFrame.request(operation, id: 7), code, field)
    }

    static func all(agent: Identifier) -> [BadInput] { vectors(agent) + texts(agent) + searches + others(agent) + framing(agent) }

    private static func vectors(_ agent: Identifier) -> [BadInput] {
        let good = vector(of: "good")
        func with(_ value: Float, at position: Int) -> [Float] {
            var result = good
            result[position] = value
            return result
        }
        let bad: [(String, [Float], ErrorCode)] = [
            ("NaN", with(.nan, at: 3), .invalidField), ("infinity", with(.infinity, at: 31), .invalidField),
            ("minus infinity", with(-.infinity, at: 0), .invalidField), ("a zero vector", [Float](repeating: 0, count: good.count), .invalidField),
            ("no numbers", [], .invalidField), ("a dimension too few", Array(good.dropLast()), .wrongDimension),
            ("a dimension too many", good + [1], .wrongDimension), ("too many dimensions", [Float](repeating: 1, count: 16_001), .invalidField),
        ]
        return bad.flatMap { name, vector, code -> [BadInput] in
            let draft = MemoryDraft(agent: agent, content: "bad", vector: vector)
            let fine = MemoryDraft(agent: agent, content: "good", vector: good)
            return [
                of("remember with \(name)", .remember([draft]), code, code == .wrongDimension ? "vector" : "memories[0].vector"),
                of("a batch whose second has \(name)", .remember([fine, draft]), code, "memories[1].vector"),
                of("search with \(name)", .search(SearchRequest(query: .vector(vector))), code, "vector"),
            ].filter { !(code == .wrongDimension && $0.name.hasPrefix("remember")) }
        }
    }

    private static func texts(_ agent: Identifier) -> [BadInput] {
        func remember(_ name: String, _ draft: MemoryDraft, _ field: String) -> BadInput {
            of(name, .remember([draft]), .invalidField, "memories[0].\(field)")
        }
        let content = RawFrame.request(.remember([MemoryDraft(agent: agent, content: "PLACEHOLDER")]), id: 7)
        func bytes(_ bytes: [UInt8]) -> [UInt8] {
            RawFrame.replacing(Array("PLACEHOLDER".utf8), by: bytes + [UInt8](repeating: 0x61, count: 11 - bytes.count), in: content)
        }
        return [
            BadInput("a lone continuation byte", bytes([0x80]), .invalidField, "memories[0].content"),
            BadInput("an overlong form", bytes([0xC0, 0xAF]), .invalidField, "memories[0].content"),
            BadInput("half a surrogate", bytes([0xED, 0xA0, 0x80]), .invalidField, "memories[0].content"),
            BadInput("beyond Unicode", bytes([0xF5, 0x80, 0x80, 0x80]), .invalidField, "memories[0].content"),
            BadInput("a NUL", bytes([0]), .invalidField, "memories[0].content"),
            remember("no content", MemoryDraft(agent: agent, content: ""), "content"),
            remember("content too long", MemoryDraft(agent: agent, content: String(repeating: "a", count: Limits.contentBytesMax + 1)), "content"),
            remember("a tag too long", MemoryDraft(agent: agent, content: "a", tags: [String(repeating: "t", count: Limits.tagBytesMax + 1)]), "tags"),
            remember("too many tags", MemoryDraft(agent: agent, content: "a", tags: (0...Limits.tagsMax).map { "t\($0)" }), "tags"),
            remember("a tag twice", MemoryDraft(agent: agent, content: "a", tags: ["t", "t"]), "tags"),
            remember("importance above 1", MemoryDraft(agent: agent, content: "a", importance: 1.5), "importance"),
            remember("importance that is no number", MemoryDraft(agent: agent, content: "a", importance: .nan), "importance"),
            remember("metadata that is no object", MemoryDraft(agent: agent, content: "a", metadata: [1]), "metadata"),
            of("a slug with spaces", .ensureAgent(slug: "not a slug", name: "x"), .invalidField, "slug"),
        ]
    }

    private static var searches: [BadInput] {
        let query = SearchRequest.Query.vector(vector(of: "good"))
        let filtered = RawFrame.request(.search(SearchRequest(query: query, filter: .exists(.importance))), id: 7)
        func filter(_ name: String, _ filter: Filter, _ field: String) -> BadInput {
            of(name, .search(SearchRequest(query: query, filter: filter)), .invalidField, field)
        }
        var deep = Filter.exists(.user)
        for _ in 0...Limits.filterDepthMax { deep = .not(deep) }
        return [
            of("k of 0", .search(SearchRequest(query: query, k: 0)), .invalidField, "k"),
            of("k too large", .search(SearchRequest(query: query, k: Limits.kMax + 1)), .invalidField, "k"),
            of("text without an embedder", .search(SearchRequest(query: .text("what"), mode: .hybrid)), .noEmbedder, "text"),
            of("words of a vector", .search(SearchRequest(query: query, mode: .lexical)), .invalidField, "mode"),
            of("text too long", .search(SearchRequest(query: .text(String(repeating: "a", count: Limits.textQueryBytesMax + 1)))), .invalidField, "text"),
            BadInput(
                "a filter on an unknown field", RawFrame.replacing(Array("importance".utf8), by: Array("impartance".utf8), in: filtered), .unknownField,
                "filter.impartance"),
            filter("a filter with a value of another type", .equals(.importance, .text("high")), "filter.importance"),
            filter("a filter that is too deep", deep, "filter"),
            filter("a filter with too many parts", .or((0..<300).map { .equals(.accessCount, .integer($0)) }), "filter"),
            filter("all-of on a field without lists", .allOf(.type, [.text("fact")]), "filter.type"),
        ]
    }

    private static func others(_ agent: Identifier) -> [BadInput] {
        let nowhere = Identifier(high: 1, low: 2)
        let many = (0...Limits.batchMax).map { Identifier(high: 3, low: UInt64($0)) }
        return [
            of("get of an id that is not there", .get([nowhere], withVectors: false), .notFound, "id"),
            of("update of an id that is not there", .update(MemoryPatch(id: nowhere, content: "new")), .notFound, "id"),
            of("delete of an id that is not there", .delete([nowhere]), .notFound, "id"),
            of("an agent that is not there", .remember([MemoryDraft(agent: nowhere, content: "a")]), .invalidField, "agent"),
            of("too many ids", .get(many, withVectors: false), .invalidField, "ids"),
            of("no ids", .get([], withVectors: false), .invalidField, "ids"),
            of("nothing to delete", .delete([]), .invalidField, "ids"),
            of("an empty batch", .remember([]), .invalidField, "memories"),
            of(
                "too many memories", .remember((0...Limits.batchMax).map { MemoryDraft(agent: agent, content: "a \($0)") }), .invalidField, "memories"),
            of("a page of none", .list(MemoryListing(limit: 0)), .invalidField, "limit"),
            of("a page too long", .list(MemoryListing(limit: Limits.pageMax + 1)), .invalidField, "limit"),
        ]
    }

    /// Wrong below the operation: the body's checksum, its structure, its tags, the operation's number.
    private static func framing(_ agent: Identifier) -> [BadInput] {
        let frame = RawFrame.request(.search(SearchRequest(query: .vector(vector(of: "good")))), id: 7)
        var checksum = frame
        checksum[40] ^= 1
        var cut = frame
        cut[36] = 0xF0
        var critical = frame
        critical += [0xFF, 0xFF, 0, 0, 0, 0, 0, 0]
        var reserved = frame
        reserved[34] = 1
        return [
            BadInput("a body that does not match its checksum", checksum, .bodyChecksum, nil),
            BadInput("a field longer than its body", RawFrame.sealed(cut), .malformedBody, nil),
            BadInput("a critical field that nobody knows", RawFrame.sealed(critical), .unknownCriticalField, nil),
            BadInput("reserved bytes of a field", RawFrame.sealed(reserved), .malformedBody, nil),
            BadInput("half a field header", RawFrame.sealed(frame + [1, 0, 0, 0]), .malformedBody, nil),
            BadInput("an operation that nobody knows", RawFrame.operation(0x7777, in: frame), .unknownOperation, nil),
            BadInput("an update without its memory", RawFrame.operation(35, in: RawFrame.request(.ping, id: 7)), .invalidField, "memory"),
            BadInput("a search without a query", RawFrame.operation(37, in: RawFrame.request(.ping, id: 7)), .invalidField, "query"),
            BadInput("request 0", RawFrame.request(.status, id: 0), .invalidField, "request", request: 0),
        ]
    }
}
