/// What becomes of the memories of a session that ends.
public struct SessionEnding: Hashable, Sendable {
    public var session: Identifier
    /// Those of one agent, or of all.
    public var agent: Identifier?
    /// Those at least as important are kept for good; nil keeps none so.
    public var promotesFrom: Double?
    /// The others are forgotten, and can be restored for a while; otherwise they stay in the session.
    public var drops: Bool

    /// As the agent's memory_type says instead.
    public var isAsAgent: Bool

    public init(session: Identifier, agent: Identifier? = nil, promotesFrom: Double? = nil, drops: Bool = false, isAsAgent: Bool = false) {
        self.session = session
        self.agent = agent
        self.promotesFrom = promotesFrom
        self.drops = drops
        self.isAsAgent = isAsAgent
    }

    /// From which importance on memories are kept for good by agents that remember both.
    public static let promotesFromDefault = 0.5

    /// An agent that remembers the conversation alone drops all, one that remembers for long keeps all, and one that does both keeps what is important.
    public mutating func follow(memoryType: String) {
        isAsAgent = false
        switch memoryType {
        case "long_term": (promotesFrom, drops) = (0, false)
        case "hybrid": (promotesFrom, drops) = (SessionEnding.promotesFromDefault, true)
        default: (promotesFrom, drops) = (nil, true)
        }
    }

    public func check() throws(FieldError) {
        if isAsAgent, promotesFrom != nil || drops { throw FieldError("as_agent", .malformed("it says already what becomes of the memories")) }
        if let promotesFrom { do throws(FieldError) { try Checks.importance(promotesFrom) } catch { throw FieldError("promote_from", error.reason) } }
    }
}
