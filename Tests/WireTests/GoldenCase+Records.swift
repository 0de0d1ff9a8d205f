import Records
import Wire

private let one = Identifier.golden(1)
private let two = Identifier.golden(2)
private let agent = Identifier.golden(0xA)
private let user = Identifier.golden(0xB)
private let conversation = Identifier.golden(0xC)
private let space = Identifier.golden(0xE)
private let time = Timestamp(microseconds: 1_772_368_200_000_000)
private let later = Timestamp(microseconds: 1_772_368_200_123_456)

private func request(_ operation: Operation, _ envelope: Envelope = Envelope()) -> Message {
    .request(7, Request(envelope: envelope, operation: operation))
}

private func written(_ operation: Operation.Name) -> GoldenCase {
    GoldenCase("reply to \(operation)", .reply(7, operation, .written(WriteReceipt(change: 12, rows: [WriteReceipt.Row(id: one, version: 2)]))))
}

extension GoldenCase {
    static let recordRequests: [GoldenCase] = [
        GoldenCase("create: a user", request(.create([RecordDraft(.user, [.email: .text("ada@example.org"), .name: .text("Ada")])]))),
        GoldenCase("create: two messages, one with every field, under an idempotency key", request(
            .create([
                RecordDraft(
                    .message, id: one, createdAt: time,
                    [
                        .conversation: .identifier(conversation), .role: .text("assistant"), .content: .text("Likes tea 🍵"), .model: .text("m-1"),
                        .qualityScore: .number(9.5), .iterations: .integer(2), .tokensUsed: .integer(512), .latency: .integer(340), .cost: .number(0.25),
                        .attachments: .json([["name": "tea.png", "bytes": 12]]), .metadata: .json(["ü": "ß"]),
                    ],
                    vector: [0.5, -0.25, 1]),
                RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text("user"), .content: .text("Hello")]),
            ]), Envelope(idempotencyKey: Identifier.golden(0xF)))),
        GoldenCase("create: a term with lists", request(.create([
            RecordDraft(.term, [
                .user: .identifier(user), .term: .text("EBITDA"), .definition: .text("earnings before …"), .context: .text("finance"),
                .examples: .texts(["EBITDA rose."]), .relatedTerms: .texts(["EBIT", "net income"]), .tags: .texts(["kpi"]), .frequency: .integer(3),
                .lastUsedAt: .time(later), .isPublic: .flag(true),
            ])]))),
        GoldenCase("fetch", request(.fetch(.conversation, [one], withVectors: false))),
        GoldenCase("fetch: two, with vectors", request(.fetch(.term, [one, two], withVectors: true))),
        GoldenCase("browse", request(.browse(RecordListing(.pattern)))),
        GoldenCase("browse: every field", request(.browse(RecordListing(
            .conversation, [.user: .identifier(user), .status: .text("active")], order: .lastActivityAt, isAscending: true, deleted: .with,
            after: RecordListing.Cursor(value: .time(time), id: two), limit: 20, withVectors: true)))),
        GoldenCase("browse: after an identifier", request(.browse(RecordListing(.message, deleted: .only, after: RecordListing.Cursor(id: one), limit: 1)))),
        GoldenCase("browse: after a number", request(.browse(RecordListing(
            .pattern, order: .confidence, after: RecordListing.Cursor(value: .number(0.5), id: one))))),
        GoldenCase("browse: after a text", request(.browse(RecordListing(
            .term, order: .term, isAscending: true, after: RecordListing.Cursor(value: .text("m"), id: one))))),
        GoldenCase("browse: after an integer", request(.browse(RecordListing(
            .term, order: .frequency, after: RecordListing.Cursor(value: .integer(4), id: one))))),
        GoldenCase("change: title and tags of a conversation", request(.change(RecordPatch(
            .conversation, id: one, ifVersion: 3, [.title: .text("Tea"), .tags: .texts(["drink", "tea"])], vector: .set([0, 2]))))),
        GoldenCase("change: what can be emptied is emptied", request(.change(RecordPatch(
            .conversation, id: one, clearing: [.tags, .folder, .metadata], vector: .clear)))),
        GoldenCase("change: the settings of an organization", request(.change(RecordPatch(
            .organization, id: Message.organization, [.settings: .json(["data_retention_days": 30]), .agentsMax: .integer(5)])))),
        GoldenCase("remove", request(.remove(.message, [one, two]))),
        GoldenCase("restore", request(.restore(.user, [one]))),
        GoldenCase("use", request(.use(.term, [one]))),
        GoldenCase("end", request(.end([one]))),
        GoldenCase("open", request(.open(conversation, messages: 50))),
        GoldenCase("search over terms", request(.search(SearchRequest(
            .term, query: .vector([1, 0]), k: 3, filter: .equals(.plain(.context), .text("finance")))))),
        GoldenCase("create_key", request(.createKey(RecordDraft(.key, [
            .name: .text("reader of one user"), .scopes: .texts(["memories:read", "messages:read"]), .user: .identifier(user),
            .kinds: .texts(["memory", "message"]), .networks: .texts(["192.0.2.0/24", "2001:db8::/32"]), .expiresAt: .time(later),
        ])))),
        GoldenCase("rotate_key", request(.rotateKey(one, overlapSeconds: 3_600))),
        GoldenCase("revoke_key", request(.revokeKey(one))),
    ]

    private static let message = Record(
        .message, id: one, organization: Message.organization, createdAt: time, updatedAt: later, version: 2,
        values: [
            .conversation: .identifier(conversation), .user: .identifier(user), .role: .text("user"), .content: .text("Hello"), .edited: .flag(true),
            .editedAt: .time(later),
        ],
        embedding: Embedding(space: space, vector: [0.5, -0.25, 1]))

    private static let talk = Record(
        .conversation, id: conversation, organization: Message.organization, createdAt: time, deletedAt: later,
        values: [
            .user: .identifier(user), .agent: .identifier(agent), .title: .text("Tea"), .participants: .texts(["Planner", "Writer"]), .mode: .text("multi"),
            .messageCount: .integer(1), .lastActivityAt: .time(later),
        ]).shown

    private static let term = Record(
        .term, id: two, organization: Message.organization, createdAt: time,
        values: [.user: .identifier(user), .term: .text("EBIT"), .definition: .text("earnings"), .lastUsedAt: .time(time)])

    private static let key = Record(
        .key, id: one, organization: Message.organization, createdAt: time,
        values: [.name: .text("reader"), .prefix: .text("pny_ab12cd34"), .role: .text("reader"), .useCount: .integer(9), .lastUsedFrom: .text("192.0.2.7")])

    static let recordReplies: [GoldenCase] =
        [Operation.Name.create, .change, .remove, .restore, .use, .end, .revokeKey].map(written) + [
            GoldenCase("reply to fetch", .reply(7, .fetch, .records([term]))),
            GoldenCase("reply to fetch: none", .reply(7, .fetch, .records([]))),
            GoldenCase("reply to browse", .reply(7, .browse, .recordPage(RecordPage(
                records: [talk], next: RecordListing.Cursor(value: .time(later), id: conversation))))),
            GoldenCase("reply to browse: the last page", .reply(7, .browse, .recordPage(RecordPage(records: [message], next: nil)))),
            GoldenCase("reply to open", .reply(7, .open, .conversation(talk, messages: [message]))),
            GoldenCase("reply to open: without messages", .reply(7, .open, .conversation(talk, messages: []))),
            GoldenCase("reply to search over terms", .reply(7, .search, .found(SearchAnswer(
                entries: [SearchAnswer.Entry(hit: Hit(id: two, score: 0.5), memory: nil, record: term)], report: SearchReport())))),
            GoldenCase("reply to create_key", .reply(7, .createKey, .key(key, text: "pny_ab12cd34_secret"))),
            GoldenCase("reply to rotate_key", .reply(7, .rotateKey, .key(key, text: "pny_ab12cd34_secret"))),
        ]
}

