import Records
import Wire

extension Identifier {
    /// One of the identifiers of these tests.
    static func golden(_ number: UInt64) -> Identifier { Identifier(high: 0x0192_4A5B_6C7D_7000 | number, low: 0x8000_0000_0000_0000 | number) }
}

private let one = Identifier.golden(1)
private let two = Identifier.golden(2)
private let agent = Identifier.golden(0xA)
private let user = Identifier.golden(0xB)
private let session = Identifier.golden(0xC)
private let space = Identifier.golden(0xE)
private let time = Timestamp(microseconds: 1_772_368_200_000_000)
private let later = Timestamp(microseconds: 1_772_368_200_123_456)

private let metadata: JSON = ["project": ["name": "pinyon", "done": false], "list": [1, 2.5, nil], "ü": "ß"]

private func request(_ operation: Operation, _ envelope: Envelope = Envelope()) -> Message {
    .request(7, Request(envelope: envelope, operation: operation))
}

private func search(_ filter: Filter) -> Message { request(.search(SearchRequest(query: .vector([1, 0]), filter: filter))) }

extension GoldenCase {
    static let handshakes: [GoldenCase] = [
        GoldenCase("hello", .hello(Hello(
            server: "pinyon 1.0.0", frameBytesMax: 16_777_216, inFlightMax: 64, handshakeMilliseconds: 10_000, idleMilliseconds: 300_000))),
        GoldenCase("hello with an empty name and no features", .hello(Hello(
            versionMin: 1, versionMax: 3, features: [], server: "", frameBytesMax: 1, inFlightMax: 1, handshakeMilliseconds: 0, idleMilliseconds: .max))),
        GoldenCase("authenticate", .authenticate(Authenticate(client: "example 1.0", key: "pk_example_0123456789"))),
        GoldenCase("authenticate without features or credit", .authenticate(Authenticate(features: [], client: "", key: "k", streamCredit: 0))),
        GoldenCase("welcome", .welcome(Welcome(features: .all, organization: Message.organization, scopes: Scope.allCases.map(\.rawValue)))),
        GoldenCase("welcome without scopes", .welcome(Welcome(features: [], organization: Message.organization, scopes: []))),
        GoldenCase("cancel", .cancel(7)),
        GoldenCase("credit", .credit(Credit(bytes: 65_536))),
        GoldenCase("goodbye", .goodbye),
    ]

