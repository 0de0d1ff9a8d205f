import Records
import Wire

/// What an answer must be. Times that the server takes from its clock are left open.
enum Expected {
    case error(ErrorCode)
    case pong
    case status(counts: [String: Int64]?)
    /// Nothing differs in memory from what is stored.
    case verified(searchable: [String: Int64])
    /// Nil where the server makes the identifier.
    case rows([(id: Identifier?, version: Int64)])
    case records([Record], withVectors: Bool)
    case page([Record], hasMore: Bool, withVectors: Bool)
    case memories([Memory], withVectors: Bool)
    case memoryPage([Memory], hasMore: Bool, withVectors: Bool)
    case everyMemory([Memory], withVectors: Bool)
    case conversation(Record, [Record])
    case agent(slug: String, known: Identifier?)
    case hits(SearchRequest, [Record])
    /// What that user may be offered, his own and what others made public.
    case suggestions(SuggestRequest, user: Identifier, [Record])
    case detection(DetectRequest, user: Identifier, [Record])
    case related(Identifier, user: Identifier, [Record])
    case key(Record)
    case job(Record)
    case counted(JSON)
}

/// One organization, as simple as it can be said: dictionaries of rows, and rules.
///
/// Rows are made at times far in the future, so that what the server's clock would set is known: nothing is later than they.
struct HouseModel {
    let organization: Identifier
    /// The high half of every identifier that is made here; no other organization's reply may hold it.
    let mark: UInt64
    let dimension: Int
    var memories: [Identifier: Memory] = [:]
    var records: [Kind: [Identifier: Record]] = [:]
    /// What the server named by itself.
    var ownNames: [Identifier] = []
    /// How often something was learned: the server's clock goes on in between.
    var learnedCount: Int64 = 0

    static let space = Identifier(high: 0, low: 0)

    init(organization: Identifier, mark: UInt64, dimension: Int, slug: String) {
        self.organization = organization
        self.mark = mark
        self.dimension = dimension
        records[.organization] = [
            organization: Record(
                .organization, id: organization, organization: organization, createdAt: Timestamp(microseconds: 0), values: [.slug: .text(slug), .name: .text(slug)])
        ]
        ownNames = [organization]
    }

    subscript(kind: Kind, id: Identifier) -> Record? {
        get { kind == .memory ? memories[id]?.row : records[kind]?[id] }
        set { records[kind, default: [:]][id] = newValue }
    }

    func all(_ kind: Kind) -> [Record] { kind == .memory ? memories.values.map(\.row) : records[kind].map { Array($0.values) } ?? [] }

    /// Of all kinds.
    var rowCount: Int { memories.count + records.values.map(\.count).reduce(0, +) }

    // MARK: What follows from messages

    /// Of messages that were not deleted themselves, whether their conversation is hidden or not.
    func messages(of conversation: Identifier) -> [Record] { all(.message).filter { $0.identifier(.conversation) == conversation && $0.deletedAt == nil } }

    /// The sum of the unit vectors of title and messages; nil when there are none.
    func vector(of conversation: Record) -> [Float]? {
        let parts = [conversation.vector(.titleVector)].compactMap { $0 } + messages(of: conversation.id).compactMap { $0.embedding?.vector }
        guard !parts.isEmpty else { return nil }
        var sum = [Double](repeating: 0, count: dimension)
        for part in parts {
            let length = part.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            for index in sum.indices { sum[index] += Double(part[index]) / length }
        }
        return sum.map { Float($0) }
    }

    /// A conversation with all that follows from its messages; any other record as it is.
    func whole(_ record: Record) -> Record {
        guard record.kind == .conversation else { return record }
        var whole = record
        whole[.messageCount] = .integer(Int64(messages(of: record.id).count))
        whole.embedding = vector(of: record).map { Embedding(space: HouseModel.space, vector: $0) }
        return whole
    }

    func isHidden(_ record: Record) -> Bool {
        guard record.kind == .message, let id = record.identifier(.conversation) else { return false }
        return self[.conversation, id]?.deletedAt != nil
    }

    func isLive(_ record: Record) -> Bool { record.deletedAt == nil && !isHidden(record) }

    // MARK: Performing

