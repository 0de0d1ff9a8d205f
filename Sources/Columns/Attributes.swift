public import Records

/// What a filter can ask of a row: a memory, or a record of another kind, without its text and its vector. `Layout` says what lies where.
public struct Attributes: Hashable, Sendable {
    public var id: Identifier
    public var agent: Identifier?
    public var user: Identifier?
    public var session: Identifier?
    /// A choice by its number, below 8.
    public var type: UInt8
    public var tags: [String]
    public var importance: Double
    public var accessCount: Int64
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var lastAccessedAt: Timestamp?
    public var expiresAt: Timestamp?
    public var isPinned = false
    public var validity = Validity.always
    public var metadata: JSON

    public init(
        id: Identifier, agent: Identifier?, user: Identifier? = nil, session: Identifier? = nil, type: MemoryType, tags: [String] = [],
        importance: Double = 0.5, accessCount: Int64 = 0, createdAt: Timestamp, updatedAt: Timestamp, lastAccessedAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil, metadata: JSON = .emptyObject
    ) {
        self.id = id
        self.agent = agent
        self.user = user
        self.session = session
        self.type = type.rawValue
        self.tags = tags
        self.importance = importance
        self.accessCount = accessCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastAccessedAt = lastAccessedAt
        self.expiresAt = expiresAt
        self.metadata = metadata
    }

    public init(_ memory: Memory) {
        self.init(
            id: memory.id, agent: memory.agent, user: memory.user, session: memory.session, type: memory.type, tags: memory.tags,
            importance: memory.importance, accessCount: memory.accessCount, createdAt: memory.createdAt, updatedAt: memory.updatedAt,
            lastAccessedAt: memory.lastAccessedAt, expiresAt: memory.expiresAt, metadata: memory.metadata)
        isPinned = memory.isPinned
        validity = memory.validity
        add(memory.validityExtras)
    }

    public init(_ record: Record) {
        let fields = Layout.fields(of: record.kind)
        self.init(
            id: record.id, agent: record.identifier(.agent), user: record.identifier(.user), session: fields.session.flatMap { record.identifier($0) },
            type: .fact, tags: record.texts(.tags), accessCount: fields.accessCount.flatMap { record.integer($0) } ?? 0, createdAt: record.createdAt,
            updatedAt: record.updatedAt, lastAccessedAt: fields.lastAccessedAt.flatMap { record.time($0) }, metadata: record.json(.metadata) ?? .emptyObject)
        type = 0
        if let field = fields.type, let choice = record.text(field), let code = Layout.code(of: choice, field, in: record.kind) { type = code }
        add(fields.extras.compactMap { field in record[field.field].flatMap(Layout.extra).map { JSON.Member(field.name, $0) } })
    }

    /// What has no column of its own.
    private mutating func add(_ extras: [JSON.Member]) {
        if !extras.isEmpty, case .object(let members) = metadata { metadata = .object(extras + members) }
    }
}

extension Memory {
    /// Fields that few memories have.
    fileprivate var validityExtras: [JSON.Member] {
        guard validity != .always || supersededBy != nil || sourceMessage != nil else { return [] }
        let times: [(RecordField, Timestamp?)] = [(.validFrom, validity.from), (.validTo, validity.to), (.closedAt, validity.closedAt)]
        let others: [(RecordField, Identifier?)] = [(.supersededBy, supersededBy), (.sourceMessage, sourceMessage)]
        let values = times.map { ($0, $1.map { Value.time($0) }) } + others.map { ($0, $1.map { Value.identifier($0) }) }
        return values.compactMap { field, value in value.flatMap(Layout.extra).map { JSON.Member(Layout.extraName(field), $0) } }
    }
}
