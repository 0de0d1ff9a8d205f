/// What a key may reach within its organization: nil means all. Nothing beyond is seen, counted or written.
///
/// A session is a conversation: its messages, and the memories of it.
public struct Narrowing: Hashable, Sendable {
    public var user: Identifier?
    public var agent: Identifier?
    public var session: Identifier?
    public var kinds: Set<Kind>?

    public static let none = Narrowing()

    public init(user: Identifier? = nil, agent: Identifier? = nil, session: Identifier? = nil, kinds: Set<Kind>? = nil) {
        self.user = user
        self.agent = agent
        self.session = session
        self.kinds = kinds
    }

    public var isNone: Bool { self == .none }

    public func admits(_ kind: Kind) -> Bool { kinds?.contains(kind) ?? true }

    public func admits(_ memory: Memory) -> Bool {
        admits(.memory) && (user == nil || memory.user == user) && (agent == nil || memory.agent == agent) && (session == nil || memory.session == session)
    }

    public func admits(_ draft: MemoryDraft) -> Bool {
        admits(.memory) && (user == nil || draft.user == user) && (agent == nil || draft.agent == agent) && (session == nil || draft.session == session)
    }

    /// Whether the record may be changed.
    public func admits(_ record: Record) -> Bool {
        guard admits(record.kind) else { return false }
        if let user, owner(of: record) != user { return false }
        if let agent, Narrowing.agent(of: record) != agent { return false }
        if let session, Narrowing.session(of: record) != session { return false }
        return true
    }

    /// Whether the record may be seen: also agents, for whom memories are kept, and what others of the organization made public.
    public func shows(_ record: Record) -> Bool {
        if admits(record) { return true }
        guard admits(record.kind) else { return false }
        switch record.kind {
        case .agent: return agent == nil
        case .term: return agent == nil && session == nil && record.flag(.isPublic) == true
        case .memory, .organization, .key, .user, .conversation, .message, .pattern, .job, .audit: return false
        }
    }

    private func owner(of record: Record) -> Identifier? { record.kind == .user ? record.id : record.identifier(.user) }

    private static func agent(of record: Record) -> Identifier? {
        switch record.kind {
        case .agent: record.id
        case .audit: record.text(.resourceType) == Kind.agent.name ? record.identifier(.resource) : nil
        case .memory, .organization, .key, .user, .conversation, .message, .term, .pattern, .job: record.identifier(.agent)
        }
    }

    private static func session(of record: Record) -> Identifier? {
        switch record.kind {
        case .conversation: record.id
        case .message: record.identifier(.conversation)
        case .audit: record.identifier(.session)
        case .memory, .agent, .organization, .key, .user, .term, .pattern, .job: nil
        }
    }

    /// Whether everything that lies within the other lies within this one.
    public func covers(_ other: Narrowing) -> Bool {
        if user != nil, other.user != user { return false }
        if agent != nil, other.agent != agent { return false }
        if session != nil, other.session != session { return false }
        guard let kinds else { return true }
        return other.kinds.map { $0.isSubset(of: kinds) } ?? false
    }

    /// What a search over that kind may return; nil for every row.
    public func filter(on kind: Kind, and asked: Filter?) -> Filter? {
        guard let own = filter(on: kind) else { return asked }
        return asked.map { .and([own, $0]) } ?? own
    }

    /// The same as a filter over the rows of an index; nil where nothing is left out.
    private func filter(on kind: Kind) -> Filter? {
        var parts: [Filter] = []
        if let user {
            let own = Filter.equals(.user, .identifier(user))
            parts.append(kind == .term && agent == nil && session == nil ? .or([own, .equals(.plain(.isPublic), .bool(true))]) : own)
        }
        if let agent { parts.append(.equals(Schema.of(kind)[.agent] == nil ? .id : .agent, .identifier(agent))) }
        if let session {
            switch kind {
            case .conversation: parts.append(.equals(.id, .identifier(session)))
            case .message: parts.append(.equals(.plain(.conversation), .identifier(session)))
            case .memory: parts.append(.equals(.session, .identifier(session)))
            case .agent, .organization, .key, .user, .term, .pattern, .job, .audit: parts.append(.or([]))
            }
        }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .and(parts)
    }
}