    /// Performs the operation, if the holder may, and says what the answer must be. `flaw` is what a field of it is wrong with.
    mutating func perform(_ operation: Operation, _ holder: Holder, flaw: ErrorCode?) -> Expected {
        if !operation.requiredScopes.isSubset(of: holder.scopes) { return .error(.forbidden) }
        if let kind = operation.kind, !holder.reach.covers(kind) { return .error(.forbidden) }
        if case .open = operation, !holder.reach.covers(.message) { return .error(.forbidden) }
        if case .learn = operation, !holder.reach.covers(.pattern) { return .error(.forbidden) }
        if let flaw { return .error(flaw) }
        let before = self
        let expected = performAllowed(operation, holder)
        if case .error = expected { self = before }
        return expected
    }

    private mutating func performAllowed(_ operation: Operation, _ holder: Holder) -> Expected {
        switch operation {
        case .ping: .pong
        case .status: .status(counts: holder.narrowing.isNone ? counts : nil)
        case .verify: holder.narrowing.isNone ? .verified(searchable: searchable) : .error(.forbidden)
        case .ensureAgent(let slug, let name): ensureAgent(slug, name, holder)
        case .remember(let drafts): remember(drafts, holder)
        case .get(let ids, let withVectors): get(ids, withVectors, holder)
        case .list(let listing): list(listing, holder)
        case .stream(let listing): .everyMemory(matching(listing, holder), withVectors: listing.withVectors)
        case .update(let patch): update(patch, holder)
        case .delete(let ids): delete(ids, holder)
        case .search(let request): search(request, holder)
        case .recall(let request): recall(request, holder)
        case .create(let drafts): create(drafts, holder)
        case .fetch(let kind, let ids, let withVectors): fetch(kind, ids, withVectors, holder)
        case .browse(let listing): browse(listing, holder)
        case .change(let patch): change(patch, holder)
        case .remove(let kind, let ids): remove(kind, ids, holder)
        case .restore(.memory, let ids): restoreMemories(ids, holder)
        case .erase(let erasure): erase(erasure, holder)
        case .history(let id): history(id, holder)
        case .suggest(let request): suggest(request, holder)
        case .detect(let request): terms(of: request.user, holder) { .detection(request, user: $0, $1) }
        case .related(let request): related(request, holder)
        case .learn(let request): learn(request, holder)
        case .endSession(let ending): endSession(ending, holder)
        case .restore(let kind, let ids): restore(kind, ids, holder)
        case .use(let kind, let ids): use(kind, ids, holder)
        case .end(let ids): end(ids, holder)
        case .open(let id, let messages): open(id, messages, holder)
        case .createKey(let draft): createKey(draft, holder)
        case .rotateKey(let id, _): rotateKey(id, holder)
        case .revokeKey(let id): revokeKey(id, holder)
        case .startJob(let draft): startJob(draft, holder)
        case .claimJob(let id, let worker): claimJob(id, worker, holder)
        case .stepJob(let step): stepJob(step, holder)
        case .controlJob(let id, let control): controlJob(id, control, holder)
        case .watchJob(let id, let after): watchJob(id, after, holder)
        case .importing(let batch, let step): bring(batch, step, holder)
        }
    }

    /// As status tells them.
    /// Rows that a search could find, expired ones too.
    var searchable: [String: Int64] {
        var counts = ["memories": Int64(memories.values.count { $0.embedding != nil && $0.deletedAt == nil })]
        for kind in [Kind.conversation, .message, .term] { counts[kind.plural] = Int64(all(kind).filter(isLive).count { whole($0).embedding != nil }) }
        return counts.filter { $0.value > 0 }
    }

    var counts: [String: Int64] {
        var counts: [String: Int64] = [:]
        for kind in [Kind.memory, .agent, .user, .conversation, .message, .term, .pattern] {
            let rows = all(kind).filter { $0.deletedAt == nil }
            counts[kind.plural] = Int64(rows.count)
        }
        counts["memories_forgotten"] = Int64(memories.values.count { $0.deletedAt != nil })
        counts["memories_with_vector"] = Int64(memories.values.count { $0.embedding != nil })
        counts["terms_with_vector"] = Int64(all(.term).count { $0.embedding != nil })
        return counts
    }
}
