import Records
import Wire

/// An operation to try, with what is known of it beforehand.
struct Wish {
    var operation: Operation
    /// What a field of it is wrong with; nil for one that is sound.
    var flaw: ErrorCode?
    /// Whether the flaw shows when the bytes are read, before anybody is asked what he may.
    var isSeenOnTheWire = false
    /// The meaning of a search's filter.
    var admits: (Record) -> Bool = { _ in true }
}

/// Makes wishes at random, most of which could be granted.
struct Wishes {
    var generator: SeededGenerator
    /// In every text of this organization, and in none of another's.
    let marker: String
    private var number: UInt64 = 0
    private var job: Identifier?

    static let workers = [Identifier(high: 7, low: 1), Identifier(high: 7, low: 2)]
    private static let rowsMax = 500
    private static let future = Timestamp("2150-01-01T00:00:00Z")

    init(generator: SeededGenerator, marker: String) {
        self.generator = generator
        self.marker = marker
    }

    // MARK: Dice

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &generator)] }
    private mutating func some<Element>(_ elements: [Element], _ percent: Int) -> Element? { chance(percent) && !elements.isEmpty ? pick(elements) : nil }
    private mutating func count(_ max: Int) -> Int { Int.random(in: 1...max, using: &generator) }

    mutating func next() -> UInt64 {
        number += 1
        return number
    }

    private mutating func term() -> String { "\(pick(["recall", "record"])) \(next()) \(marker)" + (chance(10) ? " Ärger \"日本\"" : "") }

    /// Of somebody, or of nobody, who types what a term begins with, or what none does, reads a text with one, or looks for what is related to one.
    private mutating func chooseTerms(_ house: HouseModel, _ others: [HouseModel]) -> Operation {
        let terms = house.all(.term).compactMap { $0.text(.term) }.sorted()
        let typed = terms.isEmpty || chance(20) ? pick(["rec", "zebra", "recq"]) : String(pick(terms).prefix(pick([1, 4, 8, 12, 100])))
        let user = chance(85) ? known(.user, house, others) : nil
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<5: return .suggest(SuggestRequest(typed, user: user, limit: pick([3, 100]), withDefinitions: chance(30), byMeaning: chance(5)))
        case 5: return .learn(LearnRequest([LearnEvent](), user: user, typed: ["zebra quagga", "quagga"]))
        case 6:
            let events = (0..<count(3) + 1).map { _ in LearnEvent(known(.term, house, others), pick(TermReaction.allCases), context: pick([nil, nil, "technical"])) }
            return .learn(LearnRequest(events, user: user))
        case 7..<8: return .detect(DetectRequest(terms.isEmpty || chance(20) ? typed : "zebra \(pick(terms)) zebra", user: user))
        default: return .related(RelatedRequest(known(.term, house, others), user: user, limit: pick([1, 100])))
        }
    }

    private mutating func text(_ name: String) -> String { "\(name) \(next()) \(marker)" + (chance(10) ? " Ärger \"日本\"\n" : "") }
    mutating func vector(_ dimension: Int) -> [Float] { (0..<dimension).map { _ in Float.random(in: 0.1...1, using: &generator) } }

    /// Later than any that a server's clock shows, and each later than the one before.
    private mutating func time() -> Timestamp { Timestamp(microseconds: Judge.farAway + 1_000_000 * Int64(next())) }
    private mutating func id(_ house: HouseModel) -> Identifier { Identifier(high: house.mark, low: generator.next()) }

    /// Mostly one that is there; also one that was never there, or that is another organization's.
    mutating func known(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> Identifier {
        if chance(5) { return id(house) }
        if chance(6), let other = others.randomElement(using: &generator), let row = other.all(kind).min(by: { $0.id < $1.id }) { return row.id }
        let rows = house.all(kind).map(\.id).sorted()
        return rows.isEmpty ? id(house) : pick(rows)
    }

    /// Mostly what was removed.
    private mutating func removed(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> [Identifier] {
        let rows = house.all(kind).filter { $0.deletedAt != nil }.map(\.id).sorted()
        return rows.isEmpty || chance(20) ? several(kind, house, others) : [pick(rows)]
    }

    private mutating func several(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> [Identifier] {
        (0..<(chance(70) ? 1 : count(4))).map { _ in known(kind, house, others) }
    }

    // MARK: Wishes

    mutating func wish(_ house: HouseModel, _ others: [HouseModel]) -> Wish {
        if chance(6) { return flawed(house, others) }
        let kinds: [Kind] = [.user, .agent, .conversation, .message, .message, .message, .term, .pattern]
        let kind = pick(kinds)
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<16: return Wish(operation: create(kind, house, others))
        case 16..<24: return Wish(operation: remember(house, others))
        case 24..<29: return Wish(operation: .update(memoryPatch(house, others)))
        case 29..<37: return Wish(operation: .change(patch(chance(8) ? pick([.organization, .key]) : kind, house, others)))
        case 37..<42: return Wish(operation: .remove(kind, several(kind, house, others)))
        case 42..<46:
            let kind = pick([.user, .agent, .conversation, .message, .memory] as [Kind])
            return Wish(operation: .restore(kind, removed(kind, house, others)))
        case 46..<47 where chance(40): return Wish(operation: .erase(erasure(house, others)))
        case 46..<48: return Wish(operation: .delete(several(.memory, house, others)))
        case 48..<51: return Wish(operation: .use(pick([.term, .pattern]), several(pick([.term, .pattern]), house, others)))
        case 51..<52: return Wish(operation: chance(50) ? .endSession(ending(house, others)) : .end([known(.conversation, house, others)]))
        case 52..<58: return Wish(operation: .fetch(chance(20) ? pick([.organization, .key, .job]) : kind, several(kind, house, others), withVectors: chance(30)))
        case 58..<65: return Wish(operation: .browse(listing(chance(10) ? pick([.key, .job, .organization]) : kind, house, others)))
        case 65..<66: return Wish(operation: chooseTerms(house, others))
        case 66..<67: return Wish(operation: .history(known(.memory, house, others)))
        case 67..<70: return Wish(operation: .get(several(.memory, house, others), withVectors: chance(30)))
        case 70..<74: return Wish(operation: memoryListing(house, others))
        case 74..<78: return Wish(operation: .open(known(.conversation, house, others), messages: pick([0, 1, 3, 50])))
        case 78..<88: return search(house, others)
        case 88..<90: return Wish(operation: .ensureAgent(slug: "ensured-\(count(6))-\(marker)", name: "Agent \(marker)"))
        case 90..<92: return Wish(operation: pick([.ping, .status, .verify]))
        case 92..<94: return Wish(operation: key(house, others))
        default: return Wish(operation: jobs(house, others))
        }
    }

    /// A write of records by one who may do everything.
    mutating func write(_ house: HouseModel) -> Operation {
        let kind = pick([.user, .agent, .conversation, .message, .message, .message, .term, .pattern] as [Kind])
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<38: return create(kind, house, [])
        case 38..<62: return .change(patch(chance(10) ? .key : kind, house, []))
        case 62..<71: return .remove(kind, several(kind, house, []))
        case 71..<80:
            let kind = pick([.user, .agent, .conversation, .message] as [Kind])
            return .restore(kind, removed(kind, house, []))
        case 80..<88: return .use(pick([.term, .pattern]), several(pick([.term, .pattern]), house, []))
        case 88..<90: return .end([known(.conversation, house, [])])
        default:
            let operation = jobs(house, [])
            return operation.name.isWrite ? operation : .controlJob(known(.job, house, []), .pause)
        }
    }

    // MARK: Making and changing

    private mutating func values(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> [RecordField: Value] {
        var values: [RecordField: Value] = [:]
        switch kind {
        case .user:
            values = [.email: .text("\(chance(10) ? "Twice" : "u\(next())")@\(marker).example"), .name: .text(text("name")), .role: .text(pick(["owner", "user", "viewer"]))]
        case .agent:
            values = [.slug: .text("a\(chance(5) ? 1 : next())-\(marker)"), .name: .text(text("agent")), .temperature: .number(pick([0, 0.5, 2]))]
            if chance(30) { values[.user] = .identifier(known(.user, house, others)) }
        case .conversation:
            values = [.user: .identifier(known(.user, house, others)), .title: .text(text("title")), .folder: .text("f\(count(3)) \(marker)")]
            if chance(50) { values[.agent] = .identifier(known(.agent, house, others)) }
            if chance(50) { values[.tags] = .texts(["t\(count(3))", marker]) }
            if chance(30) { values[.status] = .text("archived") }
        case .message:
            values = [.conversation: .identifier(known(.conversation, house, others)), .role: .text(pick(["user", "assistant"])), .content: .text(text("said"))]
            if chance(30) { values[.qualityScore] = .number(Double(count(20)) / 2) }
            if chance(30) { values[.metadata] = .json(["n": .integer(Int64(count(5))), "m": .text(marker)]) }
        case .term:
            values = [
                .user: .identifier(known(.user, house, others)), .term: .text(term()), .definition: .text(text("means")), .isPublic: .flag(chance(40)),
                .context: .text("c\(count(2)) \(marker)"),
            ]
            if chance(15) { (values[.status], values[.preferred]) = (.text("deprecated"), .text(term())) }
            if chance(10) { values[.language] = .text("en") }
            if chance(30) { values[.tags] = .texts(["t\(count(3))", marker]) }
        case .pattern:
            values = [
                .user: .identifier(known(.user, house, others)), .type: .text("p\(count(3)) \(marker)"), .data: .json(["m": .text(marker)]),
                .confidence: .number(Double(count(10)) / 10),
            ]
        case .memory, .organization, .key, .job, .audit: break
        }
        return values
    }

    mutating func draft(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> RecordDraft {
        let isNew = !chance(2)
        let hasVector = Schema.of(kind).hasVector && chance(70)
        return RecordDraft(
            kind, id: isNew ? id(house) : known(kind, house, []), createdAt: time(), values(kind, house, others), vector: hasVector ? vector(house.dimension) : nil)
    }

    private mutating func create(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> Operation {
        guard house.all(kind).count < Wishes.rowsMax else { return .remove(kind, several(kind, house, others)) }
        return .create((0..<(chance(60) ? 1 : count(5))).map { _ in draft(kind, house, others) })
    }

    private mutating func remember(_ house: HouseModel, _ others: [HouseModel]) -> Operation {
        guard house.memories.count < Wishes.rowsMax else { return .delete((0..<20).map { _ in known(.memory, house, []) }) }
        return .remember((0..<(chance(60) ? 1 : count(5))).map { _ in memoryDraft(house, others) })
    }

    private mutating func memoryDraft(_ house: HouseModel, _ others: [HouseModel]) -> MemoryDraft {
        var draft = MemoryDraft(
            id: chance(2) ? known(.memory, house, []) : id(house), agent: known(.agent, house, others), user: some(house.all(.user).map(\.id).sorted(), 40),
            session: some(house.all(.conversation).map(\.id).sorted(), 30), type: pick(MemoryType.allCases), content: text("memory"),
            importance: Double(count(10)) / 10, tags: chance(50) ? ["t\(count(3))", marker] : [], metadata: chance(30) ? ["m": .text(marker)] : .emptyObject,
            createdAt: time(), expiresAt: chance(10) ? Wishes.future : nil, isPinned: chance(10), sourceMessage: some(house.all(.message).map(\.id).sorted(), 10),
            vector: chance(80) ? vector(house.dimension) : nil)
        // Beside one that is there, whose text it says again, or whose place it takes.
        if chance(25), let id = house.memories.keys.sorted().randomElement(using: &generator), let other = house.memories[id] {
            (draft.agent, draft.user, draft.session, draft.type) = (other.agent, other.user, other.session, other.type)
            if chance(40) { draft.content = "  " + other.content.uppercased() }
            if chance(40) { draft.supersedes = other.id }
            if chance(40) { draft.vector = other.embedding?.vector }
        }
        if chance(4) { draft.supersedes = known(.memory, house, others) }
        if chance(10) { draft.validTo = time() }
        if chance(20) { draft.onSimilar = pick(SimilarAction.allCases) }
        if chance(10) { draft.similarity = 0.99 }
        if draft.supersedes == draft.id { draft.supersedes = nil }
        return draft
    }

    /// Of an agent or a user seldom: much would go with them.
    private mutating func erasure(_ house: HouseModel, _ others: [HouseModel]) -> Erasure {
        switch pick(chance(20) ? Erasure.Subject.allCases : [.conversation, .session, .memory]) {
        case .user: Erasure(.user, [known(.user, house, others)])
        case .agent: Erasure(.agent, [known(.agent, house, others)])
        case .conversation: Erasure(.conversation, several(.conversation, house, others))
        case .session: Erasure(.session, [known(.conversation, house, others)])
        case .memory: Erasure(.memory, several(.memory, house, others))
        }
    }

    private mutating func ending(_ house: HouseModel, _ others: [HouseModel]) -> SessionEnding {
        let sessions = house.memories.values.compactMap(\.session).sorted()
        var ending = SessionEnding(session: some(sessions, 80) ?? known(.conversation, house, others))
        if chance(30) { ending.agent = known(.agent, house, others) }
        if chance(60) { ending.promotesFrom = Double(count(10)) / 10 }
        ending.drops = chance(50)
        return ending
    }

    private mutating func memoryPatch(_ house: HouseModel, _ others: [HouseModel]) -> MemoryPatch {
        let id = known(.memory, house, others)
        var patch = MemoryPatch(id: id)
        if chance(20) { patch.ifVersion = (house.memories[id]?.version ?? 1) + (chance(30) ? 1 : 0) }
        if chance(50) { patch.content = text("memory") }
        if chance(30) { patch.importance = Double(count(10)) / 10 }
        if chance(20) { patch.tags = ["t\(count(3))", marker] }
        if chance(15) { patch.user = chance(50) ? .clear : .set(known(.user, house, [])) }
        if chance(40) { patch.vector = chance(80) ? .set(vector(house.dimension)) : .clear }
        if chance(10) { patch.isPinned = chance(50) }
        if chance(10) { patch.validTo = chance(40) ? .clear : .set(time()) }
        if patch == MemoryPatch(id: id) { patch.type = .fact }
        return patch
    }

    private mutating func patch(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> RecordPatch {
        let id = kind == .organization && !chance(10) ? house.organization : known(kind, house, others)
        var patch = RecordPatch(kind, id: id)
        if chance(20) { patch.ifVersion = (house[kind, id]?.version ?? 1) + (chance(30) ? 1 : 0) }
        let settable = Schema.of(kind).rules.filter { $0.setter == .caller }.map(\.field)
        let named: [RecordField: Value] = [.name: .text(text("name"))]
        let all = kind == .organization ? named : kind == .key ? named.merging([.description: .text(text("for"))]) { $1 } : values(kind, house, others)
        for (field, value) in all.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where settable.contains(field) && chance(50) {
            patch.values[field] = value
        }
        let clearable = Schema.of(kind).rules.filter { $0.setter == .caller && !$0.isRequired && $0.field != .networks && patch.values[$0.field] == nil }.map(\.field)
        if let field = some(clearable, 15) { patch.cleared.insert(field) }
        if Schema.of(kind).hasVector, chance(40) { patch.vector = chance(80) ? .set(vector(house.dimension)) : .clear }
        if patch.values.isEmpty, patch.cleared.isEmpty, patch.vector == .keep {
            let field: RecordField = [.conversation: .title, .message: .content, .term: .term, .pattern: .confidence][kind] ?? .name
            patch.values[field] = field == .confidence ? .number(0.25) : .text(field == .term ? term() : text("changed"))
        }
        return patch
    }

    // MARK: Looking

    private mutating func listing(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel]) -> RecordListing {
        let schema = Schema.of(kind)
        var listing = RecordListing(kind, limit: pick([1, 3, 20, 1_000]), withVectors: chance(20))
        listing.isAscending = chance(50)
        if schema.deletesSoftly { listing.deleted = pick([.without, .without, .with, .only]) }
        listing.order = some(schema.orderedBy, 60)
        let rows = house.all(kind).sorted { $0.id < $1.id }
        if let row = some(rows, 60), let field = some(schema.listedBy, 100), let value = row[field] {
            if case .texts(let texts) = value { listing.values[field] = .texts(chance(50) ? texts : Array(texts.suffix(1))) } else { listing.values[field] = value }
        }
        if chance(20), let field = schema.listedBy.first(where: { schema[$0]?.type == .identifier }) {
            listing.values[field] = .identifier(known(schema[field]?.reference ?? .user, house, others))
        }
        // When something was learned, only the server knows.
        if let row = some(rows, 30), listing.order != .lastSeenAt || row.createdAt.microseconds > Judge.farAway { listing.after = listing.cursor(at: row) }
        return listing
    }

    private mutating func memoryListing(_ house: HouseModel, _ others: [HouseModel]) -> Operation {
        var listing = MemoryListing(limit: pick([1, 3, 20, 1_000]), withVectors: chance(20))
        if chance(30) { listing.agent = known(.agent, house, others) }
        if chance(20) { listing.session = known(.conversation, house, others) }
        if chance(20) { listing.type = pick(MemoryType.allCases) }
        if chance(20) { listing.after = known(.memory, house, others) }
        listing.withHistory = chance(40)
        listing.deleted = pick([.without, .without, .with, .only])
        return chance(30) ? .stream(listing) : .list(listing)
    }

    private mutating func search(_ house: HouseModel, _ others: [HouseModel]) -> Wish {
        if chance(20) { return recall(house, others) }
        let kind = pick(Kind.searchable)
        var request = SearchRequest(kind, query: .vector(vector(house.dimension)), k: pick([1, 3, 10, 100]), withContent: chance(60))
        guard chance(60) else { return Wish(operation: .search(request)) }
        let (filter, admits) = filter(kind, house, others, depth: 2)
        request.filter = filter
        return Wish(operation: .search(request), admits: admits)
    }

    /// By relevance alone, so that it is known what has to come.
    private mutating func recall(_ house: HouseModel, _ others: [HouseModel]) -> Wish {
        let agent = known(.agent, house, others)
        // What is counted behind the reply is not known when the next wish is judged.
        var request = RecallRequest(agent: agent, vector: vector(house.dimension), k: pick([1, 3, 10, 100]), touches: false)
        request.weights = (try? RecallWeights(relevance: 1, importance: 0, recency: 0)) ?? .standard
        if chance(40) { request.session = known(.conversation, house, others) }
        request.everySession = request.session == nil && chance(40)
        return Wish(operation: .recall(request))
    }

    /// A filter, and what it means.
    private mutating func filter(_ kind: Kind, _ house: HouseModel, _ others: [HouseModel], depth: Int) -> (Filter, (Record) -> Bool) {
        if depth > 0, chance(30) {
            let (a, isA) = filter(kind, house, others, depth: depth - 1)
            let (b, isB) = filter(kind, house, others, depth: depth - 1)
            switch Int.random(in: 0...2, using: &generator) {
            case 0: return (.and([a, b]), { isA($0) && isB($0) })
            case 1: return (.or([a, b]), { isA($0) || isB($0) })
            default: return (.not(a), { !isA($0) })
            }
        }
        if chance(30), Schema.of(kind)[.user] != nil {
            let user = known(.user, house, others)
            return (.equals(.user, .identifier(user)), { $0.identifier(.user) == user })
        }
        if chance(30), Schema.of(kind)[.tags] != nil {
            let tags = ["t\(count(3))", "t\(count(3))"]
            return chance(50)
                ? (.anyOf(.tags, tags.map { .text($0) }), { row in tags.contains { row.texts(.tags).contains($0) } })
                : (.allOf(.tags, tags.map { .text($0) }), { row in tags.allSatisfy { row.texts(.tags).contains($0) } })
        }
        let (field, type): (RecordField, (Record) -> Double?) =
            switch kind {
            case .memory: (.importance, { $0.number(.importance) })
            case .message: (.qualityScore, { $0.number(.qualityScore) })
            case .conversation: (.qualityThreshold, { $0.number(.qualityThreshold) })
            default: (.frequency, { $0.integer(.frequency).map { Double($0) } })
            }
        let bound = kind == .memory ? Double(count(10)) / 10 : Double(count(9))
        let scalar: Scalar = field == .frequency ? .integer(Int64(bound)) : .number(bound)
        let isIncluded = chance(50)
        return (.range(.plain(field), .init(lower: scalar, lowerIsIncluded: isIncluded)), { row in type(row).map { isIncluded ? $0 >= bound : $0 > bound } ?? false })
    }

    // MARK: Keys and jobs

    private mutating func key(_ house: HouseModel, _ others: [HouseModel]) -> Operation {
        // Without the first, which is the one that asks about everything.
        let keys = Array(house.all(.key).filter { $0[.revokedAt] == nil }.map(\.id).sorted().dropFirst())
        if keys.count > 14 || chance(25) { return .revokeKey(chance(90) ? some(keys, 100) ?? id(house) : id(others[0])) }
        if chance(20), let id = some(keys, 100) { return .rotateKey(chance(90) ? id : known(.key, house, others), overlapSeconds: 3_600) }
        var values: [RecordField: Value] = [.name: .text(text("key"))]
        if chance(60) { values[.role] = .text(pick(Role.allCases).rawValue) }
        if values[.role] == nil || chance(30) {
            values[.scopes] = .texts(Set((0..<count(12)).map { _ in pick(Scope.allCases).rawValue }).sorted())
        }
        if chance(35) { values[.user] = .identifier(known(.user, house, others)) }
        if chance(20) { values[.agent] = .identifier(known(.agent, house, others)) }
        if chance(20) { values[.session] = .identifier(known(.conversation, house, [])) }
        if chance(20) { values[.description] = .text(text("for")) }
        if chance(25) { values[.kinds] = .texts(Set((0..<count(4)).map { _ in pick(Kind.allCases).name }).sorted()) }
        return .createKey(RecordDraft(.key, values))
    }

    private mutating func jobs(_ house: HouseModel, _ others: [HouseModel]) -> Operation {
        if house.all(.job).count < 4 || chance(10) {
            return .startJob(RecordDraft(.job, id: id(house), createdAt: time(), [.type: .text(pick(["import", "export"])), .parameters: .json(["m": .text(marker)])]))
        }
        let running = house.all(.job).filter { $0.jobState == .running }.map(\.id).sorted()
        let id = some(running, 60) ?? known(.job, house, others)
        let worker = house[.job, id]?.identifier(.worker) ?? pick(Wishes.workers)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: return .claimJob(id, worker: chance(80) ? worker : pick(Wishes.workers))
        case 3..<5: return .stepJob(step(id, worker))
        case 5..<7: return .controlJob(id, pick(JobControl.allCases))
        case 7: return .watchJob(id, after: (house[.job, id]?.version ?? 1) - 1)
        default:
            let rows = (0..<count(3)).map { _ in
                let draft = draft(.term, house, others)
                var row = Record(
                    .term, id: draft.id ?? id, organization: house.organization, createdAt: draft.createdAt ?? time(), version: Int64(count(5)), values: draft.values,
                    embedding: draft.vector.map { Embedding(space: HouseModel.space, vector: $0) })
                row[.lastUsedAt] = .time(row.createdAt)
                return row
            }
            return .importing(.records(rows), step(id, worker))
        }
    }

    private mutating func step(_ id: Identifier, _ worker: Identifier) -> JobStep {
        JobStep(
            job: id, worker: chance(85) ? worker : pick(Wishes.workers), cursor: chance(50) ? "at \(next()) \(marker)" : nil, done: Int64(count(100)),
            failed: Int64(count(3)), error: chance(20) ? text("error") : nil, end: chance(10) ? pick([.succeeded, .failed]) : nil)
    }

    // MARK: Flaws

    private mutating func flawed(_ house: HouseModel, _ others: [HouseModel]) -> Wish {
        func made(_ draft: RecordDraft, _ change: (inout RecordDraft) -> Void) -> Operation {
            var draft = draft
            change(&draft)
            return .create([draft])
        }
        let (user, conversation, message, term) = (draft(.user, house, []), draft(.conversation, house, []), draft(.message, house, []), draft(.term, house, []))
        let long = vector(house.dimension + 1)
        let id = known(.conversation, house, others)
        let draft = MemoryDraft(id: self.id(house), agent: known(.agent, house, others), content: text("memory"), createdAt: time())
        let wishes: [Wish] = [
            Wish(operation: made(user) { $0.values[.email] = .text("nobody") }, flaw: .invalidField),
            Wish(operation: made(user) { $0.values[.role] = .text("king") }, flaw: .unknownField),
            Wish(operation: made(user) { $0.vector = long }, flaw: .invalidField),
            Wish(operation: made(conversation) { $0.values[.qualityThreshold] = .number(11) }, flaw: .invalidField),
            Wish(operation: made(conversation) { $0.values[.status] = .text("deleted") }, flaw: .invalidField),
            Wish(operation: made(message) { $0.vector = long }, flaw: .wrongDimension),
            Wish(operation: made(message) { $0.vector = [0, 0, 0, 0] }, flaw: .invalidField),
            Wish(operation: made(message) { $0.values[.content] = nil }, flaw: .invalidField),
            Wish(operation: made(term) { $0.values[.definition] = .text("") }, flaw: .invalidField),
            Wish(operation: .remember([draft, draft].enumerated().map { var copy = $1; copy.importance = Double($0) * 2; return copy }), flaw: .invalidField),
            Wish(operation: .change(RecordPatch(.conversation, id: id, [.status: .text("deleted")])), flaw: .invalidField),
            Wish(operation: .change(RecordPatch(.message, id: id, [.qualityScore: .number(-1)])), flaw: .invalidField),
            Wish(operation: .search(SearchRequest(.message, query: .vector(long))), flaw: .wrongDimension),
            Wish(operation: .search(SearchRequest(.term, query: .vector(vector(house.dimension)), k: 0)), flaw: .invalidField),
            Wish(operation: .search(SearchRequest(.conversation, query: .text("what \(marker)"), mode: .hybrid)), flaw: .noEmbedder),
            Wish(operation: .browse(RecordListing(.user, limit: 0)), flaw: .invalidField),
            Wish(operation: .suggest(SuggestRequest("", user: id)), flaw: .invalidField), Wish(operation: .suggest(SuggestRequest("a", user: id, limit: 101)), flaw: .invalidField),
            Wish(operation: .detect(DetectRequest("", user: id)), flaw: .invalidField), Wish(operation: .learn(LearnRequest(user: id)), flaw: .invalidField), Wish(operation: .related(RelatedRequest(id, user: id, limit: 0)), flaw: .invalidField),
            Wish(operation: made(term) { $0.values[.term] = .text("tab\t") }, flaw: .invalidField),
            Wish(operation: made(term) { $0.values[.language] = .text("no language") }, flaw: .invalidField),
            Wish(operation: .browse(RecordListing(.user, order: .name)), flaw: .unknownField),
            Wish(operation: .fetch(.memory, [id], withVectors: false), flaw: .invalidField),
            Wish(operation: .remove(.memory, [id]), flaw: .unknownField), Wish(operation: .remove(.term, []), flaw: .invalidField),
            Wish(operation: .open(id, messages: 1_001), flaw: .invalidField),
            Wish(operation: .createKey(RecordDraft(.key, [.name: .text(marker), .scopes: .texts(["fly"])])), flaw: .invalidField),
            Wish(operation: .rotateKey(id, overlapSeconds: -1), flaw: .invalidField),
        ]
        return pick(wishes)
    }
}