    static let requests: [GoldenCase] = [
        GoldenCase("ping", request(.ping)),
        GoldenCase("ping with a deadline", request(.ping, Envelope(deadlineMilliseconds: 1_500))),
        GoldenCase("status", request(.status)),
        GoldenCase("verify", request(.verify)),
        GoldenCase("ensure_agent", request(.ensureAgent(slug: "planner-1", name: "Planner № 1"))),
        GoldenCase("ensure_agent under an idempotency key", request(
            .ensureAgent(slug: "a", name: "a"), Envelope(deadlineMilliseconds: 1, idempotencyKey: Identifier.golden(0xF)))),
        GoldenCase("remember: one memory, only what it must have", request(.remember([MemoryDraft(agent: agent, content: "x")]))),
        GoldenCase("remember: three memories, with every field", request(
            .remember([
                MemoryDraft(
                    id: one, agent: agent, user: user, session: session, type: .preference, content: "Likes tea 🍵", importance: 0.75,
                    tags: ["drink", "tea"], metadata: metadata, createdAt: time, expiresAt: later, vector: [0.5, -0.25, 1]),
                MemoryDraft(agent: agent, type: .conversation, content: "Hello", importance: 0),
                MemoryDraft(
                    agent: agent, content: "Lives in Oslo", isPinned: true, validFrom: time, validTo: later, sourceMessage: two, supersedes: one, onSimilar: .supersede, similarity: 0.875),
            ]), Envelope(idempotencyKey: Identifier.golden(0xF)))),
        GoldenCase("get", request(.get([one], withVectors: false))),
        GoldenCase("get: two, with vectors", request(.get([one, two], withVectors: true))),
        GoldenCase("list", request(.list(MemoryListing()))),
        GoldenCase("list: every field", request(
            .list(MemoryListing(agent: agent, session: session, type: .task, after: one, limit: 1_000, withVectors: true, withHistory: true, deleted: .with, dueAt: time)))),
        GoldenCase("update: nothing but the memory named", request(.update(MemoryPatch(id: one)))),
        GoldenCase("update: every field set", request(.update(MemoryPatch(
            id: one, ifVersion: 3, user: .set(user), session: .set(session), type: .fact, content: "new", importance: 1, tags: ["a", "b"],
            metadata: metadata, expiresAt: .set(later), isPinned: false, validFrom: .set(time), validTo: .set(later), vector: .set([0, 2]))))),
        GoldenCase("update: what can be emptied is emptied", request(.update(MemoryPatch(
            id: one, user: .clear, session: .clear, tags: [], metadata: .emptyObject, expiresAt: .clear, validFrom: .clear, validTo: .clear, vector: .clear)))),
        GoldenCase("delete", request(.delete([one]))),
        GoldenCase("delete: two", request(.delete([one, two]), Envelope(deadlineMilliseconds: 100, idempotencyKey: Identifier.golden(0xF)))),
        GoldenCase("search: by vector", request(.search(SearchRequest(query: .vector([0.5, -0.5, 0.125]))))),
        GoldenCase("search: by text", request(.search(SearchRequest(query: .text("what does she drink?"))))),
        GoldenCase("search: every field", request(.search(SearchRequest(
            query: .vector([1]), k: 10_000, filter: .equals(.agent, .identifier(agent)), exact: true, withContent: false)))),
        GoldenCase("search: as good as is wanted", request(.search(SearchRequest(query: .vector([1, 2]), recall: 0.875)))),
        GoldenCase("search: so many lists", request(.search(SearchRequest(query: .vector([1, 2]), probes: 64)))),
        GoldenCase("search: by words", request(.search(SearchRequest(.message, query: .text("unpaid invoice"), mode: .lexical)))),
        GoldenCase("recall: by a text", request(.recall(RecallRequest(agent: agent, text: "what does she drink?")))),
        GoldenCase("recall: every field", request(.recall(RecallRequest(
            agent: agent, session: session, text: "tea", vector: [0.5, -0.5], space: space, mode: .hybrid, k: 5, tokensMax: 512, filter: .equals(.type, .text("fact")), exact: true,
            weights: weights, explains: true, touches: false, asOf: time, knownAt: later)))),
        GoldenCase("recall: of every session", request(.recall(RecallRequest(agent: agent, everySession: true, vector: [1, 0])))),
        GoldenCase("erase", request(.erase(Erasure(.memory, [one, two])))),
        GoldenCase("history", request(.history(one))),
        GoldenCase("suggest", request(.suggest(SuggestRequest("kern")))),
        GoldenCase("suggest: every field", request(.suggest(SuggestRequest("the kern", user: user, context: "technical", limit: 5, withDefinitions: true)))),
        GoldenCase("suggest: by meaning", request(.suggest(SuggestRequest("core", user: user, byMeaning: true)))),
        GoldenCase("detect", request(.detect(DetectRequest("the kernel panicked")))),
        GoldenCase("detect: every field", request(.detect(DetectRequest("die Häuser", user: user, language: "de-AT", context: "technical")))),
        GoldenCase("learn: what was typed", request(.learn(LearnRequest(typed: ["kubectl again"])))),
        GoldenCase("learn: every field", request(.learn(LearnRequest(
            [LearnEvent(one, .accepted, context: "technical"), LearnEvent(two, .rejected), LearnEvent(one, .ignored)], user: user, typed: ["a", "b"])))),
        GoldenCase("related", request(.related(RelatedRequest(one)))),
        GoldenCase("related: every field", request(.related(RelatedRequest(one, user: user, limit: 3)))),
        GoldenCase("end_session: as the agent does", request(.endSession(SessionEnding(session: session, isAsAgent: true)))),
        GoldenCase("end_session: every field", request(.endSession(SessionEnding(session: session, agent: agent, promotesFrom: 0.5, drops: true)))),
        GoldenCase("search: by a vector of a space that is named", request(.search(SearchRequest(query: .vector([0.5, -0.5]), space: space)))),
        GoldenCase("update: a vector of a space that is named", request(.update(MemoryPatch(id: one, vector: .set([1, 0.5]), space: space)))),
        GoldenCase("stream", request(.stream(MemoryListing(limit: 1)))),
        GoldenCase("stream: every field", request(
            .stream(MemoryListing(agent: agent, session: session, type: .conversation, after: two, limit: 200, withVectors: true)))),
    ] + filters + recordRequests + jobRequests

