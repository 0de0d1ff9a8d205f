internal import Records

/// The fields of a memory, the same in a draft, an update and an answer.
enum MemoryTag {
    static let id = RecordField.id.rawValue
    static let agent = RecordField.agent.rawValue
    static let user = RecordField.user.rawValue
    static let session = RecordField.session.rawValue
    static let type = RecordField.type.rawValue
    static let content = RecordField.content.rawValue
    static let importance = RecordField.importance.rawValue
    /// One field for each tag.
    static let tag = RecordField.tags.rawValue
    static let metadata = RecordField.metadata.rawValue
    static let createdAt = RecordField.createdAt.rawValue
    static let updatedAt = RecordField.updatedAt.rawValue
    static let expiresAt = RecordField.expiresAt.rawValue
    static let lastAccessedAt = RecordField.lastAccessedAt.rawValue
    static let accessCount = RecordField.accessCount.rawValue
    static let version = RecordField.version.rawValue
    static let vector: UInt16 = 31
    static let space: UInt16 = 32
    /// In an update: the tags of the fields that it empties, two bytes each.
    static let cleared: UInt16 = 33
    /// More tags than a memory has fields are not looked at.
    static let clearedMax = 64
    static let ifVersion: UInt16 = 34
    /// In an update: the list of tags that follows replaces the old one, also when it is empty.
    static let replacesTags: UInt16 = 35
}

/// What the fields of a memory may hold, before it is known what they are for.
struct MemoryFields {
    var id: Identifier?
    var agent: Identifier?
    var user: Identifier?
    var session: Identifier?
    var type: MemoryType?
    var content: String?
    var importance: Double?
    var tags: [String] = []
    var metadata: JSON?
    var createdAt: Timestamp?
    var updatedAt: Timestamp?
    var expiresAt: Timestamp?
    var lastAccessedAt: Timestamp?
    var accessCount: Int64?
    var version: Int64?
    var vector: [Float]?
    var space: Identifier?
    var cleared: Set<UInt16> = []
    var ifVersion: Int64?
    var replacesTags = false

    init(_ bytes: [UInt8], in range: Range<Int>) throws(BodyError) {
        var reader = FieldReader(bytes, in: range)
        try reader.each(lists: TagSet(MemoryTag.tag)) { (field) throws(BodyError) in try take(field, bytes) }
    }

    private mutating func take(_ field: FieldSlice, _ bytes: [UInt8]) throws(BodyError) -> Bool {
        switch field.tag {
        case MemoryTag.id: id = try bytes.identifier(field, "id")
        case MemoryTag.agent: agent = try bytes.identifier(field, "agent")
        case MemoryTag.user: user = try bytes.identifier(field, "user")
        case MemoryTag.session: session = try bytes.identifier(field, "session")
        case MemoryTag.type:
            guard let known = MemoryType(rawValue: try bytes.integer(field, "type")) else {
                throw .field(FieldError("type", .unknown(known: MemoryType.allCases.map(\.name))))
            }
            type = known
        case MemoryTag.content: content = try bytes.text(field, "content")
        case MemoryTag.importance: importance = try bytes.number(field, "importance")
        case MemoryTag.tag:
            guard tags.count < Limits.tagsMax else { throw .field(FieldError("tags", .tooMany(count: tags.count + 1, countMax: Limits.tagsMax))) }
            tags.append(try bytes.text(field, "tags"))
        case MemoryTag.metadata: metadata = try bytes.json(field, "metadata", bytesMax: Limits.metadataBytesMax)
        case MemoryTag.createdAt: createdAt = try bytes.time(field, "created_at")
        case MemoryTag.updatedAt: updatedAt = try bytes.time(field, "updated_at")
        case MemoryTag.expiresAt: expiresAt = try bytes.time(field, "expires_at")
        case MemoryTag.lastAccessedAt: lastAccessedAt = try bytes.time(field, "last_accessed_at")
        case MemoryTag.accessCount: accessCount = try bytes.integer(field, "access_count")
        case MemoryTag.version: version = try bytes.integer(field, "version")
        case MemoryTag.vector: vector = try bytes.vector(field, "vector")
        case MemoryTag.space: space = try bytes.identifier(field, "space")
        case MemoryTag.cleared: cleared = Set(try bytes.tags(field, "cleared"))
        case MemoryTag.ifVersion: ifVersion = try bytes.integer(field, "if_version")
        case MemoryTag.replacesTags: replacesTags = try bytes.flag(field, "replaces_tags")
        default: return false
        }
        return true
    }
}

extension MemoryFields {
    func draft() throws(BodyError) -> MemoryDraft {
        guard let agent else { throw .field(FieldError("agent", .missing)) }
        guard let content else { throw .field(FieldError("content", .missing)) }
        return MemoryDraft(
            id: id, agent: agent, user: user, session: session, type: type ?? .fact, content: content, importance: importance ?? 0.5, tags: tags,
            metadata: metadata ?? .emptyObject, createdAt: createdAt, expiresAt: expiresAt, vector: vector, space: space)
    }

