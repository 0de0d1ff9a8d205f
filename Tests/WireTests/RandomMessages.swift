import Records
import Wire

/// Messages of every kind with values at which a coding goes wrong. What is made from a seed is always the same.
struct RandomMessages {
    var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    static let texts = ["", "a", "ab", "12345678", "é", "e\u{301}", "日本", "\u{10FFFF}", "\u{0}", "\"\\\n", String(repeating: "long ", count: 60)]
    static let integers: [Int64] = [0, 1, -1, 255, 256, 65_536, 1 << 53, .max, .min]
    static let numbers: [Double] = [0, -0.0, 0.5, 1e300, -1e-300, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &generator)] }
    mutating func chance() -> Bool { Bool.random(using: &generator) }
    mutating func count(_ most: Int) -> Int { Int.random(in: 0...most, using: &generator) }
    mutating func maybe<Value>(_ make: (inout RandomMessages) -> Value) -> Value? { chance() ? make(&self) : nil }
    mutating func some<Value>(_ most: Int, _ make: (inout RandomMessages) -> Value) -> [Value] { (0..<count(most)).map { _ in make(&self) } }

    mutating func bits() -> UInt64 { chance() ? generator.next() : pick([0, 1, .max, 1 << 63]) }
    mutating func short() -> UInt32 { UInt32(truncatingIfNeeded: bits()) }
    mutating func identifier() -> Identifier { Identifier(high: bits(), low: bits()) }
    mutating func text() -> String { pick(RandomMessages.texts) }
    mutating func time() -> Timestamp { Timestamp(microseconds: pick(RandomMessages.integers)) }
    mutating func vector() -> [Float] { some(9) { Float($0.pick([0, 1, -1, 0.1, 1e30, -1e-40])) } }

    mutating func metadata() -> JSON {
        .object(["a", "é", "\"", ""].compactMap { name in maybe { JSON.Member(name, $0.value(depth: 0)) } })
    }

    private mutating func value(depth: Int) -> JSON {
        switch count(depth < 3 ? 6 : 4) {
        case 0: .null
        case 1: .bool(chance())
        case 2: .integer(pick(RandomMessages.integers))
        case 3: .number(pick([0.5, -0.25, 1e300, 0.1]))
        case 4: .text(text())
        case 5: .list(some(3) { $0.value(depth: depth + 1) })
        default: metadata()
        }
    }

    mutating func envelope() -> Envelope { Envelope(deadlineMilliseconds: maybe { $0.short() }, idempotencyKey: maybe { $0.identifier() }) }

    mutating func operation(_ name: Operation.Name) -> Operation {
        switch name {
        case .ping: .ping
        case .status: .status
        case .verify: .verify
        case .ensureAgent: .ensureAgent(slug: text(), name: text())
        case .remember: .remember(some(4) { $0.draft() })
        case .get: .get(some(5) { $0.identifier() }, withVectors: chance())
        case .list: .list(listing())
        case .update: .update(patch())
        case .delete: .delete(some(5) { $0.identifier() })
        case .search: .search(search())
        case .recall: .recall(recall())
        case .history: .history(identifier())
        case .suggest:
            .suggest(SuggestRequest(text(), user: maybe { $0.identifier() }, context: maybe { $0.text() }, limit: Int(short()), withDefinitions: chance(), byMeaning: chance()))
        case .detect: .detect(DetectRequest(text(), user: maybe { $0.identifier() }, language: maybe { $0.text() }, context: maybe { $0.text() }))
        case .learn:
            .learn(
                LearnRequest(
                    some(3) { random in LearnEvent(random.identifier(), random.pick(TermReaction.allCases), context: random.maybe { $0.text() }) }, user: maybe { $0.identifier() },
                    typed: some(3) { $0.text() }))
        case .related: .related(RelatedRequest(identifier(), user: maybe { $0.identifier() }, limit: Int(short())))
        case .erase: .erase(Erasure(pick(Erasure.Subject.allCases), some(5) { $0.identifier() }))
        case .endSession:
            .endSession(SessionEnding(session: identifier(), agent: maybe { $0.identifier() }, promotesFrom: maybe { $0.pick(RandomMessages.numbers) }, drops: chance(), isAsAgent: chance()))
        case .stream: .stream(listing())
        case .create, .fetch, .browse, .change, .remove, .restore, .use, .end, .open, .createKey, .rotateKey, .revokeKey: recordOperation(name)
        case .startJob, .claimJob, .stepJob, .controlJob, .watchJob, .importing: jobOperation(name)
        }
    }

    mutating func draft() -> MemoryDraft {
        MemoryDraft(
            id: maybe { $0.identifier() }, agent: identifier(), user: maybe { $0.identifier() }, session: maybe { $0.identifier() },
            type: pick(MemoryType.allCases), content: text(), importance: pick(RandomMessages.numbers), tags: some(4) { $0.text() },
            metadata: metadata(), createdAt: maybe { $0.time() }, expiresAt: maybe { $0.time() }, isPinned: chance(), validFrom: maybe { $0.time() },
            validTo: maybe { $0.time() }, sourceMessage: maybe { $0.identifier() }, supersedes: maybe { $0.identifier() }, onSimilar: maybe { $0.pick(SimilarAction.allCases) },
            similarity: maybe { $0.pick(RandomMessages.numbers) }, vector: maybe { $0.vector() }, space: maybe { $0.identifier() })
    }

    private mutating func change<Value>(_ make: (inout RandomMessages) -> Value) -> Change<Value> {
        switch count(2) {
        case 0: .keep
        case 1: .clear
        default: .set(make(&self))
        }
    }

    mutating func patch() -> MemoryPatch {
        MemoryPatch(
            id: identifier(), ifVersion: maybe { $0.pick(RandomMessages.integers) }, user: change { $0.identifier() },
            session: change { $0.identifier() }, type: maybe { $0.pick(MemoryType.allCases) }, content: maybe { $0.text() },
            importance: maybe { $0.pick(RandomMessages.numbers) }, tags: maybe { $0.some(3) { $0.text() } }, metadata: maybe { $0.metadata() },
            expiresAt: change { $0.time() }, isPinned: maybe { $0.chance() }, validFrom: change { $0.time() }, validTo: change { $0.time() }, vector: change { $0.vector() }, space: maybe { $0.identifier() })
    }

    mutating func listing() -> MemoryListing {
        MemoryListing(
            agent: maybe { $0.identifier() }, session: maybe { $0.identifier() }, type: maybe { $0.pick(MemoryType.allCases) },
            after: maybe { $0.identifier() }, limit: Int(short()), withVectors: chance(), withHistory: chance(), deleted: pick(RecordListing.Deleted.allCases), dueAt: maybe { $0.time() })
    }

    private mutating func weights() -> RecallWeights {
        pick([.standard, try? RecallWeights(relevance: 0, importance: 1, recency: 0), try? RecallWeights(relevance: 1_000, importance: 0.1, recency: 3)].compactMap(\.self))
    }

    private mutating func askedTime() -> AnswerExplanation.Time {
        let times = [time(), time()].sorted()
        return AnswerExplanation.Time(chance() ? .span(times[0]..<times[1]) : .session(identifier()), scale: pick([0, 0.25]))
    }

    private mutating func explanation() -> HitExplanation {
        HitExplanation(
            cosine: maybe { $0.pick([0, 1, -1, 0.1]) }, words: maybe { $0.pick([0, 12.5]) }, relevance: pick([0, 0.75]), retention: pick([0, 1]), importance: pick([0, 0.1]),
            isOfTime: chance())
    }

    mutating func recall() -> RecallRequest {
        RecallRequest(
            agent: identifier(), session: maybe { $0.identifier() }, everySession: chance(), text: maybe { $0.text() }, vector: maybe { $0.vector() }, space: maybe { $0.identifier() },
            mode: maybe { $0.pick(SearchMode.allCases) }, k: Int(short()), tokensMax: maybe { Int($0.short()) }, filter: maybe { $0.filter(on: .memory) }, exact: chance(),
            weights: maybe { $0.weights() }, explains: chance(), touches: chance(),
            asOf: maybe { $0.time() }, knownAt: maybe { $0.time() })
    }

    mutating func search() -> SearchRequest {
        let kind = pick(Kind.searchable)
        return SearchRequest(
            kind, query: chance() ? .vector(vector()) : .text(text()), mode: maybe { $0.pick(SearchMode.allCases) }, space: maybe { $0.identifier() }, k: Int(short()), filter: maybe { $0.filter(on: kind) }, exact: chance(),
            recall: maybe { $0.pick(RandomMessages.numbers) }, probes: maybe { Int($0.short()) }, withContent: chance())
    }
}

