/// The kinds, as the platforms that are served keep them.
extension Schema {
    private static let tags = FieldRule(.tags, .texts(countMax: Limits.tagsMax, bytesMax: Limits.tagBytesMax))
    private static let metadata = FieldRule(.metadata, .object(bytesMax: Limits.metadataBytesMax))
    private static let name = FieldRule(.name, .text(bytesMax: Limits.nameBytesMax), isRequired: true)
    private static let counts: ClosedRange<Int64> = 0...Int64.max

    static let organizations = Schema(
        .organization,
        [
            name,
            FieldRule(.slug, .text(bytesMax: Limits.slugBytesMax), isRequired: true),
            FieldRule(.plan, .choice(["free", "pro", "enterprise"]), or: .text("free")),
            FieldRule(.status, .choice(["active", "suspended", "cancelled"]), or: .text("active")),
            FieldRule(.monthlyQueryLimit, .integer(counts)),
            FieldRule(.monthlyTokenLimit, .integer(counts)),
            FieldRule(.usersMax, .integer(counts)),
            FieldRule(.agentsMax, .integer(counts)),
            FieldRule(.settings, .object(bytesMax: Limits.metadataBytesMax)),
        ])

    static let users = Schema(
        .user, deletesSoftly: true, listedBy: [.email, .role], orderedBy: [.email],
        [
            FieldRule(.email, .text(bytesMax: Limits.nameBytesMax), isRequired: true),
            name,
            FieldRule(.avatar, .text(bytesMax: Limits.titleBytesMax)),
            FieldRule(.role, .choice(["owner", "admin", "member", "user", "viewer"]), or: .text("user")),
            FieldRule(.permissions, .list(bytesMax: Limits.metadataBytesMax)),
            FieldRule(.preferences, .object(bytesMax: Limits.metadataBytesMax)),
            FieldRule(.lastLoginAt, .time),
            FieldRule(.lastActiveAt, .time),
        ])

    static let agents = Schema(
        .agent, deletesSoftly: true, listedBy: [.slug, .status], orderedBy: [.slug],
        [
            FieldRule(.slug, .text(bytesMax: Limits.slugBytesMax), isRequired: true),
            name,
            FieldRule(.user, .identifier, by: .creator, of: .user),
            FieldRule(.description, .text(bytesMax: Limits.metadataBytesMax)),
            FieldRule(.avatar, .text(bytesMax: Limits.titleBytesMax)),
            FieldRule(.systemPrompt, .text(bytesMax: Limits.contentBytesMax)),
            FieldRule(.model, .text(bytesMax: Limits.modelBytesMax)),
            FieldRule(.temperature, .number(0...2)),
            FieldRule(.tokensMax, .integer(counts)),
            FieldRule(.tools, .list(bytesMax: Limits.metadataBytesMax)),
            FieldRule(.memoryEnabled, .flag, or: .flag(true)),
            FieldRule(.memoryType, .choice(["conversation", "long_term", "hybrid"]), or: .text("conversation")),
            FieldRule(.status, .choice(["draft", "active", "paused", "archived"]), or: .text("draft")),
            FieldRule(.isPublic, .flag, or: .flag(false)),
            FieldRule(.settings, .object(bytesMax: Limits.metadataBytesMax)),
        ])

    static let conversations = Schema(
        .conversation, deletesSoftly: true, hasVector: true, listedBy: [.user, .agent, .status, .folder, .mode, .tags], orderedBy: [.lastActivityAt],
        [
            FieldRule(.user, .identifier, by: .creator, isRequired: true, of: .user),
            FieldRule(.agent, .identifier, by: .creator, of: .agent),
            FieldRule(.agentName, .text(bytesMax: Limits.nameBytesMax)),
            FieldRule(.agentType, .text(bytesMax: Limits.modelBytesMax)),
            FieldRule(.title, .text(bytesMax: Limits.titleBytesMax), or: .text("New Conversation")),
            FieldRule(.status, .choice(["active", "archived", "deleted"]), or: .text("active")),
            FieldRule(.mode, .choice(["single", "multi", "collaborative"]), or: .text("single")),
            FieldRule(.participants, .texts(countMax: Limits.tagsMax, bytesMax: Limits.nameBytesMax)),
            FieldRule(.context, .object(bytesMax: Limits.metadataBytesMax)),
            FieldRule(.folder, .text(bytesMax: Limits.nameBytesMax)),
            tags,
            metadata,
            FieldRule(.qualityThreshold, .number(0...10), or: .number(9)),
            FieldRule(.iterationsMax, .integer(counts), or: .integer(4)),
            FieldRule(.workflow, .identifier),
            FieldRule(.messageCount, .integer(counts), by: .server, or: .integer(0)),
            FieldRule(.lastActivityAt, .time, by: .server, isRequired: true),
            FieldRule(.endedAt, .time, by: .server),
            FieldRule(.titleVector, .vector, by: .server),
            FieldRule(.vectorCount, .integer(counts), by: .hidden, or: .integer(0)),
        ])

