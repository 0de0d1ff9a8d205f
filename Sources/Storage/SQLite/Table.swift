import Records

/// The tables, their columns in the order of the checksum, and the statements that follow from them.
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
        case .embeddingSpaces, .embeddingWaits, .agentMemories, .changes, .idempotencyKeys, .counters: nil
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
        }
    }

    /// All but the checksum, which is always the last; those that name the row come first.
    var columns: [String] { Table.allColumns[self] ?? [] }

    private static let allColumns = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.listedColumns) })

    private var listedColumns: [String] {
        if let kind { return RecordRow.columns(kind) }
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
            ]
        case .changes: ["number", "organization_id", "kind", "record_id", "version", "operation", "at"]
        case .idempotencyKeys: ["organization_id", "idempotency_key", "digest", "change_number", "receipt", "created_at"]
        case .counters: ["organization_id", "kind", "rows", "with_vectors", "deleted"]
        case .organizations, .apiKeys, .agents, .users, .conversations, .messages, .terminologyEntries, .learningPatterns, .jobs: []
        }
    }

    /// How many of the first columns name the row.
    var identityCount: Int {
        switch self {
        case .organizations, .changes: 1
        case .apiKeys, .embeddingSpaces, .agents, .agentMemories, .idempotencyKeys, .counters, .users, .conversations, .messages, .terminologyEntries,
            .learningPatterns, .jobs:
            2
        case .embeddingWaits: 3
        }
    }

    var columnCount: Int { columns.count }

    /// The version of the schema that gives it this form.
    var firstVersion: Int {
        switch self {
        case .organizations, .users, .agents, .apiKeys: 1
        case .agentMemories: 2
        case .conversations, .messages, .terminologyEntries, .learningPatterns: 3
        case .changes, .idempotencyKeys, .counters: 4
        case .jobs: 5
        case .embeddingSpaces, .embeddingWaits: 6
        }
    }

    /// Parameters are numbered as the columns are, the checksum's being the last.
    var insertion: String {
        let names = columns + ["checksum"]
        return "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(names.indices.map { "?\($0 + 1)" }.joined(separator: ", ")))"
    }

    /// Writes all columns where the row's identity matches, with the parameters of `insertion`.
    var update: String {
        let names = columns + ["checksum"]
        let identity = names.indices.prefix(identityCount).map { "\(names[$0]) = ?\($0 + 1)" }.joined(separator: " AND ")
        let assignments = names.indices.dropFirst(identityCount).map { "\(names[$0]) = ?\($0 + 1)" }.joined(separator: ", ")
        return "UPDATE \(name) SET \(assignments) WHERE \(identity)"
    }

    /// All columns, then the checksum.
    var selection: String { "SELECT \((columns + ["checksum"]).joined(separator: ", ")) FROM \(name)" }
}