extension RandomMessages {
    mutating func memory() -> Memory {
        Memory(
            id: identifier(), organization: Message.organization, agent: identifier(), user: maybe { $0.identifier() },
            session: maybe { $0.identifier() }, type: pick(MemoryType.allCases), content: text(), importance: pick(RandomMessages.numbers),
            accessCount: pick(RandomMessages.integers), lastAccessedAt: maybe { $0.time() }, tags: some(4) { $0.text() }, metadata: metadata(),
            createdAt: time(), updatedAt: time(), expiresAt: maybe { $0.time() }, isPinned: chance(),
            validity: Validity(from: maybe { $0.time() }, to: maybe { $0.time() }, closedAt: maybe { $0.time() }), supersededBy: maybe { $0.identifier() },
            sourceMessage: maybe { $0.identifier() }, forgetAt: maybe { $0.time() }, deletedAt: maybe { $0.time() }, version: pick(RandomMessages.integers),
            embedding: maybe { Embedding(space: $0.identifier(), vector: $0.vector()) })
    }

    private mutating func agent() -> Agent {
        Agent(id: identifier(), organization: Message.organization, slug: text(), name: text(), createdAt: time())
    }

    private mutating func report() -> SearchReport {
        var report = SearchReport(
            rowsTotal: count(9), rowsMatching: .max, rowsVisited: count(3), rowsScored: Int(short()), listsTotal: count(9), listsVisited: 0,
            recallEstimate: pick(RandomMessages.numbers), isExact: chance())
        report.lacksContents = chance()
        report.asOf = maybe { $0.time() }
        report.trace = maybe { $0.identifier() }
        report.past = maybe { random in Moment(random.time(), known: random.maybe { $0.time() }) }
        report.mode = pick(SearchMode.allCases)
        return report
    }