    static let messages = Schema(
        .message, deletesSoftly: true, hasVector: true, listedBy: [.conversation, .user, .agent, .role], orderedBy: [.createdAt],
        [
            FieldRule(.conversation, .identifier, by: .creator, isRequired: true, of: .conversation),
            FieldRule(.user, .identifier, by: .server, isRequired: true),
            FieldRule(.agent, .identifier, by: .server),
            FieldRule(.role, .choice(["user", "assistant", "system"]), by: .creator, isRequired: true),
            FieldRule(.content, .text(bytesMax: Limits.contentBytesMax), isRequired: true),
            FieldRule(.edited, .flag, by: .server, or: .flag(false)),
            FieldRule(.editedAt, .time, by: .server),
            FieldRule(.model, .text(bytesMax: Limits.modelBytesMax)),
            FieldRule(.qualityScore, .number(0...10)),
            FieldRule(.iterations, .integer(counts)),
            FieldRule(.tokensUsed, .integer(counts)),
            FieldRule(.latency, .integer(counts)),
            FieldRule(.cost, .number(0...1e15)),
            FieldRule(.attachments, .list(bytesMax: Limits.metadataBytesMax)),
            metadata,
        ])

    static let terms = Schema(
        .term, hasVector: true, listedBy: [.user, .context, .term, .isPublic, .status, .tags], orderedBy: [.term, .frequency, .lastUsedAt],
        [
            FieldRule(.user, .identifier, by: .creator, isRequired: true, of: .user),
            FieldRule(.term, .text(bytesMax: Limits.titleBytesMax), isRequired: true),
            FieldRule(.definition, .text(bytesMax: Limits.metadataBytesMax), isRequired: true),
            FieldRule(.context, .text(bytesMax: Limits.modelBytesMax)),
            FieldRule(.examples, .texts(countMax: Limits.tagsMax, bytesMax: Limits.exampleBytesMax)),
            FieldRule(.relatedTerms, .texts(countMax: Limits.tagsMax, bytesMax: Limits.titleBytesMax)),
            FieldRule(.frequency, .integer(1...Int64.max), by: .creator, or: .integer(1)),
            FieldRule(.lastUsedAt, .time, by: .creator, isRequired: true),
            tags,
            FieldRule(.isPublic, .flag, or: .flag(false)),
            FieldRule(.status, .choice(TermStanding.allCases.map(\.name)), or: .text(TermStanding.preferred.name)),
            // What to say in place of a deprecated one.
            FieldRule(.preferred, .text(bytesMax: Limits.titleBytesMax)),
            FieldRule(.language, .text(bytesMax: Limits.languageBytesMax)),
            FieldRule(.frecencyAt, .time, by: .server),
        ])

    static let patterns = Schema(
        .pattern, listedBy: [.user, .type], orderedBy: [.confidence, .lastSeenAt],
        [
            FieldRule(.user, .identifier, by: .creator, isRequired: true, of: .user),
            FieldRule(.type, .text(bytesMax: Limits.modelBytesMax), by: .creator, isRequired: true, column: "pattern_type"),
            FieldRule(.data, .object(bytesMax: Limits.metadataBytesMax), isRequired: true),
            FieldRule(.confidence, .number(0...1), or: .number(0)),
            FieldRule(.occurrences, .integer(1...Int64.max), by: .creator, or: .integer(1)),
            FieldRule(.lastSeenAt, .time, by: .creator, isRequired: true),
        ])