    private static let filters: [GoldenCase] = [
        GoldenCase("filter: equals an identifier", search(.equals(.session, .identifier(session)))),
        GoldenCase("filter: equals a text", search(.equals(.type, .text("fact")))),
        GoldenCase("filter: equals an integer", search(.equals(.accessCount, .integer(-1)))),
        GoldenCase("filter: equals a number", search(.equals(.importance, .number(0.5)))),
        GoldenCase("filter: equals a truth value", search(.equals(.metadata(["project", "done"]), .bool(false)))),
        GoldenCase("filter: equals a time", search(.equals(.createdAt, .time(time)))),
        GoldenCase("filter: any of", search(.anyOf(.tags, [.text("tea"), .text("お茶")]))),
        GoldenCase("filter: any of nothing", search(.anyOf(.id, []))),
        GoldenCase("filter: all of", search(.allOf(.metadata(["list"]), [.integer(1), .number(2.5), .bool(true), .text("")]))),
        GoldenCase("filter: range with both bounds", search(.range(
            .importance, Filter.Bounds(lower: .number(0.25), lowerIsIncluded: false, upper: .integer(1), upperIsIncluded: true)))),
        GoldenCase("filter: range with a lower bound", search(.range(.updatedAt, Filter.Bounds(lower: .time(time))))),
        GoldenCase("filter: range with an upper bound", search(.range(.metadata(["n"]), Filter.Bounds(upper: .text("m"), upperIsIncluded: false)))),
        GoldenCase("filter: exists", search(.exists(.expiresAt))),
        GoldenCase("filter: exists at the deepest path", search(.exists(.metadata(["a", "b", "c", "d", "e", "f", "g", "ß"])))),
        GoldenCase("filter: and of nothing", search(.and([]))),
        GoldenCase("filter: or", search(.or([.exists(.user), .exists(.lastAccessedAt)]))),
        GoldenCase("filter: not", search(.not(.exists(.user)))),
        GoldenCase("filter: a tree", search(.and([
            .equals(.agent, .identifier(agent)), .or([.not(.equals(.user, .identifier(user))), .range(.accessCount, Filter.Bounds(lower: .integer(2)))]),
            .allOf(.tags, [.text("a"), .text("b")]),
        ]))),
    ]

    private static let agents = [
        Agent(id: agent, organization: Message.organization, slug: "planner-1", name: "Planner № 1", createdAt: time),
        Agent(id: two, organization: Message.organization, slug: "b", name: "B", createdAt: later),
    ]

    private static let plain = Memory(
        id: one, organization: Message.organization, agent: agent, type: .fact, content: "x", createdAt: time, updatedAt: time)

    private static let full = Memory(
        id: two, organization: Message.organization, agent: agent, user: user, session: session, type: .preference, content: "Likes tea 🍵",
        importance: 0.75, accessCount: 4, lastAccessedAt: later, tags: ["drink", "tea"], metadata: metadata, createdAt: time, updatedAt: later,
        expiresAt: later, version: 2, embedding: Embedding(space: space, vector: [0.5, -0.25, 1]))

