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
        }
    }

    /// All but the checksum, which is always the last; those that name the row come first.
    var columns: [String] {
        switch self {
        case .organizations: ["id", "name", "slug", "created_at"]
        case .apiKeys:
            ["organization_id", "id", "name", "key_prefix", "key_hash", "role", "created_at", "expires_at", "revoked_at"]
        case .embeddingSpaces: ["organization_id", "id", "provider", "model", "revision", "dimension", "is_main", "created_at"]
        case .agents: ["organization_id", "id", "slug", "name", "created_at", "version"]
        case .agentMemories:
            [
                "organization_id", "id", "agent_id", "user_id", "session_id", "memory_type", "content", "importance_score", "access_count",
                "last_accessed_at", "tags", "metadata", "created_at", "updated_at", "expires_at", "version", "embedding_space_id", "embedding",
            ]
        case .changes: ["number", "organization_id", "kind", "record_id", "version", "operation", "at"]
        case .idempotencyKeys: ["organization_id", "idempotency_key", "digest", "change_number", "receipt", "created_at"]
        case .counters: ["organization_id", "memories", "memories_with_vectors", "agents"]
        }
    }

    /// How many of the first columns name the row.
    var identityCount: Int {
        switch self {
        case .organizations, .changes, .counters: 1
        case .apiKeys, .embeddingSpaces, .agents, .agentMemories, .idempotencyKeys: 2
        }
    }

    var columnCount: Int { columns.count }

    /// The version of the schema that brings it.
    var firstVersion: Int {
        switch self {
        case .organizations, .apiKeys: 1
        case .embeddingSpaces, .agents, .agentMemories: 2
        case .changes, .idempotencyKeys, .counters: 3
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
