/// Everything that a caller can ask for. The wire carries these, the engine performs them, and neither knows more of the other.
public enum Operation: Hashable, Sendable {
    case ping
    case status
    case ensureAgent(slug: String, name: String)
    case listAgents
    case remember([MemoryDraft])
    case get([Identifier], withVectors: Bool)
    case list(MemoryListing)
    case update(MemoryPatch)
    case delete([Identifier])
    case search(SearchRequest)
    /// Every memory of a listing, page by page, as a stream.
    case stream(MemoryListing)

    /// Names an operation in logs, in metrics and in access rules. The numbers are sent; they never change their meaning.
    public enum Name: UInt16, Hashable, Sendable, CaseIterable {
        case ping = 1
        case status = 2
        case ensureAgent = 16
        case listAgents = 17
        case remember = 32
        case get = 33
        case list = 34
        case update = 35
        case delete = 36
        case search = 37
        case stream = 38
    }

    public var name: Name {
        switch self {
        case .ping: .ping
        case .status: .status
        case .ensureAgent: .ensureAgent
        case .listAgents: .listAgents
        case .remember: .remember
        case .get: .get
        case .list: .list
        case .update: .update
        case .delete: .delete
        case .search: .search
        case .stream: .stream
        }
    }
}

extension Operation.Name: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ping: "ping"
        case .status: "status"
        case .ensureAgent: "ensure_agent"
        case .listAgents: "list_agents"
        case .remember: "remember"
        case .get: "get"
        case .list: "list"
        case .update: "update"
        case .delete: "delete"
        case .search: "search"
        case .stream: "stream"
        }
    }

    /// What a key must be allowed before the operation is looked at; nil where any valid key will do.
    public var requiredScope: Scope? {
        switch self {
        case .ping: nil
        case .status: .statusRead
        case .ensureAgent: .agentsWrite
        case .listAgents: .agentsRead
        case .remember, .update, .delete: .memoriesWrite
        case .get, .list, .search, .stream: .memoriesRead
        }
    }

    /// Whether it changes what is stored, so that a retry needs an idempotency key to be harmless.
    public var isWrite: Bool {
        switch self {
        case .ensureAgent, .remember, .update, .delete: true
        case .ping, .status, .listAgents, .get, .list, .search, .stream: false
        }
    }
}

/// What an operation came to.
public enum Outcome: Hashable, Sendable {
    case pong
    /// Facts about the server and the caller's organization; its members are listed in docs/PROTOCOL.md.
    case status(JSON)
    case agent(Agent)
    case agents([Agent])
    case written(WriteReceipt)
    case memories([Memory])
    case page(MemoryPage)
    case found(SearchAnswer)
}

public struct MemoryPage: Hashable, Sendable {
    public let memories: [Memory]
    /// Where the next page begins; nil after the last one.
    public let next: Identifier?

    public init(memories: [Memory], next: Identifier?) {
        self.memories = memories
        self.next = next
    }
}

public struct SearchAnswer: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let hit: Hit
        /// Nil when only identifiers and scores were asked for. With content, a hit that was deleted in the meantime is left out.
        public let memory: Memory?

        public init(hit: Hit, memory: Memory?) {
            self.hit = hit
            self.memory = memory
        }
    }

    public let entries: [Entry]
    public let report: SearchReport

    public init(entries: [Entry], report: SearchReport) {
        self.entries = entries
        self.report = report
    }
}