    private static let superseded = Memory(
        id: two, organization: Message.organization, agent: agent, type: .fact, content: "Lives in Oslo", createdAt: time, updatedAt: later, isPinned: true,
        validity: Validity(from: time, to: later, closedAt: later), supersededBy: one, sourceMessage: session, forgetAt: later, deletedAt: later)

    private static let report = SearchReport(
        rowsTotal: 1_000_000, rowsMatching: 2_000, rowsVisited: 1_500, rowsScored: 512, listsTotal: 1_024, listsVisited: 16, recallEstimate: 0.96875, isExact: false)

    private static let weights = (try? RecallWeights(relevance: 0.5, importance: 0.25, recency: 0.125)) ?? .standard

    private static let withoutContents = {
        var report = GoldenCase.report
        report.lacksContents = true
        report.asOf = later
        report.mode = .hybrid
        report.past = Moment(time, known: later)
        report.trace = two
        return report
    }()

    static let replies: [GoldenCase] = [
        GoldenCase("pong", .reply(7, .ping, .pong)),
        GoldenCase("reply to status", .reply(7, .status, .status(["server": "pinyon 1.0.0", "memories": 3]))),
        GoldenCase("reply to verify", .reply(7, .verify, .verified(["is_same": true, "kinds": ["memories": ["stored": 3, "indexed": 3, "differing": 0, "mended": 0, "unusable": 0]]]))),
        GoldenCase("reply to ensure_agent", .reply(7, .ensureAgent, .agent(agents[0]))),
        GoldenCase("reply to remember", .reply(7, .remember, .written(WriteReceipt(
            change: 12, rows: [WriteReceipt.Row(id: one, version: 1), WriteReceipt.Row(id: two, version: 1)])))),
        GoldenCase("reply to remember: one waits for its vector", .reply(7, .remember, .written(WriteReceipt(
            change: 12, rows: [WriteReceipt.Row(id: one, version: 1), WriteReceipt.Row(id: two, version: 1)], waiting: 1)))),
        GoldenCase("reply to remember: what became of them", .reply(7, .remember, .written(WriteReceipt(
            change: 12, rows: [WriteReceipt.Row(id: one, version: 1), WriteReceipt.Row(id: two, version: 1)],
            notes: [RememberNote(row: 0, fate: .duplicate), RememberNote(row: 1, superseded: [one, two], similar: [RememberNote.Similar(id: one, cosine: 0.96875)])])))),
        GoldenCase("reply to suggest", .reply(7, .suggest, .suggested([
            Suggestion(id: one, term: "kernel", reason: .exact, start: 0, context: "technical", fitsContext: true, isOwn: true, definition: "the core"),
            Suggestion(id: two, term: "kernel panic", reason: .prefix, start: 0, context: nil, fitsContext: false, isOwn: true, insteadOf: "kernel crash"),
            Suggestion(id: one, term: "colonel", reason: .typos(2), start: 4, context: nil, fitsContext: false, isOwn: false),
            Suggestion(id: two, term: "kern", reason: .similar(0.5), start: 0, context: nil, fitsContext: false, isOwn: true, isDeprecated: true),
            Suggestion(id: two, term: "core", reason: .meaning(0.75), start: 0, context: nil, fitsContext: false, isOwn: true),
        ]))),
        GoldenCase("reply to learn", .reply(7, .learn, .written(WriteReceipt(change: 14, rows: [WriteReceipt.Row(id: one, version: 2), WriteReceipt.Row(id: two, version: 1)])))),
        GoldenCase("reply to suggest: what was rejected", .reply(7, .suggest, .suggested([
            Suggestion(id: one, term: "kernel", reason: .prefix, start: 0, context: nil, fitsContext: false, isOwn: true, isDeprecated: true, preferred: "core", isRejected: true),
        ]))),
        GoldenCase("reply to detect", .reply(7, .detect, .detected(Detection(
            terms: [
                Detection.Term(id: one, term: "kernel", context: "technical", fitsContext: true, isOwn: true, others: [two]),
                Detection.Term(id: two, term: "kern crash", isDeprecated: true, preferred: "kernel panic"),
            ],
            occurrences: [
                Detection.Occurrence(range: 4..<11, term: 0, isInflected: true), Detection.Occurrence(range: 15..<25, term: 1, isInflected: false),
            ], readBytes: 40)))),
        GoldenCase("reply to detect: none", .reply(7, .detect, .detected(Detection(readBytes: 3)))),
        GoldenCase("reply to related", .reply(7, .related, .related([
            RelatedTerm(id: one, term: "kernel", context: "technical", isOwn: true, isNamed: true, mentions: 2, similarity: 0.5), RelatedTerm(id: two, term: "core", isDeprecated: true),
        ]))),
        GoldenCase("reply to history", .reply(7, .history, .memories([superseded, plain]))),
        GoldenCase("reply to erase", .reply(7, .erase, .counted(["conversations": 1, "messages": 12, "scrubbed": true]))),
        GoldenCase("reply to end_session", .reply(7, .endSession, .counted(["promoted": 2, "dropped": 5]))),
        GoldenCase("reply to update", .reply(7, .update, .written(WriteReceipt(change: 13, rows: [WriteReceipt.Row(id: one, version: 2)])))),
        GoldenCase("reply to delete: nothing was there", .reply(7, .delete, .written(WriteReceipt(change: 13, rows: [])))),
        GoldenCase("reply to get", .reply(7, .get, .memories([plain, full]))),
        GoldenCase("reply to get: none", .reply(7, .get, .memories([]))),
        GoldenCase("reply to list", .reply(7, .list, .page(MemoryPage(memories: [full, plain], next: one)))),
        GoldenCase("reply to list: the last page", .reply(7, .list, .page(MemoryPage(memories: [], next: nil)))),
        GoldenCase("reply to search", .reply(7, .search, .found(SearchAnswer(
            entries: [
                SearchAnswer.Entry(hit: Hit(id: two, score: 0.875), memory: full), SearchAnswer.Entry(hit: Hit(id: one, score: -0.5), memory: plain),
            ], report: report)))),
        GoldenCase("reply to search: without contents", .reply(7, .search, .found(SearchAnswer(
            entries: [SearchAnswer.Entry(hit: Hit(id: one, score: 1), memory: nil)], report: SearchReport())))),
        GoldenCase("reply to recall: explained", .reply(7, .recall, .found(SearchAnswer(
            entries: [
                SearchAnswer.Entry(
                    hit: Hit(id: one, score: 0.75), memory: plain, explanation: HitExplanation(cosine: 0.5, words: 2.5, relevance: 0.625, retention: 0.5, importance: 0.375))
            ],
            report: report,
            explanation: AnswerExplanation(
                weights: weights, cosineScale: 0.75, wordsScale: 0.125, embeddingMicroseconds: 2_000, scanningMicroseconds: 300, fetchingMicroseconds: 40))))),
        GoldenCase("reply to recall: a time was named", .reply(7, .recall, .found(SearchAnswer(
            entries: [
                SearchAnswer.Entry(
                    hit: Hit(id: one, score: 0.75), memory: plain,
                    explanation: HitExplanation(cosine: 0.5, words: nil, relevance: 0.625, retention: 0.5, importance: 0.375, isOfTime: true))
            ],
            report: report,
            explanation: AnswerExplanation(
                weights: weights, filter: .equals(.agent, .identifier(agent)), space: space, time: AnswerExplanation.Time(.span(Timestamp(microseconds: 0)..<Timestamp(microseconds: 86_400_000_000)), scale: 0.25), cosineScale: 0.75,
                wordsScale: 0.125, embeddingMicroseconds: 2_000, scanningMicroseconds: 300, fetchingMicroseconds: 40))))),
        GoldenCase("reply to search: nothing found", .reply(7, .search, .found(SearchAnswer(entries: [], report: SearchReport())))),
        GoldenCase("reply to search: the store is away", .reply(7, .search, .found(SearchAnswer(
            entries: [SearchAnswer.Entry(hit: Hit(id: one, score: 1), memory: plain)], report: withoutContents)))),
        GoldenCase("item of a stream", .item(7, .stream, .page(MemoryPage(memories: [plain], next: one)))),
        GoldenCase("end of a stream", .end(7, .stream, StreamEnd(count: 1))),
        GoldenCase("error of a request", .error(7, Fault(.invalidField, field: "memories[0].content", sentence: "memories[0].content is empty"))),
        GoldenCase("error of a vector's space", .error(7, Fault(.wrongSpace, field: "space", sentence: "space does not fit"))),
        GoldenCase("error that may pass", .error(7, Fault(.busy, isRetryable: true, retryAfterMilliseconds: 250, sentence: "too much to do"))),
        GoldenCase("error that ends the connection", .error(0, Fault(.idleTimeout, sentence: "nothing was sent for too long"))),
    ] + recordReplies + jobReplies
}

