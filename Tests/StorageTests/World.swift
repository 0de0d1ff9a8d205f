import Recall
import Records
import Storage

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// One organization with an agent and a space, and what it would write.
struct World {
    static let dimension = 16

    var generator: SeededGenerator
    let organization: Organization
    let key: AccessKey
    let agent: Agent
    let space: EmbeddingSpace
    var time = startTime

    init(seed: UInt64, slug: String = "acme") {
        generator = SeededGenerator(seed: seed)
        let id = Identifier(at: startTime, using: &generator)
        organization = Organization(id: id, name: "Acme, \(slug)", slug: slug, createdAt: startTime)
        key = AccessKey(
            id: Identifier(at: startTime, using: &generator), organization: id, name: "first", prefix: "pny_\(seed)",
            hash: (0..<32).map { UInt8(truncatingIfNeeded: Int(seed) &* 7 + $0) }, role: .admin, createdAt: startTime)
        agent = Agent(id: Identifier(at: startTime, using: &generator), organization: id, slug: "helper", name: "Helper", createdAt: startTime)
        space = EmbeddingSpace(
            id: Identifier(at: startTime, using: &generator), organization: id,
            model: EmbeddingModel(provider: "none", name: "given", revision: "1", dimension: World.dimension), createdAt: startTime)
    }

    func request(
        _ action: WriteAction, at time: Timestamp? = nil, shownTo narrowing: Narrowing = .none, _ idempotency: Idempotency? = nil,
        newSpace: EmbeddingSpace? = nil, vectorsFollow: Bool = false
    ) -> WriteRequest {
        WriteRequest(
            organization: organization.id, at: time ?? self.time, action: action, narrowing: narrowing, idempotency: idempotency, newSpace: newSpace,
            vectorsFollow: vectorsFollow)
    }

    func create(in store: any Store) async throws {
        _ = try await store.write(request(.createOrganization(organization, key)))
        _ = try await store.write(request(.ensureAgent(agent)))
        _ = try await store.write(request(.ensureSpace(space)))
    }

    /// A recall of the world's agent by its key.
    func trace(_ found: [RecallTrace.Found], at time: Timestamp = startTime, session: Identifier? = nil, user: Identifier? = nil, past: Moment? = nil, leftOut: Int = 0) -> RecallTrace {
        var report = SearchReport()
        (report.mode, report.past) = (.hybrid, past)
        let principal = Principal(organization: organization.id, key: key.id, scopes: [], narrowing: Narrowing(user: user))
        return RecallTrace(id: Identifier(at: time), at: time, of: RecallRequest(agent: agent.id, session: session), by: principal, report, found: found, leftOut: leftOut)
    }

    /// A new identifier, greater than those before.
    mutating func id() -> Identifier {
        time = time.adding(seconds: 1)
        return Identifier(at: time, using: &generator)
    }

    mutating func vector() -> [Float] { (0..<World.dimension).map { _ in Float.random(in: -1...1, using: &generator) } }

    mutating func memory(_ content: String = "The customer prefers tea.", hasVector: Bool = true) -> Memory {
        let id = id()
        let memory = Memory(
            id: id, organization: organization.id, agent: agent.id, type: .fact, content: content, createdAt: time, updatedAt: time,
            embedding: hasVector ? Embedding(space: space.id, vector: vector()) : nil)
        return memory.dated
    }

    /// One that uses every column, and characters of every length.
    mutating func randomMemory() -> Memory {
        var memory = memory("")
        memory.content = String(
            (0..<Int.random(in: 1...200, using: &generator)).map { _ in "aé漢🌲\n\"\\ ".randomElement(using: &generator) ?? "a" })
        memory.user = Bool.random(using: &generator) ? id() : nil
        memory.session = Bool.random(using: &generator) ? id() : nil
        memory.type = MemoryType.allCases.randomElement(using: &generator) ?? .fact
        memory.importance = [0, -0.0, 1, 0.5, Double.random(in: 0...1, using: &generator)].randomElement(using: &generator) ?? 0
        memory.accessCount = Int64.random(in: 0...Int64.max, using: &generator)
        memory.lastAccessedAt = Bool.random(using: &generator) ? time : nil
        memory.tags = Bool.random(using: &generator) ? ["a", "b\"c", "漢"] : []
        memory.metadata = Bool.random(using: &generator) ? ["project": ["name": "x", "n": 1, "f": 1.5, "l": [1, nil, true]], "é": ""] : .emptyObject
        if Bool.random(using: &generator) { memory.embedding = nil }
        memory.isPinned = Bool.random(using: &generator)
        memory.sourceMessage = Bool.random(using: &generator) ? id() : nil
        if Bool.random(using: &generator) {
            memory.validity = Validity(from: startTime.adding(seconds: -9), to: time.adding(seconds: 1_000_000_000), closedAt: time)
            memory.supersededBy = id()
        }
        return memory.dated
    }

    /// An organization with agents, memories, an update, a deletion and idempotency keys.
    mutating func fill(_ store: any Store, count: Int = 20) async throws -> [Memory] {
        try await create(in: store)
        var kept: [Memory] = []
        for _ in 0..<count {
            let memory = randomMemory()
            let idempotency = Idempotency(key: id(), digest: [UInt8](repeating: 1, count: 32))
            _ = try await store.write(request(.remember([memory]), idempotency))
            kept.append(memory)
        }
        kept[0] = try await store.write(request(.update(MemoryPatch(id: kept[0].id, content: "Changed."), space: nil))).memories[0]
        _ = try await store.write(request(.delete([kept.removeLast().id])))
        return kept
    }
}

extension Memory {
    /// With the moment at which the store will say that it is forgotten.
    var dated: Memory {
        var memory = self
        memory.forgetAt = Fading().forgetAt(MemoryFacts(self))
        return memory
    }
}

/// A store with a world in it.
struct OpenedWorld {
    let home: any StoreHome
    let store: any Store
    var world: World

    init(_ maker: any StoreMaker, seed: UInt64) async throws {
        home = try maker.makeHome()
        store = try home.open()
        world = World(seed: seed)
        try await world.create(in: store)
    }
}
