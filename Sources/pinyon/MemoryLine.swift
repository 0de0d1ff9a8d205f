internal import Records
internal import Secrets

/// A memory as one line of JSON: what `remember --file` and the sample hold.
struct MemoryLine {
    /// The agent's slug.
    let agent: String
    var draft: MemoryDraft

    static let members = [
        "id", "agent", "type", "content", "importance", "tags", "metadata", "user", "session", "created_at", "expires_at", "pinned", "valid_from",
        "valid_to", "source_message", "supersedes", "on_similar", "similarity", "vector", "space",
    ]

    init(_ json: JSON, defaultAgent: String? = nil) throws(FieldError) {
        guard case .object(let members) = json else { throw FieldError("line", .malformed("it is no JSON object")) }
        if let unknown = members.first(where: { !MemoryLine.members.contains($0.name) }) {
            throw FieldError(unknown.name, .unknown(known: MemoryLine.members))
        }
        guard let agent = json["agent"]?.text ?? defaultAgent else { throw FieldError("agent", .missing) }
        guard let content = json["content"]?.text else { throw FieldError("content", .missing) }
        self.agent = agent
        draft = MemoryDraft(agent: Identifier(high: 0, low: 0), content: content)
        draft.id = try MemoryLine.identifier(json, "id")
        draft.user = try MemoryLine.identifier(json, "user")
        draft.session = try MemoryLine.identifier(json, "session")
        draft.space = try MemoryLine.identifier(json, "space")
        draft.createdAt = try MemoryLine.time(json, "created_at")
        draft.expiresAt = try MemoryLine.time(json, "expires_at")
        draft.validFrom = try MemoryLine.time(json, "valid_from")
        draft.validTo = try MemoryLine.time(json, "valid_to")
        draft.sourceMessage = try MemoryLine.identifier(json, "source_message")
        draft.supersedes = try MemoryLine.identifier(json, "supersedes")
        if let pinned = json["pinned"] {
            guard case .bool(let flag) = pinned else { throw FieldError("pinned", .malformed("it is true or false")) }
            draft.isPinned = flag
        }
        if let name = json["on_similar"] {
            guard let action = SimilarAction(name: name.text ?? name.description) else { throw FieldError("on_similar", .unknown(known: SimilarAction.allCases.map(\.name))) }
            draft.onSimilar = action
        }
        if let similarity = json["similarity"] {
            guard let number = similarity.number else { throw FieldError("similarity", .malformed("it is a number above 0 and up to 1")) }
            draft.similarity = number
        }
        if let name = json["type"] { draft.type = try MemoryLine.type(name.text ?? name.description) }
        if let importance = json["importance"] {
            guard let number = importance.number else { throw FieldError("importance", .malformed("it is a number from 0 to 1")) }
            draft.importance = number
        }
        if let tags = json["tags"] {
            guard let list = tags.list, list.allSatisfy({ $0.text != nil }) else { throw FieldError("tags", .malformed("it is a list of texts")) }
            draft.tags = list.compactMap(\.text)
        }
        if let metadata = json["metadata"] { draft.metadata = metadata }
        if let vector = json["vector"] { draft.vector = try MemoryLine.vector(vector) }
    }

    static func type(_ name: String) throws(FieldError) -> MemoryType {
        guard let type = MemoryType(name: name) else { throw FieldError("type", .unknown(known: MemoryType.allCases.map(\.name))) }
        return type
    }

    static func vector(_ json: JSON) throws(FieldError) -> [Float] {
        guard let vector = json.vector else { throw FieldError("vector", .malformed("it is a list of numbers")) }
        return vector
    }

    /// An identifier that the same content always gets, so that loading a file again does nothing.
    var stableIdentifier: Identifier {
        let digest = Digest.sha256("\(agent)\u{0}\(draft.content)".utf8)
        return Identifier(bytes: digest.prefix(16)) ?? Identifier(high: 0, low: 0)
    }

    private static func identifier(_ json: JSON, _ name: String) throws(FieldError) -> Identifier? {
        guard let value = json[name], value != .null else { return nil }
        guard let id = value.text.flatMap({ Identifier($0) }) else { throw FieldError(name, .malformed("it is a UUID")) }
        return id
    }

    private static func time(_ json: JSON, _ name: String) throws(FieldError) -> Timestamp? {
        guard let value = json[name], value != .null else { return nil }
        guard let time = value.text.flatMap({ Timestamp($0) }) else { throw FieldError(name, .malformed("it is an ISO 8601 time")) }
        return time
    }
}