extension GoldenCase {
    private static let spare = rawField(0x7ABC, "of a newer client")
    private static let draftBody = rawField(17, agent.bytes) + rawField(21, "x")

    /// What Pinyon would write in another way, and must understand all the same.
    static let otherwiseWritten: [GoldenCase] = [
        GoldenCase("ensure_agent without a name is named as its slug", RawFrame(request: 7, operation: 16, body: rawField(16, "a")),
            means: request(.ensureAgent(slug: "a", name: "a"))),
        GoldenCase("remember with only agent and content", RawFrame(request: 7, operation: 32, body: rawField(16, draftBody)),
            means: request(.remember([MemoryDraft(agent: agent, content: "x")]))),
        GoldenCase("list without a limit", RawFrame(request: 7, operation: 34), means: request(.list(MemoryListing()))),
        GoldenCase("stream without a limit", RawFrame(request: 7, operation: 38), means: request(.stream(MemoryListing()))),
        GoldenCase("search with nothing but a vector", RawFrame(request: 7, operation: 37, body: rawField(16, rawVector([1, 2]))),
            means: request(.search(SearchRequest(query: .vector([1, 2]))))),
        GoldenCase("a filter that is not marked critical",
            RawFrame(request: 7, operation: 37, body: rawField(17, "tea") + rawField(19, rawFilter(5, ["user"]))),
            means: request(.search(SearchRequest(query: .text("tea"), filter: .exists(.user))))),
        GoldenCase("an unknown field of an envelope is skipped", RawFrame(request: 7, operation: 1, body: rawField(9, [1])), means: request(.ping)),
        GoldenCase("an unknown field of an operation is skipped", RawFrame(request: 7, operation: 33, body: spare + rawField(16, one.bytes)),
            means: request(.get([one], withVectors: false))),
        GoldenCase("an unknown field of a memory is skipped", RawFrame(request: 7, operation: 32, body: rawField(16, draftBody + spare)),
            means: request(.remember([MemoryDraft(agent: agent, content: "x")]))),
        GoldenCase("an empty unknown field is skipped", RawFrame(request: 7, operation: 2, body: rawField(0x7FFF, [UInt8]())), means: request(.status)),
        GoldenCase("a known field marked critical", RawFrame(request: 7, operation: 36, body: rawField(0x8010, one.bytes)),
            means: request(.delete([one]))),
        GoldenCase("metadata with spaces in its JSON",
            RawFrame(request: 7, operation: 32, body: rawField(16, draftBody + rawField(24, "{ \"a\" : [ 1 , true ] }"))),
            means: request(.remember([MemoryDraft(agent: agent, content: "x", metadata: ["a": [1, true]])]))),
        GoldenCase("authenticate with an unknown field", RawFrame(
            type: 2, request: 0, body: rawField(16, [1]) + rawField(17, little(3 as UInt64)) + rawField(19, "k") + rawField(99, "?")),
            means: .authenticate(Authenticate(client: "", key: "k"))),
        GoldenCase("cancel of a request that is not under way", RawFrame(type: 9, request: 999, operation: 37), means: .cancel(999)),
    ]
}