// MARK: Broken

private let terms = rawField(48, [Kind.term.rawValue])
private let conversations = rawField(48, [Kind.conversation.rawValue])
/// What a term is in a request that makes one.
private let termBody = rawField(18, user.bytes) + rawField(70, "x") + rawField(71, "y")

private func create(_ name: String, _ term: [UInt8], _ code: ErrorCode = .invalidField, _ field: String? = nil) -> GoldenCase {
    GoldenCase(.create, name, terms + rawField(16, term), code, field.map { "terms[0].\($0)" })
}

private func browse(_ name: String, _ fields: [UInt8], _ code: ErrorCode = .invalidField, _ field: String? = nil) -> GoldenCase {
    GoldenCase(.browse, name, conversations + fields, code, field)
}

extension GoldenCase {
    static let brokenRecords: [GoldenCase] = [
        GoldenCase(.create, "no kind", rawField(16, termBody), .invalidField, "kind"),
        GoldenCase(.create, "kind 0", rawField(48, [0]) + rawField(16, termBody), .unknownField, "kind"),
        GoldenCase(.create, "kind 200", rawField(48, [200]) + rawField(16, termBody), .unknownField, "kind"),
        GoldenCase(.create, "a kind of two bytes", rawField(48, [6, 0]) + rawField(16, termBody), .invalidField, "kind"),
        GoldenCase(.create, "nothing to create", terms, .invalidField, "terms"),
        GoldenCase(.create, "an unknown critical field", terms + rawField(16, termBody) + rawField(0xFABC, "?"), .unknownCriticalField),
        create("a field of another kind", termBody + rawField(55, "user"), .unknownField, "role"),
        create("a field cut short", termBody + rawField(72, Array("x".utf8), length: 9), .malformedBody),
        create("a text that is none", termBody + rawField(73, [0xC0, 0x80]), .invalidField, "related_terms"),
        create("a user of twelve bytes", rawField(18, Array(user.bytes.prefix(12))), .invalidField, "user"),
        create("a flag of 2", termBody + rawField(76, [2]), .invalidField, "is_public"),
        create("a frequency of four bytes", termBody + rawField(74, little(1 as Int32)), .invalidField, "frequency"),
        create("the same field twice", termBody + rawField(70, "x"), .malformedBody),
        create("65 tags", termBody + (0..<65).flatMap { rawField(23, "t\($0)") }, .invalidField, "tags"),
        create("a vector of seven bytes", termBody + rawField(31, [0, 0, 0, 0, 0, 0, 0]), .invalidField, "vector"),
        create("an unknown critical field inside", termBody + rawField(0xFABC, "?"), .unknownCriticalField),
        GoldenCase(.fetch, "no kind", rawField(16, one.bytes), .invalidField, "kind"),
        GoldenCase(.fetch, "identifiers of 17 bytes", terms + rawField(16, one.bytes + [0]), .invalidField, "ids"),
        browse("an order that is no field", rawField(17, little(9_999 as UInt16)), .invalidField, "order"),
        browse("deleted 3", rawField(19, [3]), .invalidField, "deleted"),
        browse("a place without an identifier", rawField(20, rawField(17, little(1 as Int64))), .invalidField, "after"),
        browse("a value that is no identifier", rawField(0x8010, rawField(18, [1])), .invalidField, "user"),
        browse("a limit of two bytes", rawField(21, little(1 as UInt16)), .invalidField, "limit"),
        GoldenCase(.change, "no record", terms, .invalidField, "term"),
        GoldenCase(.change, "no id", terms + rawField(16, rawField(70, "x")), .invalidField, "id"),
        GoldenCase(.change, "two records", terms + rawField(16, rawField(16, one.bytes)) + rawField(16, rawField(16, two.bytes)), .malformedBody),
        GoldenCase(.change, "an emptied field that is none", terms + rawField(16, rawField(16, one.bytes) + rawField(33, little(9_999 as UInt16))), .invalidField, "cleared"),
        GoldenCase(.remove, "no kind", rawField(16, one.bytes), .invalidField, "kind"),
        GoldenCase(.end, "a critical kind", rawField(0x8030, [4]) + rawField(16, one.bytes), .unknownCriticalField),
        GoldenCase(.open, "no id", [], .invalidField, "id"),
        GoldenCase(.open, "a count of one byte", rawField(16, one.bytes) + rawField(17, [1]), .invalidField, "messages"),
        GoldenCase(.rotateKey, "no id", rawField(17, little(1 as Int64)), .invalidField, "id"),
        GoldenCase(.revokeKey, "an id of one byte", rawField(16, [1]), .invalidField, "id"),
        GoldenCase(.createKey, "no key", [], .invalidField, "key"),
        GoldenCase(.createKey, "a hash of four bytes", rawField(16, rawField(85, "n") + rawField(109, [1, 2, 3, 4])), .invalidField, "key_hash"),
        GoldenCase(.search, "a kind without vectors", rawField(16, little(Float(1).bitPattern)) + rawField(48, [Kind.agent.rawValue]), .unknownField, "kind"),
    ]
}
