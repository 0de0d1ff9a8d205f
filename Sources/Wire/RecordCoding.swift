internal import Records

/// Tags beside those of `RecordField`, the same in a draft, an update and an answer.
enum RecordTag {
    static let vector = MemoryTag.vector
    static let space = MemoryTag.space
    static let cleared = MemoryTag.cleared
    static let ifVersion = MemoryTag.ifVersion
    /// Of operations and answers that are about one kind: its number.
    static let kind: UInt16 = 48

    /// The fields that stand there once for each of their texts.
    static let lists: [Kind: TagSet] = Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { kind in
            let texts = Schema.of(kind).rules.filter { if case .texts = $0.type { true } else { false } }
            return (kind, TagSet(texts.map(\.field.rawValue)))
        })
}

/// What the fields of a record may hold, before it is known what they are for.
struct RecordFields {
    let kind: Kind
    var id: Identifier?
    var createdAt: Timestamp?
    var updatedAt: Timestamp?
    var deletedAt: Timestamp?
    var version: Int64?
    var values: [RecordField: Value] = [:]
    var vector: [Float]?
    var space: Identifier?
    var cleared: [UInt16] = []
    var ifVersion: Int64?

    init(_ kind: Kind, _ bytes: [UInt8], in range: Range<Int>) throws(BodyError) {
        self.kind = kind
        var reader = FieldReader(bytes, in: range)
        try reader.each(lists: RecordTag.lists[kind] ?? TagSet()) { (field) throws(BodyError) in try take(field, bytes) }
    }

    private mutating func take(_ field: FieldSlice, _ bytes: [UInt8]) throws(BodyError) -> Bool {
        switch field.tag {
        case RecordTag.vector: vector = try bytes.vector(field, "vector")
        case RecordTag.space: space = try bytes.identifier(field, "space")
        case RecordTag.cleared: cleared = try bytes.tags(field, "cleared")
        case RecordTag.ifVersion: ifVersion = try bytes.integer(field, "if_version")
        case RecordField.id.rawValue: id = try bytes.identifier(field, "id")
        case RecordField.createdAt.rawValue: createdAt = try bytes.time(field, "created_at")
        case RecordField.updatedAt.rawValue: updatedAt = try bytes.time(field, "updated_at")
        case RecordField.deletedAt.rawValue: deletedAt = try bytes.time(field, "deleted_at")
        case RecordField.version.rawValue: version = try bytes.integer(field, "version")
        default:
            guard let name = RecordField(rawValue: field.tag) else { return false }
            let schema = Schema.of(kind)
            guard let rule = schema[name] else { throw .field(FieldError(name.name, .unknown(known: schema.rules.map(\.field.name)))) }
            if case .texts(let countMax, _) = rule.type {
                try append(try bytes.text(field, name.name), to: name, countMax: countMax)
            } else {
                values[name] = try bytes.value(field, rule)
            }
        }
        return true
    }

    private mutating func append(_ text: String, to name: RecordField, countMax: Int) throws(BodyError) {
        var texts: [String] = []
        if case .texts(let before)? = values[name] { texts = before }
        guard texts.count < countMax else { throw .field(FieldError(name.name, .tooMany(count: texts.count + 1, countMax: countMax))) }
        texts.append(text)
        values[name] = .texts(texts)
    }
}

extension RecordFields {
    func draft() -> RecordDraft { RecordDraft(kind, id: id, createdAt: createdAt, values, vector: vector, space: space) }

    func patch() throws(BodyError) -> RecordPatch {
        guard let id else { throw .field(FieldError("id", .missing)) }
        var fields: Set<RecordField> = []
        var change: Change<[Float]> = vector.map { .set($0) } ?? .keep
        for tag in cleared {
            if tag == RecordTag.vector {
                change = .clear
            } else {
                guard let field = RecordField(rawValue: tag) else { throw .field(FieldError("cleared", .malformed("there is no field of tag \(tag)"))) }
                fields.insert(field)
            }
        }
        return RecordPatch(kind, id: id, ifVersion: ifVersion, values, clearing: fields, vector: change, space: space)
    }

    func record(of organization: Identifier) throws(BodyError) -> Record {
        guard let id, let createdAt, let updatedAt, let version else { throw .malformed("a record lacks a field that every record has") }
        let rules = Schema.of(kind).rules
        for rule in rules where rule.isRequired && rule.setter != .hidden && values[rule.field] == nil {
            throw .malformed("a \(kind.name) lacks its \(rule.field.name)")
        }
        return Record(
            kind, id: id, organization: organization, createdAt: createdAt, updatedAt: updatedAt, deletedAt: deletedAt, version: version,
            row: rules.map { values[$0.field] }, embedding: vector.flatMap { vector in space.map { Embedding(space: $0, vector: vector) } })
    }
}

