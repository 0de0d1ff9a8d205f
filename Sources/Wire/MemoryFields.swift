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
    static let deletedAt = RecordField.deletedAt.rawValue
    // Of a draft.
    static let supersedes: UInt16 = 37
    static let onSimilar: UInt16 = 38
    static let similarity: UInt16 = 39
    static let isPinned = RecordField.isPinned.rawValue
    static let validFrom = RecordField.validFrom.rawValue
    static let validTo = RecordField.validTo.rawValue
    static let closedAt = RecordField.closedAt.rawValue
    static let supersededBy = RecordField.supersededBy.rawValue
    static let sourceMessage = RecordField.sourceMessage.rawValue
    static let forgetAt = RecordField.forgetAt.rawValue
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
    var isPinned: Bool?
    var validity = Validity.always
    var supersededBy: Identifier?
    var sourceMessage: Identifier?
    var forgetAt: Timestamp?
    var deletedAt: Timestamp?
    var supersedes: Identifier?
    var onSimilar: SimilarAction?
    var similarity: Double?

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
        case MemoryTag.type: type = try bytes.choice(field, "type", \MemoryType.name)
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
        default: return try takeKept(field, bytes)
        }
        return true
    }

    /// What says how long it is kept.
    private mutating func takeKept(_ field: FieldSlice, _ bytes: [UInt8]) throws(BodyError) -> Bool {
        switch field.tag {
        case MemoryTag.isPinned: isPinned = try bytes.flag(field, "pinned")
        case MemoryTag.validFrom: validity.from = try bytes.time(field, "valid_from")
        case MemoryTag.validTo: validity.to = try bytes.time(field, "valid_to")
        case MemoryTag.closedAt: validity.closedAt = try bytes.time(field, "closed_at")
        case MemoryTag.supersededBy: supersededBy = try bytes.identifier(field, "superseded_by")
        case MemoryTag.sourceMessage: sourceMessage = try bytes.identifier(field, "source_message")
        case MemoryTag.forgetAt: forgetAt = try bytes.time(field, "forget_at")
        case MemoryTag.deletedAt: deletedAt = try bytes.time(field, "deleted_at")
        case MemoryTag.supersedes: supersedes = try bytes.identifier(field, "supersedes")
        case MemoryTag.onSimilar: onSimilar = try bytes.choice(field, "on_similar", \SimilarAction.name)
        case MemoryTag.similarity: similarity = try bytes.number(field, "similarity")
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
            metadata: metadata ?? .emptyObject, createdAt: createdAt, expiresAt: expiresAt, isPinned: isPinned ?? false, validFrom: validity.from, validTo: validity.to,
            sourceMessage: sourceMessage, supersedes: supersedes, onSimilar: onSimilar, similarity: similarity, vector: vector, space: space)
    }

    func patch() throws(BodyError) -> MemoryPatch {
        guard let id else { throw .field(FieldError("id", .missing)) }
        let clearable = [MemoryTag.user, MemoryTag.session, MemoryTag.expiresAt, MemoryTag.validFrom, MemoryTag.validTo, MemoryTag.vector]
        if let wrong = cleared.subtracting(clearable).min() {
            throw .field(FieldError("cleared", .malformed("the field of tag \(wrong) cannot be emptied")))
        }
        return MemoryPatch(
            id: id, ifVersion: ifVersion, user: change(user, MemoryTag.user), session: change(session, MemoryTag.session), type: type,
            content: content, importance: importance, tags: replacesTags || !tags.isEmpty ? tags : nil, metadata: metadata,
            expiresAt: change(expiresAt, MemoryTag.expiresAt), isPinned: isPinned, validFrom: change(validity.from, MemoryTag.validFrom),
            validTo: change(validity.to, MemoryTag.validTo), vector: change(vector, MemoryTag.vector), space: space)
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
            updatedAt: updatedAt, expiresAt: expiresAt, isPinned: isPinned ?? false, validity: validity, supersededBy: supersededBy, sourceMessage: sourceMessage,
            forgetAt: forgetAt, deletedAt: deletedAt, version: version,
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
        if draft.isPinned { flag(MemoryTag.isPinned, true) }
        if let validFrom = draft.validFrom { time(MemoryTag.validFrom, validFrom) }
        if let validTo = draft.validTo { time(MemoryTag.validTo, validTo) }
        if let message = draft.sourceMessage { identifier(MemoryTag.sourceMessage, message) }
        if let supersedes = draft.supersedes { identifier(MemoryTag.supersedes, supersedes) }
        if let onSimilar = draft.onSimilar { integer(MemoryTag.onSimilar, onSimilar.rawValue) }
        if let similarity = draft.similarity { number(MemoryTag.similarity, similarity) }
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
        if let isPinned = patch.isPinned { flag(MemoryTag.isPinned, isPinned) }
        for (tag, change) in [(MemoryTag.expiresAt, patch.expiresAt), (MemoryTag.validFrom, patch.validFrom), (MemoryTag.validTo, patch.validTo)] {
            switch change {
            case .keep: break
            case .set(let moment): time(tag, moment)
            case .clear: cleared.append(tag)
            }
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
        if memory.isPinned { flag(MemoryTag.isPinned, true) }
        for (tag, moment) in [
            (MemoryTag.validFrom, memory.validity.from), (MemoryTag.validTo, memory.validity.to), (MemoryTag.closedAt, memory.validity.closedAt),
            (MemoryTag.forgetAt, memory.forgetAt), (MemoryTag.deletedAt, memory.deletedAt),
        ] {
            if let moment { time(tag, moment) }
        }
        if let supersededBy = memory.supersededBy { identifier(MemoryTag.supersededBy, supersededBy) }
        if let message = memory.sourceMessage { identifier(MemoryTag.sourceMessage, message) }
        integer(MemoryTag.accessCount, memory.accessCount)
        integer(MemoryTag.version, memory.version)
        if let embedding = memory.embedding {
            vector(MemoryTag.vector, embedding.vector)
            identifier(MemoryTag.space, embedding.space)
        }
    }
}
