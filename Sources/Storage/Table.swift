import Records

/// The tables, whatever keeps them, and their columns, in the order in which rows are written and read.
///
/// The numbers enter every checksum; they never change their meaning.
enum Table: UInt8, CaseIterable {
    case organizations = 1
    case apiKeys = 2
    case embeddingSpaces = 3
    case agents = 4
    case agentMemories = 5
    case changes = 6
    case idempotencyKeys = 7
    case counters = 8
    case users = 9
    case conversations = 10
    case messages = 11
    case terminologyEntries = 12
    case learningPatterns = 13
    case jobs = 14
    case embeddingWaits = 15
    case auditLogs = 16
    case auditKeys = 17

    static func of(_ kind: Kind) -> Table {
        switch kind {
        case .memory: .agentMemories
        case .agent: .agents
        case .organization: .organizations
        case .key: .apiKeys
        case .user: .users
        case .conversation: .conversations
        case .message: .messages
        case .term: .terminologyEntries
        case .pattern: .learningPatterns
        case .job: .jobs
        case .audit: .auditLogs
        }
    }

    /// The kind of record that it holds; nil for memories, whose rows have a form of their own, and for the store's own tables.
    var kind: Kind? {
        switch self {
        case .organizations: .organization
        case .apiKeys: .key
        case .agents: .agent
        case .users: .user
        case .conversations: .conversation
        case .messages: .message
        case .terminologyEntries: .term
        case .learningPatterns: .pattern
        case .jobs: .job
        case .auditLogs: .audit
        case .embeddingSpaces, .embeddingWaits, .agentMemories, .changes, .idempotencyKeys, .counters, .auditKeys: nil
        }
    }

    var name: String {
        switch self {
        case .organizations: "organizations"
        case .apiKeys: "api_keys"
        case .embeddingSpaces: "embedding_spaces"
        case .agents: "agents"
        case .agentMemories: "agent_memories"
        case .changes: "changes"
        case .idempotencyKeys: "idempotency_keys"
        case .counters: "counters"
        case .users: "users"
        case .conversations: "conversations"
        case .messages: "messages"
        case .terminologyEntries: "terminology_entries"
        case .learningPatterns: "learning_patterns"
        case .jobs: "jobs"
        case .embeddingWaits: "embedding_waits"
        case .auditLogs: "audit_logs"
        case .auditKeys: "audit_keys"
        }
    }

    /// Those that name the row come first.
    var columns: [String] { Table.allColumns[self] ?? [] }

    private static let allColumns = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.listedColumns) })

    private var listedColumns: [String] {
        if let kind { return Table.columns(of: kind) }
        return switch self {
        case .embeddingSpaces:
            [
                "organization_id", "id", "provider", "model", "revision", "dimension", "is_main", "created_at", "pooling", "query_prefix",
                "passage_prefix", "is_normalized", "precision",
            ]
        case .embeddingWaits: ["organization_id", "kind", "record_id", "since"]
        case .agentMemories:
            [
                "organization_id", "id", "agent_id", "user_id", "session_id", "memory_type", "content", "importance_score", "access_count",
                "last_accessed_at", "tags", "metadata", "created_at", "updated_at", "expires_at", "version", "embedding_space_id", "embedding",
                "is_pinned", "valid_from", "valid_to", "closed_at", "superseded_by", "source_message_id", "forget_at", "deleted_at", "content_hash",
            ]
        case .changes: ["number", "organization_id", "kind", "record_id", "version", "operation", "at"]
        case .idempotencyKeys: ["organization_id", "idempotency_key", "digest", "change_number", "receipt", "created_at", "details"]
        case .counters: ["organization_id", "kind", "rows", "with_vectors", "deleted"]
        case .auditKeys: ["organization_id", "memory_id", "audit_key"]
        case .organizations, .apiKeys, .agents, .users, .conversations, .messages, .terminologyEntries, .learningPatterns, .jobs, .auditLogs: []
        }
    }

    /// How many of the first columns name the row.
    var identityCount: Int {
        switch self {
        case .organizations, .changes: 1
        case .apiKeys, .embeddingSpaces, .agents, .agentMemories, .idempotencyKeys, .counters, .users, .conversations, .messages, .terminologyEntries,
            .learningPatterns, .jobs, .auditLogs, .auditKeys:
            2
        case .embeddingWaits: 3
        }
    }

    var columnCount: Int { columns.count }

    /// What names a record, the fields of its schema in their order, its times and version, and its vector.
    private static func columns(of kind: Kind) -> [String] {
        let schema = Schema.of(kind)
        var columns = kind == .organization ? ["id"] : ["organization_id", "id"]
        columns += schema.rules.map(\.column)
        columns += ["created_at", "updated_at"]
        if schema.deletesSoftly { columns.append("deleted_at") }
        columns.append("version")
        if schema.hasVector { columns += ["embedding_space_id", "embedding"] }
        return columns
    }
}