    private mutating func note() -> RememberNote {
        RememberNote(
            row: Int(short()), fate: pick(RememberNote.Fate.allCases), superseded: some(2) { $0.identifier() },
            similar: some(2) { RememberNote.Similar(id: $0.identifier(), cosine: $0.pick(RandomMessages.numbers)) })
    }

    private mutating func suggestion() -> Suggestion {
        let reasons: [Suggestion.Reason] = [.exact, .prefix, .typos(Int(short())), .similar(pick(RandomMessages.numbers)), .meaning(pick(RandomMessages.numbers))]
        return Suggestion(
            id: identifier(), term: text(), reason: pick(reasons), start: Int(short()), context: maybe { $0.text() }, fitsContext: chance(), isOwn: chance(),
            insteadOf: maybe { $0.text() }, isDeprecated: chance(), preferred: maybe { $0.text() }, isRejected: chance(), definition: maybe { $0.text() })
    }

    private mutating func detection() -> Detection {
        let terms = some(3) { random in
            Detection.Term(
                id: random.identifier(), term: random.text(), context: random.maybe { $0.text() }, fitsContext: random.chance(), isOwn: random.chance(), isDeprecated: random.chance(),
                preferred: random.maybe { $0.text() }, others: random.some(3) { $0.identifier() })
        }
        let occurrences = terms.indices.map { term in
            let start = pick([0, 1, 1_048_575])
            return Detection.Occurrence(range: start..<start + pick([0, 1, 500]), term: term, isInflected: chance())
        }
        return Detection(terms: terms, occurrences: occurrences, readBytes: Int(short()))
    }

    private mutating func related() -> RelatedTerm {
        RelatedTerm(
            id: identifier(), term: text(), context: maybe { $0.text() }, isOwn: chance(), isDeprecated: chance(), isNamed: chance(), mentions: Int(short()),
            similarity: maybe { $0.pick(RandomMessages.numbers) })
    }

    private mutating func page() -> MemoryPage { MemoryPage(memories: some(3) { $0.memory() }, next: maybe { $0.identifier() }) }

    mutating func outcome(_ name: Operation.Name) -> Outcome {
        switch name {
        case .ping: return .pong
        case .status: return .status(metadata())
        case .verify: return .verified(metadata())
        case .ensureAgent: return .agent(agent())
        case .remember, .update, .delete, .create, .change, .remove, .restore, .use, .end, .revokeKey, .startJob, .stepJob, .controlJob, .importing, .learn:
            let rows = some(4) { WriteReceipt.Row(id: $0.identifier(), version: $0.pick(RandomMessages.integers)) }
            return .written(WriteReceipt(change: pick(RandomMessages.integers), rows: rows, waiting: count(3), notes: some(2) { $0.note() }))
        case .endSession, .erase: return .counted(metadata())
        case .get, .history: return .memories(some(3) { $0.memory() })
        case .suggest: return .suggested(some(3) { $0.suggestion() })
        case .detect: return .detected(detection())
        case .related: return .related(some(3) { $0.related() })
        case .list, .stream: return .page(page())
        case .search, .recall:
            let kind = name == .recall ? .memory : pick(Kind.searchable)
            let explains = name == .recall && chance()
            let entries = some(4) { random in
                let memory = kind == .memory ? random.maybe { $0.memory() } : nil
                let record = kind == .memory ? nil : random.maybe { $0.record(kind) }
                let hit = Hit(id: memory?.id ?? record?.id ?? random.identifier(), score: random.pick([0, 1, -1, 0.1]))
                return SearchAnswer.Entry(hit: hit, memory: memory, record: record, explanation: explains ? random.explanation() : nil)
            }
            // Answers name each memory once.
            guard Set(entries.map(\.hit.id)).count == entries.count else { return outcome(name) }
            let explanation = AnswerExplanation(
                weights: weights(), filter: maybe { $0.filter(on: .memory) }, space: maybe { $0.identifier() }, time: maybe { $0.askedTime() }, cosineScale: pick([0, 0.5, 1]), wordsScale: pick([0, 0.25]), embeddingMicroseconds: UInt64(short()), scanningMicroseconds: .max, fetchingMicroseconds: 0)
            return .found(SearchAnswer(entries: entries, report: report(), explanation: explains ? explanation : nil))
        case .fetch, .browse, .open, .createKey, .rotateKey, .claimJob, .watchJob: return recordOutcome(name)
        }
    }

