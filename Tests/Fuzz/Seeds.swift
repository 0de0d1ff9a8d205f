import Foundation
import Records
import Wire

/// Writes what the fuzzer begins with: `seeds FOLDER [FRAMES]`, one folder for each target, and a dictionary of the names that a filter may hold.
/// FRAMES is a file in which frames stand as hexadecimal digits, wherever in its lines.
@main
enum Seeds {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(Data("usage: seeds FOLDER [FRAMES]\n".utf8))
            exit(2)
        }
        let folder = URL(fileURLWithPath: arguments[1])
        var streams = try handmade()
        if arguments.count > 2 { streams += frames(in: try String(contentsOfFile: arguments[2], encoding: .utf8)) }
        var requests: [[UInt8]] = []
        for stream in streams {
            for frame in decoded(stream) where frame.header.type == .request {
                guard let choice = Operation.Name.allCases.firstIndex(where: { $0.rawValue == frame.header.operation }) else { continue }
                requests.append([UInt8(choice)] + frame.body)
            }
        }
        // Every stream under the largest limit; the first ones under each limit, mended and not.
        var marked = streams.map { [3] + $0 }
        for options in 0..<16 as Range<UInt8> { marked += streams.prefix(4).map { [options] + $0 } }
        try write(marked, to: folder.appendingPathComponent("frames"))
        try write(requests, to: folder.appendingPathComponent("requests"))
        try write(wireFilters(from: requests) + jsonFilters.map { Array($0.utf8) }, to: folder.appendingPathComponent("filters"))
        try write([Array("canarx".utf8)], to: folder.appendingPathComponent("canary"))
        let words = RecordField.allCases.map(\.name) + ["metadata", "and", "or", "not", "eq", "any", "all", "gt", "gte", "lt", "lte", "exists"]
        let dictionary = words.map { "\"\($0)\"\n\"\\\"\($0)\\\":\"\n" }.joined()
        try Data(dictionary.utf8).write(to: folder.appendingPathComponent("names.dict"))
    }

    private static func write(_ seeds: [[UInt8]], to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (index, seed) in seeds.enumerated() { try Data(seed).write(to: folder.appendingPathComponent("seed-\(index)")) }
        print("\(folder.lastPathComponent): \(seeds.count) seeds")
    }

    private static func decoded(_ stream: [UInt8]) -> [Frame] {
        var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
        decoder.append(stream.span)
        var frames: [Frame] = []
        while let next = try? decoder.next() {
            if case .frame(let frame) = next { frames.append(frame) }
        }
        return frames
    }

    /// Every run of hexadecimal digits that begins with the magic of a frame.
    private static func frames(in text: String) -> [[UInt8]] {
        text.split(whereSeparator: { !$0.isHexDigit }).filter { $0.count % 2 == 0 && $0.lowercased().hasPrefix("504e594e") }.map { digits in
            var bytes: [UInt8] = []
            var rest = digits
            while let byte = UInt8(rest.prefix(2), radix: 16) {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            }
            return bytes
        }
    }

    /// A filter's bytes stand in a search behind its field's header, so they are cut out of the request that carries them.
    private static func wireFilters(from requests: [[UInt8]]) -> [[UInt8]] {
        var filters: [[UInt8]] = []
        for request in requests {
            // Tag 19, critical, two zero bytes; then the length.
            var position = 1
            while position + 8 <= request.count {
                let length = (0..<4).reduce(0) { $0 | Int(request[position + 4 + $1]) << (8 * $1) }
                guard position + 8 + length <= request.count else { break }
                if request[position] == 19, request[position + 1] == 0x80 {
                    filters.append(Array(request[position + 8..<position + 8 + length]))
                }
                position += 8 + (length + 7) / 8 * 8
            }
        }
        return filters
    }

    private static let jsonFilters = [
        #"{"type":"fact","importance":{"gte":0.5},"tags":{"all":["a","b"]}}"#,
        #"{"and":[{"session":null},{"or":[{"created_at":{"gt":"2026-03-01T12:30:00Z","lt":"2026-04-01"}},{"not":{"tags":["x"]}}]}]}"#,
        #"{"metadata.project.name":{"any":["p",1,2.5,true]},"expires_at":{"exists":false}}"#,
        #"{"agent":"01890a5d-ac96-774b-bcce-b302099a8057","access_count":{"lte":-9223372036854775808}}"#,
        #"{"a":[1e300,-0.0,12345678901234567890,"\ud83d\ude00\u0000\n\"\\",{"b":{}}]}"#,
        #"{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"id":null}}}}}}}}}"#,
    ]
}

extension Seeds {
    private static let ids = (1...4).map { Identifier(high: 0x0189_0A5D_AC96_774B + UInt64($0), low: 0xBCCE_B302_099A_8057) }

    private static func handmade() throws -> [[UInt8]] {
        var streams: [[UInt8]] = []
        for operation in try operations() {
            for envelope in [Envelope(), Envelope(deadlineMilliseconds: 2_000, idempotencyKey: ids[3])] {
                var stream: [UInt8] = []
                Request(envelope: envelope, operation: operation).append(id: 5, to: &stream)
                streams.append(stream)
            }
        }
        var handshake: [UInt8] = []
        Authenticate(client: "fuzz", key: "pny_0000").append(to: &handshake)
        Credit(bytes: 4_096).append(to: &handshake)
        Fault(.busy, isRetryable: true, retryAfterMilliseconds: 100, field: "k", sentence: "later").append(request: 3, to: &handshake)
        FrameWriter.appendEmpty(.cancel, request: 3, to: &handshake)
        FrameWriter.appendEmpty(.goodbye, request: 0, to: &handshake)
        Welcome(features: .all, organization: ids[0], scopes: ["memories:read"]).append(to: &handshake)
        StreamEnd(count: 12).append(request: 9, operation: .stream, to: &handshake)
        // First, so that they are tried under every limit: short frames, many at once, one cut short.
        let all = Array(streams.filter { $0.count < 256 }.joined())
        return [handshake, all, handshake.dropLast(3), all + handshake + all].map { Array($0) } + streams
    }

