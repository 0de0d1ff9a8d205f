/// What an access key may do. A role is a set of these.
public enum Scope: String, Hashable, Sendable, CaseIterable {
    case statusRead = "status:read"
    case organizationRead = "organization:read"
    case organizationWrite = "organization:write"
    case usersRead = "users:read"
    case usersWrite = "users:write"
    case agentsRead = "agents:read"
    case agentsWrite = "agents:write"
    case conversationsRead = "conversations:read"
    case conversationsWrite = "conversations:write"
    case messagesRead = "messages:read"
    case messagesWrite = "messages:write"
    case memoriesRead = "memories:read"
    case memoriesWrite = "memories:write"
    case termsRead = "terms:read"
    case termsWrite = "terms:write"
    case patternsRead = "patterns:read"
    case patternsWrite = "patterns:write"
    case adminKeys = "admin:keys"
    case jobsRead = "jobs:read"
    case jobsRun = "jobs:run"
    case auditRead = "audit:read"

    public static func reading(_ kind: Kind) -> Scope {
        switch kind {
        case .memory: .memoriesRead
        case .agent: .agentsRead
        case .organization: .organizationRead
        case .key: .adminKeys
        case .user: .usersRead
        case .conversation: .conversationsRead
        case .message: .messagesRead
        case .term: .termsRead
        case .pattern: .patternsRead
        case .job: .jobsRead
        case .audit: .auditRead
        }
    }

    public static func writing(_ kind: Kind) -> Scope {
        switch kind {
        case .memory: .memoriesWrite
        case .agent: .agentsWrite
        case .organization: .organizationWrite
        case .key: .adminKeys
        case .user: .usersWrite
        case .conversation: .conversationsWrite
        case .message: .messagesWrite
        case .term: .termsWrite
        case .pattern: .patternsWrite
        case .job: .jobsRun
        // Nobody writes it by asking.
        case .audit: .auditRead
        }
    }
}

public enum Role: String, Hashable, Sendable, CaseIterable {
    /// Everything.
    case admin
    /// Reads and writes what agents and people keep, and nothing of the house itself.
    case writer
    case reader
    /// Watches and runs jobs, and reads.
    case `operator`

    public var scopes: Set<Scope> {
        switch self {
        case .admin: Set(Scope.allCases)
        case .writer:
            Role.reading.union([.usersWrite, .agentsWrite, .conversationsWrite, .messagesWrite, .memoriesWrite, .termsWrite, .patternsWrite])
        case .reader: Role.reading
        case .operator: Role.reading.union([.jobsRun])
        }
    }

    private static let reading: Set<Scope> = [
        .statusRead, .organizationRead, .usersRead, .agentsRead, .conversationsRead, .messagesRead, .memoriesRead, .termsRead, .patternsRead, .jobsRead,
    ]
}