    static let keys = Schema(
        .key, orderedBy: [.name],
        [
            name,
            FieldRule(.description, .text(bytesMax: Limits.titleBytesMax)),
            FieldRule(.prefix, .text(bytesMax: Limits.slugBytesMax), by: .server, isRequired: true),
            FieldRule(.hash, .bytes(count: 32), by: .hidden, isRequired: true),
            FieldRule(.role, .choice(Role.allCases.map(\.rawValue)), by: .creator),
            FieldRule(.scopes, .texts(countMax: Limits.tagsMax, bytesMax: Limits.slugBytesMax), by: .creator),
            FieldRule(.user, .identifier, by: .creator, of: .user),
            FieldRule(.agent, .identifier, by: .creator, of: .agent),
            FieldRule(.session, .identifier, by: .creator),
            FieldRule(.kinds, .texts(countMax: Limits.tagsMax, bytesMax: Limits.slugBytesMax), by: .creator),
            FieldRule(.networks, .texts(countMax: Limits.tagsMax, bytesMax: Limits.slugBytesMax)),
            FieldRule(.expiresAt, .time),
            FieldRule(.revokedAt, .time, by: .server),
            FieldRule(.lastUsedAt, .time, by: .server),
            FieldRule(.lastUsedFrom, .text(bytesMax: Limits.slugBytesMax), by: .server),
            FieldRule(.useCount, .integer(counts), by: .server, or: .integer(0)),
        ])

    static let jobs = Schema(
        .job, listedBy: [.type, .state], orderedBy: [],
        [
            FieldRule(.type, .choice(JobType.allCases.map(\.rawValue)), by: .creator, isRequired: true, column: "job_type"),
            FieldRule(.parameters, .object(bytesMax: Limits.metadataBytesMax), by: .creator),
            FieldRule(.state, .choice(JobState.allCases.map(\.rawValue)), by: .server, or: .text(JobState.queued.rawValue)),
            FieldRule(.cursor, .text(bytesMax: Limits.titleBytesMax), by: .server),
            FieldRule(.doneCount, .integer(counts), by: .server, or: .integer(0)),
            FieldRule(.failedCount, .integer(counts), by: .server, or: .integer(0)),
            FieldRule(.totalCount, .integer(counts), by: .creator),
            FieldRule(.rate, .number(0...1e15), by: .server, or: .number(0)),
            FieldRule(.lastError, .text(bytesMax: Limits.titleBytesMax), by: .server),
            FieldRule(.worker, .identifier, by: .server),
            FieldRule(.leaseUntil, .time, by: .server),
            FieldRule(.heartbeatAt, .time, by: .server),
            FieldRule(.startedAt, .time, by: .server),
            FieldRule(.finishedAt, .time, by: .server),
        ])

    /// What happened, told by the server alone. Of a recall: the agent whose memories were asked for, the key that asked and the user whose it is, and in the metadata
    /// which memories came.
    static let audits = Schema(
        .audit, listedBy: [.event, .resource, .session, .user, .key],
        [
            FieldRule(.event, .text(bytesMax: Limits.modelBytesMax), by: .server, isRequired: true),
            FieldRule(.action, .choice(["create", "read", "update", "delete", "execute"]), by: .server, isRequired: true),
            FieldRule(.status, .choice(["success", "failure"]), by: .server, or: .text("success")),
            FieldRule(.resourceType, .text(bytesMax: Limits.modelBytesMax), by: .server, isRequired: true),
            FieldRule(.resource, .identifier, by: .server),
            FieldRule(.session, .identifier, by: .server),
            FieldRule(.user, .identifier, by: .server),
            FieldRule(.key, .identifier, by: .server),
            FieldRule(.metadata, .object(bytesMax: Limits.metadataBytesMax), by: .server),
        ])

    /// What filters and access rules know of memories; how they are sent and stored they say themselves.
    static let memories = Schema(
        .memory, hasVector: true,
        [
            FieldRule(.agent, .identifier, isRequired: true, of: .agent),
            FieldRule(.user, .identifier),
            FieldRule(.session, .identifier),
            FieldRule(.type, .choice(MemoryType.allCases.map(\.name)), or: .text(MemoryType.fact.name)),
            FieldRule(.content, .text(bytesMax: Limits.contentBytesMax), isRequired: true),
            FieldRule(.importance, .number(0...1), or: .number(0.5)),
            FieldRule(.accessCount, .integer(counts), by: .server, or: .integer(0)),
            FieldRule(.lastAccessedAt, .time, by: .server),
            tags,
            metadata,
            FieldRule(.expiresAt, .time),
            FieldRule(.isPinned, .flag, or: .flag(false)),
            FieldRule(.validFrom, .time),
            FieldRule(.validTo, .time),
            FieldRule(.closedAt, .time, by: .server),
            FieldRule(.supersededBy, .identifier, by: .server, column: "superseded_by"),
            FieldRule(.sourceMessage, .identifier),
        ])
}
