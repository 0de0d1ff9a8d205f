public import Records
import Synchronization

/// The columns of up to 1,024 rows. One writer appends; rows below a count that a reader was given never change.
///
/// Metadata is kept as parsed JSON per row; a field that is declared gets a typed column of its own beside these.
public final class ColumnChunk: Sendable {
    public static let capacity = Bitmap.capacity

    /// Which of a row's optional fields it has: bits of the `presence` column.
    enum Presence {
        static let user: UInt8 = 1
        static let session: UInt8 = 2
        static let lastAccessedAt: UInt8 = 4
        static let expiresAt: UInt8 = 8
        static let agent: UInt8 = 16
        static let pinned: UInt8 = 32
    }

    let ids = ColumnBuffer<Identifier>()
    let agents = ColumnBuffer<Identifier>()
    let users = ColumnBuffer<Identifier>()
    let sessions = ColumnBuffer<Identifier>()
    let presence = ColumnBuffer<UInt8>()
    let types = ColumnBuffer<UInt8>()
    let tags = ColumnBuffer<[UInt32]>()
    let importance = ColumnBuffer<Double>()
    let accessCounts = ColumnBuffer<Int64>()
    let createdAt = ColumnBuffer<Int64>()
    let updatedAt = ColumnBuffer<Int64>()
    let lastAccessedAt = ColumnBuffer<Int64>()
    let expiresAt = ColumnBuffer<Int64>()
    /// From when and to before when a row is of the present, the last moment of all where it does not end, and when it was told that it does.
    let starts = ColumnBuffer<Int64>()
    let ends = ColumnBuffer<Int64>()
    let closings = ColumnBuffer<Int64>()
    /// How rare the identifier is: each number that a row can have here, half as many rows as the one before.
    let rarities = ColumnBuffer<UInt8>()
    /// The rows that are as rare as that, of which samples of many rows are drawn.
    let rare = ColumnBuffer<UInt16>()
    let uses = ColumnBuffer<RowUse>()
    let metadata = ColumnBuffer<JSON>()
    private let variableBytes = Atomic<Int>(0)

    public init() {}

    public var count: Int { metadata.count }

    /// Memory of its columns, with an estimate for tags and metadata.
    public var byteCount: Int { ColumnChunk.fixedBytes + variableBytes.load(ordering: .relaxed) }

    /// Adds a row; `tagCodes` are the numbers of its tags in the index's `TagTable`. Only one thread may append at a time.
    public func append(_ row: Attributes, tagCodes: [UInt32]) {
        let none = Identifier(high: 0, low: 0)
        var present: UInt8 = 0
        if row.agent != nil { present |= Presence.agent }
        if row.user != nil { present |= Presence.user }
        if row.session != nil { present |= Presence.session }
        if row.lastAccessedAt != nil { present |= Presence.lastAccessedAt }
        if row.expiresAt != nil { present |= Presence.expiresAt }
        if row.isPinned { present |= Presence.pinned }
        ids.append(row.id)
        agents.append(row.agent ?? none)
        users.append(row.user ?? none)
        sessions.append(row.session ?? none)
        presence.append(present)
        types.append(row.type)
        tags.append(tagCodes)
        importance.append(row.importance)
        accessCounts.append(row.accessCount)
        createdAt.append(row.createdAt.microseconds)
        updatedAt.append(row.updatedAt.microseconds)
        lastAccessedAt.append(row.lastAccessedAt?.microseconds ?? 0)
        expiresAt.append(row.expiresAt?.microseconds ?? .max)
        starts.append(row.validity.from?.microseconds ?? .min)
        ends.append(min(row.expiresAt?.microseconds ?? .max, row.validity.to?.microseconds ?? .max))
        closings.append(row.validity.closedAt?.microseconds ?? .min)
        append(rarity: row.id.rarity)
        uses.append(RowUse(row))
        metadata.append(row.metadata)
        variableBytes.add(ColumnChunk.bytes(of: tagCodes) + ColumnChunk.bytes(of: row.metadata), ordering: .relaxed)
    }

    /// Adds a row of another chunk of the same index.
    public func append(row: Int, of other: ColumnChunk) {
        ids.append(other.ids[row])
        agents.append(other.agents[row])
        users.append(other.users[row])
        sessions.append(other.sessions[row])
        presence.append(other.presence[row])
        types.append(other.types[row])
        tags.append(other.tags[row])
        importance.append(other.importance[row])
        accessCounts.append(other.accessCounts[row])
        createdAt.append(other.createdAt[row])
        updatedAt.append(other.updatedAt[row])
        lastAccessedAt.append(other.lastAccessedAt[row])
        expiresAt.append(other.expiresAt[row])
        starts.append(other.starts[row])
        ends.append(other.ends[row])
        closings.append(other.closings[row])
        append(rarity: other.rarities[row])
        uses.append(other.uses[row])
        metadata.append(other.metadata[row])
        variableBytes.add(ColumnChunk.bytes(of: other.tags[row]) + ColumnChunk.bytes(of: other.metadata[row]), ordering: .relaxed)
    }

    private func append(rarity: UInt8) {
        if rarity >= ColumnChunk.rareMin { rare.append(UInt16(rarities.count)) }
        rarities.append(rarity)
    }

    public func identifier(_ row: Int) -> Identifier { ids[row] }