    mutating func fault() -> Fault {
        Fault(
            pick(ErrorCode.allCases), isRetryable: chance(), retryAfterMilliseconds: maybe { $0.short() }, field: maybe { $0.text() },
            sentence: text())
    }

    mutating func handshake() -> [Message] {
        [
            .hello(Hello(
                versionMin: UInt8(count(255)), versionMax: UInt8(count(255)), features: Features(rawValue: bits()), server: text(),
                frameBytesMax: short(), inFlightMax: short(), handshakeMilliseconds: short(), idleMilliseconds: short())),
            .authenticate(Authenticate(
                version: UInt8(count(255)), features: Features(rawValue: bits()), client: text(), key: pick(["", "k", "schlüssel"]),
                streamCredit: short())),
            .welcome(Welcome(
                version: UInt8(count(255)), features: Features(rawValue: bits()), organization: identifier(), scopes: some(5) { $0.text() })),
            .credit(Credit(bytes: short())),
            .cancel(bits()),
            .goodbye,
        ]
    }
}

extension RandomMessages {
    mutating func filter(on kind: Kind = .memory, depth: Int = 1) -> Filter {
        let schema = Schema.of(kind)
        let path = Field.metadata(some(4) { $0.pick(["a", "é", "."]) } + ["n"])
        let field = schema[.metadata] != nil && chance() ? path : .plain(pick(schema.filterFields))
        switch count(depth < 5 ? 7 : 4) {
        case 0: return .equals(field, scalar(field, kind))
        case 1: return .anyOf(field, some(4) { $0.scalar(field, kind) })
        case 2:
            guard schema[.tags] != nil else { return .exists(field) }
            return .allOf(.tags, some(4) { $0.scalar(.tags, kind) })
        case 3: return range(kind)
        case 4: return .exists(field)
        case 5: return .and(some(3) { $0.filter(on: kind, depth: depth + 1) })
        case 6: return .or(some(3) { $0.filter(on: kind, depth: depth + 1) })
        default: return .not(filter(on: kind, depth: depth + 1))
        }
    }

    private mutating func range(_ kind: Kind) -> Filter {
        let schema = Schema.of(kind)
        let ordered = schema.filterFields.filter { field in
            switch schema.type(of: field) {
            case .integer?, .number?, .time?: true
            case nil, .flag?, .text?, .choice?, .identifier?, .texts?, .object?, .list?, .bytes?, .vector?: false
            }
        }
        let field = Field.plain(pick(ordered))
        let (bound, other) = (scalar(field, kind), scalar(field, kind))
        switch count(2) {
        case 0: return .range(field, Filter.Bounds(lower: bound, lowerIsIncluded: chance(), upperIsIncluded: chance()))
        case 1: return .range(field, Filter.Bounds(lowerIsIncluded: chance(), upper: bound, upperIsIncluded: chance()))
        default: return .range(field, Filter.Bounds(lower: bound, lowerIsIncluded: chance(), upper: other, upperIsIncluded: chance()))
        }
    }

    /// A value that the field may be compared with.
    private mutating func scalar(_ field: Field, _ kind: Kind) -> Scalar {
        guard case .plain(let plain) = field, let type = Schema.of(kind).type(of: plain) else {
            switch count(3) {
            case 0: return .bool(chance())
            case 1: return .integer(pick(RandomMessages.integers))
            case 2: return .number(pick(RandomMessages.numbers))
            default: return .text(text())
            }
        }
        switch type {
        case .identifier: return .identifier(identifier())
        case .choice(let known): return .text(pick(known))
        case .text, .texts: return .text(text())
        case .flag: return .bool(chance())
        case .integer, .number: return chance() ? .integer(pick(RandomMessages.integers)) : .number(pick(RandomMessages.numbers))
        case .time: return .time(pick([Timestamp.range.lowerBound, Timestamp.range.upperBound, Timestamp(microseconds: 0)]))
        case .object, .list, .bytes, .vector: return .bool(false)
        }
    }
}
