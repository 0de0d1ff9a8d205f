/// A company or a team: the tenant to which every other row belongs.
public struct Organization: Hashable, Sendable {
    public let id: Identifier
    public let name: String
    public let slug: String
    public let createdAt: Timestamp
    /// What is older is deleted; nil keeps everything.
    public let retentionDays: Int64?
    /// What the lists of its indexes keep; nil leaves it to the server.
    public let listStyle: ListStyle?
    /// How its agents keep memories, where they say nothing else.
    public let memorySettings: JSON?

    public init(
        id: Identifier, name: String, slug: String, createdAt: Timestamp, retentionDays: Int64? = nil, listStyle: ListStyle? = nil, memorySettings: JSON? = nil
    ) {
        self.id = id
        self.name = name
        self.slug = slug
        self.createdAt = createdAt
        self.retentionDays = retentionDays
        self.listStyle = listStyle
        self.memorySettings = memorySettings
    }

    /// Nil for a record of another kind.
    public init?(_ record: Record) {
        guard record.kind == .organization, let name = record.text(.name), let slug = record.text(.slug) else { return nil }
        let days = record.json(.settings)?[Organization.retentionSetting]?.integer
        let style = record.json(.settings)?[Organization.indexSetting]?.text.flatMap { ListStyle(rawValue: $0) }
        self.init(
            id: record.id, name: name, slug: slug, createdAt: record.createdAt, retentionDays: days, listStyle: style,
            memorySettings: record.json(.settings)?[Organization.memoryMember])
    }

    private static let retentionSetting = "data_retention_days"
    private static let indexSetting = "index"
    public static let memoryMember = "memory"

    /// The settings that something follows must be such that it can.
    public static func check(settings: Value?) throws(FieldError) {
        guard case .json(let settings)? = settings else { return }
        if let days = settings[retentionSetting], days != .null {
            guard let days = days.integer, (1...Limits.retentionDaysMax).contains(days) else {
                throw FieldError("settings.\(retentionSetting)", .outOfRange("from 1 to \(Limits.retentionDaysMax)"))
            }
        }
        if let style = settings[indexSetting], style != .null {
            guard let name = style.text, ListStyle(rawValue: name) != nil else {
                throw FieldError("settings.\(indexSetting)", .unknown(known: ListStyle.allCases.map(\.rawValue)))
            }
        }
    }

    public var record: Record {
        Record(.organization, id: id, organization: id, createdAt: createdAt, values: [.name: .text(name), .slug: .text(slug)])
    }
}

/// One of an organization's agents, as those who keep memories for it need it.
public struct Agent: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    /// Unique within the organization.
    public let slug: String
    public let name: String
    public let createdAt: Timestamp

    public init(id: Identifier, organization: Identifier, slug: String, name: String, createdAt: Timestamp) {
        self.id = id
        self.organization = organization
        self.slug = slug
        self.name = name
        self.createdAt = createdAt
    }

    /// Nil for a record of another kind.
    public init?(_ record: Record) {
        guard record.kind == .agent, let slug = record.text(.slug), let name = record.text(.name) else { return nil }
        self.init(id: record.id, organization: record.organization, slug: slug, name: name, createdAt: record.createdAt)
    }

    public var record: Record {
        Record(
            .agent, id: id, organization: organization, createdAt: createdAt,
            values: [.slug: .text(slug), .name: .text(name), .status: .text("active")])
    }
}

/// Who is asking. It comes from the key of the connection and from nowhere else.
public struct Principal: Hashable, Sendable {
    public let organization: Identifier
    public let key: Identifier
    public let scopes: Set<Scope>
    public let narrowing: Narrowing

    public init(organization: Identifier, key: Identifier, scopes: Set<Scope>, narrowing: Narrowing = .none) {
        self.organization = organization
        self.key = key
        self.scopes = scopes
        self.narrowing = narrowing
    }
}

/// Where vectors come from. Two vectors may be compared only within one space.
public struct EmbeddingSpace: Hashable, Sendable {
    public let id: Identifier
    public let organization: Identifier
    public let model: EmbeddingModel
    /// What the first vectors were computed in; empty where nobody says. Those of all offered precisions are near enough to be compared.
    public let precision: String
    public let createdAt: Timestamp

    public init(id: Identifier, organization: Identifier, model: EmbeddingModel, precision: String = "", createdAt: Timestamp) {
        self.id = id
        self.organization = organization
        self.model = model
        self.precision = precision
        self.createdAt = createdAt
    }

    public var dimension: Int { model.dimension }
}
