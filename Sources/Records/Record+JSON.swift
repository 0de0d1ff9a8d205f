/// Records and memories as JSON objects: how people see them, and how they are exported. Every name is that of the field.
extension Value {
    public var json: JSON {
        switch self {
        case .flag(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .identifier(let value): .text(value.description)
        case .time(let value): .text(value.description)
        case .texts(let values): .list(values.map { .text($0) })
        case .json(let value): value
        case .bytes(let bytes): .text(hexadecimal(bytes))
        case .vector(let vector): JSON(vector)
        }
    }

    public init(_ json: JSON, _ type: ValueType, _ field: String) throws(FieldError) {
        let value: Value? =
            switch type {
            case .flag: json.bool.map { .flag($0) }
            case .integer: json.integer.map { .integer($0) }
            case .number: json.number.map { .number($0) }
            case .text, .choice: json.text.map { .text($0) }
            case .identifier: json.text.flatMap { Identifier($0) }.map { .identifier($0) }
            case .time: json.text.flatMap { Timestamp($0) }.map { .time($0) }
            case .texts: json.list.flatMap { list in list.allSatisfy { $0.text != nil } ? .texts(list.compactMap(\.text)) : nil }
            case .object, .list: .json(json)
            case .bytes: nil
            case .vector: json.vector.map { .vector($0) }
            }
        guard let value else { throw FieldError(field, .malformed("it must be \(type.description)")) }
        self = value
    }
}

extension JSON {
    /// The shortest numbers that are read again as the same floats.
    public init(_ vector: [Float]) {
        self = .list(
            vector.map { value in
                let short = Double(value.description) ?? Double(value)
                return .number(Float(short) == value ? short : Double(value))
            })
    }

    /// A list of numbers, as floats.
    public var vector: [Float]? {
        guard let list else { return nil }
        var vector: [Float] = []
        vector.reserveCapacity(list.count)
        for value in list {
            guard let number = value.number else { return nil }
            vector.append(Float(number))
        }
        return vector
    }
}

/// An object's members by name, each taken once; what is left over is not known.
struct Members {
    private let all: [JSON.Member]
    private var taken: Set<String> = []

    init(_ json: JSON) throws(FieldError) {
        guard case .object(let members) = json else { throw FieldError("line", .malformed("it is no JSON object")) }
        all = members
    }