extension [UInt8] {
    fileprivate func value(_ field: FieldSlice, _ rule: FieldRule) throws(BodyError) -> Value {
        let name = rule.field.name
        switch rule.type {
        case .flag: return .flag(try flag(field, name))
        case .integer: return .integer(try integer(field, name))
        case .number: return .number(try number(field, name))
        case .text, .choice, .texts: return .text(try text(field, name))
        case .identifier: return .identifier(try identifier(field, name))
        case .time: return .time(try time(field, name))
        case .object(let bytesMax), .list(let bytesMax): return .json(try json(field, name, bytesMax: bytesMax))
        case .bytes(let count):
            guard field.range.count == count else { throw .field(FieldError(name, .malformed("it has \(count) bytes"))) }
            return .bytes(Array(self[field.range]))
        case .vector: return .vector(try vector(field, name))
        }
    }

    /// Tags, two bytes each.
    func tags(_ field: FieldSlice, _ name: String) throws(BodyError) -> [UInt16] {
        guard field.range.count % 2 == 0 else { throw .field(FieldError(name, .malformed("a tag has 2 bytes"))) }
        guard field.range.count / 2 <= MemoryTag.clearedMax else {
            throw .field(FieldError(name, .tooMany(count: field.range.count / 2, countMax: MemoryTag.clearedMax)))
        }
        return stride(from: field.range.lowerBound, to: field.range.upperBound, by: 2).map { littleEndian(at: $0) }
    }

    /// One of a few that have numbers here and names for people.
    func choice<Choice: CaseIterable & RawRepresentable<UInt8>>(_ field: FieldSlice, _ name: String, _ nameOf: (Choice) -> String) throws(BodyError) -> Choice {
        guard let choice = Choice(rawValue: try integer(field, name)) else { throw .field(FieldError(name, .unknown(known: Choice.allCases.map(nameOf)))) }
        return choice
    }

    func mode(_ field: FieldSlice) throws(BodyError) -> SearchMode { try choice(field, "mode", \.name) }

    func kind(_ field: FieldSlice) throws(BodyError) -> Kind { try choice(field, "kind", \.name) }
}

extension FieldWriter {
    mutating func kind(_ kind: Kind) { integer(RecordTag.kind, kind.rawValue) }

    mutating func draft(_ draft: RecordDraft) {
        if let id = draft.id { identifier(RecordField.id.rawValue, id) }
        if let createdAt = draft.createdAt { time(RecordField.createdAt.rawValue, createdAt) }
        values(draft.values)
        if let vector = draft.vector { self.vector(RecordTag.vector, vector) }
        if let space = draft.space { identifier(RecordTag.space, space) }
    }

    /// A list that is set to nothing is sent as one that is emptied.
    mutating func patch(_ patch: RecordPatch) {
        identifier(RecordField.id.rawValue, patch.id)
        if let ifVersion = patch.ifVersion { integer(RecordTag.ifVersion, ifVersion) }
        values(patch.values)
        var cleared = patch.cleared.union(patch.values.filter { $0.value == .texts([]) }.keys).map(\.rawValue)
        switch patch.vector {
        case .keep: break
        case .set(let vector): self.vector(RecordTag.vector, vector)
        case .clear: cleared.append(RecordTag.vector)
        }
        if let space = patch.space { identifier(RecordTag.space, space) }
        if !cleared.isEmpty {
            field(RecordTag.cleared) { writer in
                for tag in cleared.sorted() { writer.bytes.append(littleEndian: tag) }
            }
        }
    }

    /// Without what nobody may see.
    mutating func record(_ record: Record) {
        identifier(RecordField.id.rawValue, record.id)
        time(RecordField.createdAt.rawValue, record.createdAt)
        time(RecordField.updatedAt.rawValue, record.updatedAt)
        if let deletedAt = record.deletedAt { time(RecordField.deletedAt.rawValue, deletedAt) }
        integer(RecordField.version.rawValue, record.version)
        for (rule, held) in zip(record.schema.rules, record.values) where rule.setter != .hidden {
            if let held { value(rule.field.rawValue, held) }
        }
        if let embedding = record.embedding {
            vector(RecordTag.vector, embedding.vector)
            identifier(RecordTag.space, embedding.space)
        }
    }

    /// In the order of their tags.
    mutating func values(_ values: [RecordField: Value]) {
        for (field, held) in values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { value(field.rawValue, held) }
    }

    private mutating func value(_ tag: UInt16, _ value: Value) {
        switch value {
        case .flag(let held): flag(tag, held)
        case .integer(let held): integer(tag, held)
        case .number(let held): number(tag, held)
        case .text(let held): text(tag, held)
        case .identifier(let held): identifier(tag, held)
        case .time(let held): time(tag, held)
        case .texts(let held): for one in held { text(tag, one) }
        case .json(let held): text(tag, held.description)
        case .bytes(let held): field(tag) { $0.bytes.append(contentsOf: held) }
        case .vector(let held): vector(tag, held)
        }
    }
}