    /// The row as it was appended; `text` knows the tags of its index.
    public func attributes(_ row: Int, text: (UInt32) -> String) -> Attributes {
        let present = presence[row]
        var attributes = Attributes(
            id: ids[row], agent: present & Presence.agent != 0 ? agents[row] : nil, user: present & Presence.user != 0 ? users[row] : nil,
            session: present & Presence.session != 0 ? sessions[row] : nil, type: .fact, tags: tags[row].map(text), importance: importance[row],
            accessCount: accessCounts[row], createdAt: createdAt(row), updatedAt: updatedAt(row), lastAccessedAt: lastAccessedAt(row),
            expiresAt: present & Presence.expiresAt != 0 ? Timestamp(microseconds: expiresAt[row]) : nil,
            metadata: metadata[row])
        attributes.type = types[row]
        attributes.isPinned = present & Presence.pinned != 0
        attributes.validity = attributes.toldValidity
        return attributes
    }

    /// Nil for a row of none.
    public func session(_ row: Int) -> Identifier? { presence[row] & Presence.session != 0 ? sessions[row] : nil }

    public func tagCodes(_ row: Int) -> [UInt32] { tags[row] }

    public func createdAt(_ row: Int) -> Timestamp { Timestamp(microseconds: createdAt[row]) }

    public func updatedAt(_ row: Int) -> Timestamp { Timestamp(microseconds: updatedAt[row]) }

    /// Nil for a row that nobody has asked for.
    public func lastAccessedAt(_ row: Int) -> Timestamp? {
        presence[row] & Presence.lastAccessedAt != 0 ? Timestamp(microseconds: lastAccessedAt[row]) : nil
    }

    /// Nil for a row that was always of the present.
    public func start(_ row: Int) -> Timestamp? { starts[row] == .min ? nil : Timestamp(microseconds: starts[row]) }

    /// When it expires or is no longer so; nil for a row that goes on.
    public func end(_ row: Int) -> Timestamp? { ends[row] == .max ? nil : Timestamp(microseconds: ends[row]) }

    /// The rows that are of that moment: begun, not ended or expired, and known.
    public func alive(at moment: Moment, among candidates: Bitmap) -> Bitmap {
        let valid = moment.valid.microseconds
        var result = ends.select(among: candidates) { $0 > valid || $0 == .max }
        if let known = moment.known?.microseconds {
            var ended = candidates
            ended.subtract(result)
            if !ended.isEmpty {
                // That they end was not known yet.
                let open = closings.select(among: ended) { $0 > known }
                result.formUnion(expiresAt.select(among: open) { $0 > valid || $0 == .max })
            }
            result = createdAt.select(among: result) { $0 <= known }
        }
        return starts.select(among: result) { $0 <= valid }
    }

    public func use(_ row: Int) -> RowUse { uses[row] }

    /// The rows that are at least that important.
    public func rows(importance least: Double, among candidates: Bitmap) -> Bitmap { importance.select(among: candidates) { $0 >= least } }

    /// Every 2^rarity-th row, on average: which ones depends on their identifiers alone.
    public func sample(rarity: Int, among candidates: Bitmap) -> Bitmap {
        guard rarity > 0 else { return candidates }
        guard rarity >= ColumnChunk.rareMin else { return rarities.select(among: candidates) { Int($0) >= rarity } }
        var sample = Bitmap()
        for place in 0..<rare.count {
            let row = Int(rare[place])
            if candidates[row], Int(rarities[row]) >= rarity { sample[row] = true }
        }
        return sample
    }

    private static let rareMin = 4

    private static let fixedBytes =
        4 * ColumnBuffer<Identifier>.byteCount + 3 * ColumnBuffer<UInt8>.byteCount + ColumnBuffer<[UInt32]>.byteCount
        + ColumnBuffer<UInt16>.byteCount + ColumnBuffer<Double>.byteCount + ColumnBuffer<RowUse>.byteCount + 8 * ColumnBuffer<Int64>.byteCount + ColumnBuffer<JSON>.byteCount

    private static let arrayHeaderBytes = 32

    private static func bytes(of codes: [UInt32]) -> Int { codes.isEmpty ? 0 : arrayHeaderBytes + 4 * codes.count }

    private static func bytes(of json: JSON) -> Int {
        switch json {
        case .null, .bool, .integer, .number: 0
        case .text(let text): bytes(of: text)
        case .list(let values):
            values.reduce(values.isEmpty ? 0 : arrayHeaderBytes) { $0 + MemoryLayout<JSON>.stride + bytes(of: $1) }
        case .object(let members):
            members.reduce(members.isEmpty ? 0 : arrayHeaderBytes) {
                $0 + MemoryLayout<JSON.Member>.stride + bytes(of: $1.name) + bytes(of: $1.value)
            }
        }
    }

    /// Up to fifteen bytes a text is kept in place.
    private static func bytes(of text: String) -> Int { text.utf8.count <= 15 ? 0 : arrayHeaderBytes + text.utf8.count }
}

extension Identifier {
    /// Leading zeros of a number that is spread evenly, and the same in every process.
    fileprivate var rarity: UInt8 {
        var bits = low ^ high &* 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return UInt8((bits ^ bits >> 31).leadingZeroBitCount)
    }
}