    private static func operations() throws -> [Records.Operation] {
        let time = Timestamp(microseconds: 1_772_368_200_123_456)
        let draft = MemoryDraft(
            id: ids[0], agent: ids[1], user: ids[2], session: ids[3], type: .fact, content: "tea, not coffee", importance: 0.75, tags: ["drink", "é"],
            metadata: try JSON(parsing: #"{"project":{"name":"p","n":1.5},"list":[1,null,true]}"#), createdAt: time,
            expiresAt: time.adding(seconds: 3_600), vector: [1, -0.5, 0.25])
        let listing = MemoryListing(agent: ids[0], session: ids[1], type: .fact, after: ids[2], limit: 20, withVectors: true)
        let patch = MemoryPatch(
            id: ids[0], ifVersion: 3, user: .set(ids[1]), session: .clear, type: .fact, content: "new", importance: 1, tags: [], metadata: .emptyObject,
            expiresAt: .set(time), vector: .set([0.5, 2]))
        var operations: [Records.Operation] = [
            .ping, .status, .verify, .ensureAgent(slug: "helper-1", name: "Helper"), .remember([draft]),
            .remember([MemoryDraft(agent: ids[1], content: "x"), draft]), .get(ids, withVectors: true), .delete([ids[0]]), .list(listing), .stream(listing),
            .list(MemoryListing()), .update(patch), .update(MemoryPatch(id: ids[0], expiresAt: .clear, vector: .clear)),
            .search(SearchRequest(query: .vector([1, 0, -1]), k: 5, exact: true, withContent: false)),
            .recall(RecallRequest(agent: ids[0], session: ids[1], text: "what to drink", vector: [1, 0, -1], mode: .hybrid, k: 3, tokensMax: 100, filter: .exists(.user), explains: true)),
            .search(SearchRequest(query: .text("what to drink"))), .search(SearchRequest(.term, query: .text("what to drink"), mode: .hybrid)), .search(SearchRequest(.message, query: .vector([1, 0, -1]), filter: .equals(.plain(.role), .text("user")))),
        ]
        operations += records(time)
        for filter in try filters(time) { operations.append(.search(SearchRequest(query: .text("q"), filter: filter))) }
        return operations
    }

    /// One of every operation on records, with a value of every type.
    private static func records(_ time: Timestamp) -> [Records.Operation] {
        let user = RecordDraft(
            .user, id: ids[0], createdAt: time, [.email: .text("maya@example.com"), .name: .text("Maya"), .preferences: .json(["theme": "dark"]), .lastLoginAt: .time(time)])
        let conversation = RecordDraft(
            .conversation, [.user: .identifier(ids[0]), .participants: .texts(["a", "b"]), .qualityThreshold: .number(8.5), .iterationsMax: .integer(3)], vector: [1, 0.5])
        let term = RecordDraft(.term, [.user: .identifier(ids[0]), .term: .text("SLA"), .definition: .text("d"), .isPublic: .flag(true), .tags: .texts(["x"])])
        let patch = RecordPatch(.message, id: ids[1], ifVersion: 2, [.content: .text("new"), .cost: .number(0.25)], clearing: [.metadata, .model], vector: .clear)
        let listing = RecordListing(
            .conversation, [.user: .identifier(ids[0]), .status: .text("active")], order: .lastActivityAt, isAscending: true, deleted: .with,
            after: RecordListing.Cursor(value: .time(time), id: ids[2]), limit: 20, withVectors: true)
        return [
            .create([user]), .create([conversation, conversation]), .create([term]), .fetch(.message, ids, withVectors: true), .browse(listing),
            .browse(RecordListing(.term, order: .frequency, after: RecordListing.Cursor(value: .integer(3), id: ids[0]))), .change(patch),
            .remove(.term, [ids[0]]), .restore(.message, ids), .use(.term, ids), .end([ids[3]]), .open(ids[0], messages: 50),
            .createKey(RecordDraft(.key, [.name: .text("k"), .scopes: .texts(["terms:read"]), .networks: .texts(["10.0.0.0/8"])])),
            .rotateKey(ids[0], overlapSeconds: 60), .revokeKey(ids[0]),
        ]
    }

    private static func filters(_ time: Timestamp) throws -> [Filter] {
        let whole = Filter.and([
            .equals(.agent, .identifier(ids[0])), .anyOf(.type, [.text("fact"), .text("task")]), .allOf(.tags, [.text("a"), .text("b")]),
            .range(.importance, Filter.Bounds(lower: .number(0.25), upper: .integer(1), upperIsIncluded: false)),
            .or([.exists(.session), .not(.exists(.expiresAt))]), .range(.createdAt, Filter.Bounds(upper: .time(time))),
            .equals(.metadata(["project", "name"]), .text("p")), .anyOf(.metadata(["flag"]), [.bool(true), .number(1.5)]),
        ])
        var deep = Filter.exists(.id)
        for _ in 1..<Limits.filterDepthMax { deep = .not(deep) }
        let wide = Filter.or(Array(repeating: .exists(.tags), count: Limits.filterNodesMax - 1))
        let many = Filter.anyOf(.accessCount, (0..<Int64(Limits.filterValuesMax)).map { .integer($0) })
        var filters = [whole, deep, wide, many]
        for text in jsonFilters {
            if let filter = try? Filter(JSON(parsing: text)) { filters.append(filter) }
        }
        return filters
    }
}
