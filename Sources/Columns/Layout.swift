import Records

/// Which column holds which field of a kind's rows. What has no column of its own lies in the rows' JSON, under a name that no metadata can have.
///
/// A column of its own is for what every row of the kind has, except where a bit says which rows have it.
enum Slot: Hashable, Sendable {
    case identifier(Expression.IdentifierColumn)
    case type
    case tags
    case importance
    case integer(Expression.IntegerColumn)
    /// True or false, as a bit says.
    case pinned
    case extra
}

enum Layout {
    static func slot(of field: RecordField, in kind: Kind) -> Slot {
        commonSlots[field] ?? ownSlots[kind]?[field] ?? .extra
    }

    private static let commonSlots: [RecordField: Slot] = [
        .id: .identifier(.id), .agent: .identifier(.agent), .user: .identifier(.user), .tags: .tags, .createdAt: .integer(.createdAt),
        .updatedAt: .integer(.updatedAt),
    ]

    private static let ownSlots: [Kind: [RecordField: Slot]] = [
        .memory: [
            .session: .identifier(.session), .type: .type, .importance: .importance, .accessCount: .integer(.accessCount),
            .lastAccessedAt: .integer(.lastAccessedAt), .expiresAt: .integer(.expiresAt), .isPinned: .pinned,
        ],
        .conversation: [.status: .type, .messageCount: .integer(.accessCount), .lastActivityAt: .integer(.lastAccessedAt)],
        .message: [.conversation: .identifier(.session), .role: .type],
        .term: [.frequency: .integer(.accessCount), .lastUsedAt: .integer(.lastAccessedAt)],
    ]

    /// The field of that kind whose column it is.
    static func field(in slot: Slot, of kind: Kind) -> RecordField? { ownSlots[kind]?.first { $0.value == slot }?.key }

    /// Which of a kind's fields lie in which columns, looked up once.
    struct Fields {
        let session: RecordField?
        let accessCount: RecordField?
        let lastAccessedAt: RecordField?
        let type: RecordField?
        let extras: [(field: RecordField, name: String)]

        init(_ kind: Kind) {
            session = Layout.field(in: .identifier(.session), of: kind)
            accessCount = Layout.field(in: .integer(.accessCount), of: kind)
            lastAccessedAt = Layout.field(in: .integer(.lastAccessedAt), of: kind)
            type = Layout.field(in: .type, of: kind)
            extras = (Layout.extras[kind] ?? []).map { ($0, Layout.extraName($0)) }
        }
    }

    static func fields(of kind: Kind) -> Fields { allFields[Int(kind.rawValue)] }

    /// By the number of the kind.
    private static let allFields = (0...(Kind.allCases.map(\.rawValue).max() ?? 0)).map { Fields(Kind(rawValue: $0) ?? .memory) }

    /// The number of a choice in the column of types: its place in the schema's list, from 1.
    static func code(of choice: String, _ field: RecordField, in kind: Kind) -> UInt8? {
        guard case .choice(let known)? = Schema.of(kind).type(of: field) else { return nil }
        return known.firstIndex(of: choice).map { UInt8($0 + 1) }
    }

    static func choice(_ code: UInt8, _ field: RecordField, in kind: Kind) -> String? {
        guard case .choice(let known)? = Schema.of(kind).type(of: field), (1...known.count).contains(Int(code)) else { return nil }
        return known[Int(code) - 1]
    }

    /// The fields that lie in the rows' JSON.
    static let extras: [Kind: [RecordField]] = Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { kind in (kind, Schema.of(kind).filterFields.filter { slot(of: $0, in: kind) == .extra }) })

    /// Metadata never holds a NUL.
    static func extraName(_ field: RecordField) -> String { "\u{0}" + field.name }

    static func extra(_ value: Value) -> JSON? {
        switch value {
        case .flag(let flag): .bool(flag)
        case .integer(let integer): .integer(integer)
        case .number(let number): .number(number)
        case .text(let text): .text(text)
        case .identifier(let id): .text(id.description)
        case .time(let time): .integer(time.microseconds)
        case .texts(let texts): .list(texts.map { .text($0) })
        case .json, .bytes, .vector: nil
        }
    }

    /// What `extra` made of a value of that field.
    static func value(_ extra: JSON, of field: RecordField, in kind: Kind) -> Value? {
        switch (Schema.of(kind).type(of: field), extra) {
        case (.flag, .bool(let flag)): .flag(flag)
        case (.integer, .integer(let integer)): .integer(integer)
        case (.number, .number(let number)): .number(number)
        case (.text, .text(let text)), (.choice, .text(let text)): .text(text)
        case (.identifier, .text(let text)): Identifier(text).map { .identifier($0) }
        case (.time, .integer(let microseconds)): .time(Timestamp(microseconds: microseconds))
        case (.texts, .list(let texts)): .texts(texts.compactMap(\.text))
        default: nil
        }
    }
}

extension Scalar {
    /// As it is compared with what lies in the rows' JSON.
    var extra: Scalar {
        switch self {
        case .identifier(let id): .text(id.description)
        case .time(let time): .integer(time.microseconds)
        case .bool, .integer, .number, .text: self
        }
    }
}