    func patch() throws(BodyError) -> MemoryPatch {
        guard let id else { throw .field(FieldError("id", .missing)) }
        let clearable = [MemoryTag.user, MemoryTag.session, MemoryTag.expiresAt, MemoryTag.vector]
        if let wrong = cleared.subtracting(clearable).min() {
            throw .field(FieldError("cleared", .malformed("the field of tag \(wrong) cannot be emptied")))
        }
        return MemoryPatch(
            id: id, ifVersion: ifVersion, user: change(user, MemoryTag.user), session: change(session, MemoryTag.session), type: type,
            content: content, importance: importance, tags: replacesTags || !tags.isEmpty ? tags : nil, metadata: metadata,
            expiresAt: change(expiresAt, MemoryTag.expiresAt), vector: change(vector, MemoryTag.vector), space: space)
    }

    private func change<Value>(_ value: Value?, _ tag: UInt16) -> Change<Value> {
        if let value { .set(value) } else if cleared.contains(tag) { .clear } else { .keep }
    }

    func memory(of organization: Identifier) throws(BodyError) -> Memory {
        guard let id, let agent, let type, let content, let importance, let createdAt, let updatedAt, let version else {
            throw .malformed("a memory lacks a field that every memory has")
        }
        return Memory(
            id: id, organization: organization, agent: agent, user: user, session: session, type: type, content: content, importance: importance,
            accessCount: accessCount ?? 0, lastAccessedAt: lastAccessedAt, tags: tags, metadata: metadata ?? .emptyObject, createdAt: createdAt,
            updatedAt: updatedAt, expiresAt: expiresAt, version: version,
            embedding: vector.flatMap { vector in space.map { Embedding(space: $0, vector: vector) } })
    }
}

extension FieldWriter {
    mutating func draft(_ draft: MemoryDraft) {
        if let id = draft.id { identifier(MemoryTag.id, id) }
        identifier(MemoryTag.agent, draft.agent)
        if let user = draft.user { identifier(MemoryTag.user, user) }
        if let session = draft.session { identifier(MemoryTag.session, session) }
        integer(MemoryTag.type, draft.type.rawValue)
        text(MemoryTag.content, draft.content)
        number(MemoryTag.importance, draft.importance)
        for tag in draft.tags { text(MemoryTag.tag, tag) }
        if draft.metadata != .emptyObject { text(MemoryTag.metadata, draft.metadata.description) }
        if let createdAt = draft.createdAt { time(MemoryTag.createdAt, createdAt) }
        if let expiresAt = draft.expiresAt { time(MemoryTag.expiresAt, expiresAt) }
        if let vector = draft.vector { self.vector(MemoryTag.vector, vector) }
        if let space = draft.space { identifier(MemoryTag.space, space) }
    }

    mutating func patch(_ patch: MemoryPatch) {
        identifier(MemoryTag.id, patch.id)
        if let ifVersion = patch.ifVersion { integer(MemoryTag.ifVersion, ifVersion) }
        var cleared: [UInt16] = []
        switch patch.user {
        case .keep: break
        case .set(let user): identifier(MemoryTag.user, user)
        case .clear: cleared.append(MemoryTag.user)
        }
        switch patch.session {
        case .keep: break
        case .set(let session): identifier(MemoryTag.session, session)
        case .clear: cleared.append(MemoryTag.session)
        }
        if let type = patch.type { integer(MemoryTag.type, type.rawValue) }
        if let content = patch.content { text(MemoryTag.content, content) }
        if let importance = patch.importance { number(MemoryTag.importance, importance) }
        if let tags = patch.tags {
            flag(MemoryTag.replacesTags, true)
            for tag in tags { text(MemoryTag.tag, tag) }
        }
        if let metadata = patch.metadata { text(MemoryTag.metadata, metadata.description) }
        switch patch.expiresAt {
        case .keep: break
        case .set(let expiresAt): time(MemoryTag.expiresAt, expiresAt)
        case .clear: cleared.append(MemoryTag.expiresAt)
        }
        switch patch.vector {
        case .keep: break
        case .set(let vector): self.vector(MemoryTag.vector, vector)
        case .clear: cleared.append(MemoryTag.vector)
        }
        if let space = patch.space { identifier(MemoryTag.space, space) }
        if !cleared.isEmpty {
            field(MemoryTag.cleared) { writer in
                for tag in cleared { writer.bytes.append(littleEndian: tag) }
            }
        }
    }

    mutating func memory(_ memory: Memory) {
        identifier(MemoryTag.id, memory.id)
        identifier(MemoryTag.agent, memory.agent)
        if let user = memory.user { identifier(MemoryTag.user, user) }
        if let session = memory.session { identifier(MemoryTag.session, session) }
        integer(MemoryTag.type, memory.type.rawValue)
        text(MemoryTag.content, memory.content)
        number(MemoryTag.importance, memory.importance)
        for tag in memory.tags { text(MemoryTag.tag, tag) }
        if memory.metadata != .emptyObject { text(MemoryTag.metadata, memory.metadata.description) }
        time(MemoryTag.createdAt, memory.createdAt)
        time(MemoryTag.updatedAt, memory.updatedAt)
        if let expiresAt = memory.expiresAt { time(MemoryTag.expiresAt, expiresAt) }
        if let lastAccessedAt = memory.lastAccessedAt { time(MemoryTag.lastAccessedAt, lastAccessedAt) }
        integer(MemoryTag.accessCount, memory.accessCount)
        integer(MemoryTag.version, memory.version)
        if let embedding = memory.embedding {
            vector(MemoryTag.vector, embedding.vector)
            identifier(MemoryTag.space, embedding.space)
        }
    }
}
