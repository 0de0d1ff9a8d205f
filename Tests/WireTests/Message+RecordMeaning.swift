import Records
import Wire

extension Value {
    var meaning: JSON {
        switch self {
        case .flag(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .identifier(let value): .text(value.description)
        case .time(let value): .integer(value.microseconds)
        case .texts(let values): .list(values.map { .text($0) })
        case .json(let value): value
        case .bytes(let bytes): .list(bytes.map { .integer(Int64($0)) })
        case .vector(let values): .list(values.map { .number(Double($0)) })
        }
    }
}

private func members(_ values: [RecordField: Value]) -> [(String, JSON?)] {
    values.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.name, $0.value.meaning) }
}

extension RecordDraft {
    var meaning: JSON {
        object([("id", described(id)), ("created_at", createdAt.map { .integer($0.microseconds) })] + members(values) + [("vector", vector.map { Value.vector($0).meaning }), ("space", described(space))])
    }
}

extension RecordPatch {
    /// A field that is emptied is null.
    var meaning: JSON {
        let emptied = cleared.sorted { $0.rawValue < $1.rawValue }.map { ($0.name, JSON?.some(.null)) }
        let change: JSON? =
            switch vector {
            case .keep: nil
            case .set(let vector): Value.vector(vector).meaning
            case .clear: .null
            }
        return object([("kind", .text(kind.name)), ("id", described(id)), ("if_version", integer(ifVersion))] + members(values) + emptied + [("vector", change), ("space", described(space))])
    }
}

extension RecordListing {
    var meaning: JSON {
        object([
            ("kind", .text(kind.name)), ("values", values.isEmpty ? nil : object(members(values))), ("order", described(order?.name)),
            ("ascending", isAscending ? .bool(true) : nil), ("deleted", deleted == .without ? nil : integer(deleted.rawValue)), ("after", after?.meaning),
            ("limit", integer(limit)), ("with_vectors", withVectors ? .bool(true) : nil),
        ])
    }
}

extension RecordListing.Cursor {
    var meaning: JSON { object([("id", described(id)), ("value", value?.meaning)]) }
}

extension Record {
    var meaning: JSON {
        let held = zip(schema.rules, values).map { ($0.field.name, $1?.meaning) }
        let head: [(String, JSON?)] = [
            ("kind", .text(kind.name)), ("id", described(id)), ("created_at", moment(createdAt)), ("updated_at", moment(updatedAt)),
            ("deleted_at", moment(deletedAt)), ("version", WireTests.integer(version)),
        ]
        return object(head + held + [("space", described(embedding?.space)), ("vector", embedding.map { Value.vector($0.vector).meaning })])
    }
}

extension JobStep {
    var meaning: JSON {
        object([
            ("job", described(job)), ("worker", described(worker)), ("cursor", described(cursor)), ("done", integer(done)), ("failed", integer(failed)),
            ("error", described(error)), ("end", described(end?.rawValue)),
        ])
    }
}
