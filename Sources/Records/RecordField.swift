/// A field that some kind of record has. The number is its tag on the wire and never changes its meaning; the name stands in JSON, in errors and in SQL.
public enum RecordField: UInt16, Hashable, Sendable, CaseIterable {
    case id = 16
    case agent = 17
    case user = 18
    case session = 19
    case type = 20
    case content = 21
    case importance = 22
    case tags = 23
    case metadata = 24
    case createdAt = 25
    case updatedAt = 26
    case expiresAt = 27
    case lastAccessedAt = 28
    case accessCount = 29
    case version = 30
    case deletedAt = 36

    // Of conversations and messages.
    case conversation = 40
    case title = 41
    case status = 42
    case mode = 43
    case participants = 44
    case agentName = 45
    case agentType = 46
    case folder = 47
    case context = 48
    case qualityThreshold = 49
    case iterationsMax = 50
    case workflow = 51
    case messageCount = 52
    case lastActivityAt = 53
    case endedAt = 54
    case role = 55
    case edited = 56
    case editedAt = 57
    case model = 58
    case qualityScore = 59
    case iterations = 60
    case tokensUsed = 61
    case latency = 62
    case cost = 63
    case attachments = 64
    /// The part of a conversation's vector that is its title's; told where vectors are asked for.
    case titleVector = 65
    /// How many vectors a conversation's vector is the sum of; never leaves the store.
    case vectorCount = 66

    // Of terms and learning patterns.
    case term = 70
    case definition = 71
    case examples = 72
    case relatedTerms = 73
    case frequency = 74
    case lastUsedAt = 75
    case isPublic = 76
    case data = 77
    case confidence = 78
    case occurrences = 79
    case lastSeenAt = 80

    // Of users, agents and organizations.
    case email = 84
    case name = 85
    case slug = 86
    case avatar = 87
    case permissions = 88
    case preferences = 89
    case lastLoginAt = 90
    case lastActiveAt = 91
    case description = 92
    case systemPrompt = 93
    case temperature = 94
    case tokensMax = 95
    case tools = 96
    case memoryEnabled = 97
    case memoryType = 98
    case settings = 99
    case plan = 100
    case monthlyQueryLimit = 101
    case monthlyTokenLimit = 102
    case usersMax = 103
    case agentsMax = 104

    // Of access keys.
    case prefix = 108
    case hash = 109
    case scopes = 110
    case kinds = 111
    case networks = 112
    case useCount = 113
    case lastUsedFrom = 114
    case revokedAt = 115

    // Of jobs.
    case state = 118
    case parameters = 119
    case cursor = 120
    case doneCount = 121
    case failedCount = 122
    case totalCount = 123
    case rate = 124
    case lastError = 125
    case worker = 126
    case leaseUntil = 127
    case heartbeatAt = 128
    case startedAt = 129
    case finishedAt = 130

    // Of memories, too.
    case isPinned = 131
    case validFrom = 132
    case validTo = 133
    case closedAt = 134
    case supersededBy = 135
    case sourceMessage = 136
    case forgetAt = 137

    // Of audit entries.
    case event = 138
    case action = 139
    case resourceType = 140
    case resource = 141
    case key = 142

    // Of terms, too.
    case preferred = 143
    case language = 144
    case frecencyAt = 145

    public init?(name: String) {
        guard let field = RecordField.byName[name] else { return nil }
        self = field
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    public var name: String {
        switch self {
        case .id: "id"
        case .agent: "agent"
        case .user: "user"
        case .session: "session"
        case .type: "type"
        case .content: "content"
        case .importance: "importance"
        case .tags: "tags"
        case .metadata: "metadata"
        case .createdAt: "created_at"
        case .updatedAt: "updated_at"
        case .expiresAt: "expires_at"
        case .lastAccessedAt: "last_accessed_at"
        case .accessCount: "access_count"
        case .version: "version"
        case .deletedAt: "deleted_at"
        case .conversation: "conversation"
        case .title: "title"
        case .status: "status"
        case .mode: "mode"
        case .participants: "participants"
        case .agentName: "agent_name"
        case .agentType: "agent_type"
        case .folder: "folder"
        case .context: "context"
        case .qualityThreshold: "quality_threshold"
        case .iterationsMax: "max_n2_iterations"
        case .workflow: "workflow"
        case .messageCount: "message_count"
        case .lastActivityAt: "last_activity_at"
        case .endedAt: "ended_at"
        case .role: "role"
        case .edited: "edited"
        case .editedAt: "edited_at"
        case .model: "model_used"
        case .qualityScore: "quality_score"
        case .iterations: "n2_iterations"
        case .tokensUsed: "tokens_used"
        case .latency: "latency_ms"
        case .cost: "cost"
        case .attachments: "attachments"
        case .titleVector: "title_embedding"
        case .vectorCount: "embedding_count"
        case .term: "term"
        case .definition: "definition"
        case .examples: "usage_examples"
        case .relatedTerms: "related_terms"
        case .frequency: "frequency"
        case .lastUsedAt: "last_used_at"
        case .isPublic: "is_public"
        case .data: "data"
        case .confidence: "confidence"
        case .occurrences: "occurrences"
        case .lastSeenAt: "last_seen_at"
        case .email: "email"
        case .name: "name"
        case .slug: "slug"
        case .avatar: "avatar_url"
        case .permissions: "permissions"
        case .preferences: "preferences"
        case .lastLoginAt: "last_login_at"
        case .lastActiveAt: "last_active_at"
        case .description: "description"
        case .systemPrompt: "system_prompt"
        case .temperature: "temperature"
        case .tokensMax: "max_tokens"
        case .tools: "tools"
        case .memoryEnabled: "memory_enabled"
        case .memoryType: "memory_type"
        case .settings: "settings"
        case .plan: "plan"
        case .monthlyQueryLimit: "monthly_query_limit"
        case .monthlyTokenLimit: "monthly_token_limit"
        case .usersMax: "max_users"
        case .agentsMax: "max_agents"
        case .prefix: "key_prefix"
        case .hash: "key_hash"
        case .scopes: "scopes"
        case .kinds: "kinds"
        case .networks: "allowed_networks"
        case .useCount: "use_count"
        case .lastUsedFrom: "last_used_from"
        case .revokedAt: "revoked_at"
        case .state: "state"
        case .parameters: "parameters"
        case .cursor: "cursor"
        case .doneCount: "done_count"
        case .failedCount: "failed_count"
        case .totalCount: "total_count"
        case .rate: "rate"
        case .lastError: "last_error"
        case .worker: "worker"
        case .leaseUntil: "lease_until"
        case .heartbeatAt: "heartbeat_at"
        case .startedAt: "started_at"
        case .finishedAt: "finished_at"
        case .isPinned: "pinned"
        case .validFrom: "valid_from"
        case .validTo: "valid_to"
        case .closedAt: "closed_at"
        case .supersededBy: "superseded_by"
        case .sourceMessage: "source_message"
        case .forgetAt: "forget_at"
        case .event: "event_type"
        case .action: "action"
        case .resourceType: "resource_type"
        case .resource: "resource"
        case .key: "key"
        case .preferred: "preferred_term"
        case .language: "language"
        case .frecencyAt: "frecency_at"
        }
    }
}