    /// Nil where there is none, or null.
    mutating func take(_ name: String) -> JSON? {
        taken.insert(name)
        guard let value = all.first(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    mutating func take(_ field: RecordField, _ type: ValueType) throws(FieldError) -> Value? {
        guard let json = take(field.name) else { return nil }
        return try Value(json, type, field.name)
    }

    mutating func identifier(_ field: RecordField) throws(FieldError) -> Identifier? {
        if case .identifier(let id)? = try take(field, .identifier) { id } else { nil }
    }

    mutating func time(_ field: RecordField) throws(FieldError) -> Timestamp? {
        if case .time(let time)? = try take(field, .time) { time } else { nil }
    }

    mutating func integer(_ field: RecordField) throws(FieldError) -> Int64? {
        if case .integer(let value)? = try take(field, .integer(0...Int64.max)) { value } else { nil }
    }

    mutating func vector() throws(FieldError) -> [Float]? {
        guard let json = take("vector") else { return nil }
        guard let vector = json.vector else { throw FieldError("vector", .malformed("it is a list of numbers")) }
        return vector
    }

    /// That of the vector, where the line names one.
    mutating func space() throws(FieldError) -> Identifier {
        guard let json = take("space") else { return .none }
        guard let space = json.text.flatMap({ Identifier($0) }) else { throw FieldError("space", .malformed("it is a UUID")) }
        return space
    }

    func checkAllTaken() throws(FieldError) {
        if let unknown = all.first(where: { !taken.contains($0.name) }) { throw FieldError(unknown.name, .unknown(known: taken.sorted())) }
    }
}

extension Record {
    /// Without what nobody may see. A conversation's own vector is left out on demand: it follows from others.
    public func json(withOwnVector: Bool = true) -> JSON {
        var members: [JSON.Member] = [JSON.Member("kind", .text(kind.name)), JSON.Member("id", .text(id.description))]
        for (rule, value) in zip(schema.rules, values) where rule.setter != .hidden {
            if let value { members.append(JSON.Member(rule.field.name, value.json)) }
        }
        members.append(JSON.Member("created_at", .text(createdAt.description)))
        members.append(JSON.Member("updated_at", .text(updatedAt.description)))
        if let deletedAt { members.append(JSON.Member("deleted_at", .text(deletedAt.description))) }
        members.append(JSON.Member("version", .integer(version)))
        if withOwnVector, let embedding { members.append(JSON.Member("vector", JSON(embedding.vector))) }
        if let embedding, withOwnVector || ownVector != nil { members.append(JSON.Member("space", .text(embedding.space.description))) }
        return .object(members)
    }

    /// A whole row. What is missing is as in a new one: made now, of version 1, with its kind's own fallbacks.
    public init(_ kind: Kind, _ json: JSON, id new: Identifier, at now: Timestamp) throws(FieldError) {
        var members = try Members(json)
        _ = members.take("kind")
        let id = try members.identifier(.id) ?? new
        let createdAt = try members.time(.createdAt) ?? now
        let updatedAt = try members.time(.updatedAt) ?? createdAt
        let deletedAt = try members.time(.deletedAt)
        let version = try members.integer(.version) ?? 1
        var values: [RecordField: Value] = [:]
        for rule in Schema.of(kind).rules where rule.setter != .hidden {
            if let value = try members.take(rule.field, rule.type) { values[rule.field] = value }
        }
        for field in [RecordField.lastActivityAt, .lastUsedAt, .lastSeenAt] where Schema.of(kind)[field] != nil && values[field] == nil {
            values[field] = .time(createdAt)
        }
        let vector = try members.vector()
        let space = try members.space()
        try members.checkAllTaken()
        // A conversation's vector, where one is given, is that of its title.
        if kind == .conversation, let vector, values[.titleVector] == nil { values[.titleVector] = .vector(vector) }
        self.init(
            kind, id: id, organization: .none, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version, values: values,
            embedding: vector.map { Embedding(space: space, vector: $0) })
        if kind == .conversation { embedding = ownVector.map { Embedding(space: space, vector: $0) } }
        // They are the conversation's.
        if kind == .message, self[.user] == nil { self[.user] = .identifier(.none) }
    }
}

extension Memory {
    public var json: JSON {
        var members: [JSON.Member] = [
            .init("kind", .text(Kind.memory.name)), .init("id", .text(id.description)), .init("agent", .text(agent.description)),
        ]
        if let user { members.append(.init("user", .text(user.description))) }
        if let session { members.append(.init("session", .text(session.description))) }
        members += [
            .init("type", .text(type.name)), .init("content", .text(content)), .init("importance", .number(importance)),
            .init("access_count", .integer(accessCount)),
        ]
        if let lastAccessedAt { members.append(.init("last_accessed_at", .text(lastAccessedAt.description))) }
        members += [.init("tags", .list(tags.map { .text($0) })), .init("metadata", metadata)]
        for (name, time) in [
            ("expires_at", expiresAt), ("valid_from", validity.from), ("valid_to", validity.to), ("closed_at", validity.closedAt), ("forget_at", forgetAt), ("deleted_at", deletedAt),
        ] {
            if let time { members.append(.init(name, .text(time.description))) }
        }
        if isPinned { members.append(.init("pinned", .bool(true))) }
        if let supersededBy { members.append(.init("superseded_by", .text(supersededBy.description))) }
        if let sourceMessage { members.append(.init("source_message", .text(sourceMessage.description))) }
        members += [
            .init("created_at", .text(createdAt.description)), .init("updated_at", .text(updatedAt.description)), .init("version", .integer(version)),
        ]
        if let embedding { members += [.init("vector", JSON(embedding.vector)), .init("space", .text(embedding.space.description))] }
        return .object(members)
    }

    /// A whole row; what is missing is as in a new one. `agent` is used where the line names none by identifier.
    public init(_ json: JSON, agent: Identifier, id new: Identifier, at now: Timestamp) throws(FieldError) {
        var members = try Members(json)
        _ = members.take("kind")
        _ = members.take("agent")
        // Made anew, as the settings here say.
        _ = members.take("forget_at")
        let schema = Schema.of(.memory)
        var values: [RecordField: Value] = [:]
        for rule in schema.rules where rule.field != .agent {
            if let value = try members.take(rule.field, rule.type) { values[rule.field] = value }
        }
        guard case .text(let content)? = values[.content] else { throw FieldError("content", .missing) }
        let row = Record(.memory, id: try members.identifier(.id) ?? new, organization: .none, createdAt: try members.time(.createdAt) ?? now, values: values)
        let updatedAt = try members.time(.updatedAt) ?? row.createdAt
        let deletedAt = try members.time(.deletedAt)
        let version = try members.integer(.version) ?? 1
        let vector = try members.vector()
        let space = try members.space()
        try members.checkAllTaken()
        guard let type = row.text(.type).flatMap({ MemoryType(name: $0) }) else { throw FieldError("type", .unknown(known: MemoryType.allCases.map(\.name))) }
        self.init(
            id: row.id, organization: .none, agent: agent, user: row.identifier(.user), session: row.identifier(.session), type: type, content: content,
            importance: row.number(.importance) ?? 0.5, accessCount: row.integer(.accessCount) ?? 0, lastAccessedAt: row.time(.lastAccessedAt),
            tags: row.texts(.tags), metadata: row.json(.metadata) ?? .emptyObject, createdAt: row.createdAt, updatedAt: updatedAt,
            expiresAt: row.time(.expiresAt), isPinned: row.flag(.isPinned) ?? false,
            validity: Validity(from: row.time(.validFrom), to: row.time(.validTo), closedAt: row.time(.closedAt)), supersededBy: row.identifier(.supersededBy),
            sourceMessage: row.identifier(.sourceMessage), deletedAt: deletedAt, version: version, embedding: vector.map { Embedding(space: space, vector: $0) })
    }
}

extension Identifier {
    /// Stands where the server puts its own, and where a vector's space is not named.
    public static let none = Identifier(high: 0, low: 0)
}
