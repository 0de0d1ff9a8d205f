public import Records

/// What one organization keeps, in a few numbers that are the same wherever it is kept and in whatever order it is read.
///
/// For each kind the number of rows, and the sum of a hash of each whole row, its vector too: the identifier, and the checksum of the row's canonical form. JSON counts
/// as what it says, not as it is written: PostgreSQL keeps neither the order of members nor the digits of a number.
public struct StoreDigest: Hashable, Sendable {
    public struct Part: Hashable, Sendable {
        public fileprivate(set) var count: Int64 = 0
        public fileprivate(set) var sum: UInt64 = 0

        fileprivate mutating func add(_ id: Identifier, _ checksum: UInt64) {
            count += 1
            sum &+= Part.mixed(id.high ^ Part.mixed(id.low ^ Part.mixed(checksum)))
        }

        /// The end of SplitMix64: each bit of the result depends on all of the value.
        private static func mixed(_ value: UInt64) -> UInt64 {
            var value = value &+ 0x9E37_79B9_7F4A_7C15
            value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }

    public private(set) var parts: [Kind: Part] = [:]
    /// Embedding spaces, rows that wait for a vector, keys of digests, and answers kept for requests that are repeated.
    public private(set) var others = Part()

    /// In the order of the kinds, the first in hexadecimal digits.
    public var text: String {
        let parts = parts.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value) + [others]
        var sum = Part()
        for part in parts { sum.add(Identifier(high: UInt64(bitPattern: part.count), low: part.sum), UInt64(bitPattern: sum.count)) }
        let digits = String(sum.sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A buffer that rows are brought into their canonical form in.
    final class Scratch {
        let row = RowEncoder()
    }

    mutating func add(_ row: StoredRow, _ scratch: Scratch) {
        switch row {
        case .memory(var memory):
            memory.metadata = memory.metadata.canonical
            MemoryRow.encode(memory, into: scratch.row)
            parts[.memory, default: Part()].add(memory.id, UInt64(scratch.row.checksum))
        case .record(let record):
            let values = record.values.map { value -> Value? in if case .json(let json)? = value { .json(json.canonical) } else { value } }
            let canonical = Record(
                record.kind, id: record.id, organization: record.organization, createdAt: record.createdAt, updatedAt: record.updatedAt, deletedAt: record.deletedAt,
                version: record.version, row: values, embedding: record.embedding)
            RecordRow.encode(canonical, into: scratch.row)
            parts[record.kind, default: Part()].add(record.id, UInt64(scratch.row.checksum))
        }
    }

    mutating func add(_ item: StoreItem, of organization: Identifier, _ scratch: Scratch) {
        switch item {
        case .row(let row): add(row, scratch)
        case .space(let space): add(space, scratch)
        case .wait(let wait): add(wait, of: organization, scratch)
        case .receipt(let key, let row): add(key, row, of: organization, scratch)
        case .auditKey(let memory, let key):
            AuditKeyRow.encode(key, of: memory, organization, into: scratch.row)
            others.add(memory, UInt64(scratch.row.checksum))
        }
    }

    private mutating func add(_ space: EmbeddingSpace, _ scratch: Scratch) {
        SpaceRow.encode(space, isMain: true, into: scratch.row)
        others.add(space.id, UInt64(scratch.row.checksum))
    }

    private mutating func add(_ wait: WaitingRow, of organization: Identifier, _ scratch: Scratch) {
        WaitRow.encode(wait.kind, wait.id, of: organization, since: wait.since, into: scratch.row)
        others.add(wait.id, UInt64(scratch.row.checksum))
    }

    private mutating func add(_ key: Identifier, _ receipt: IdempotencyRow, of organization: Identifier, _ scratch: Scratch) {
        IdempotencyRow.encode(Idempotency(key: key, digest: receipt.digest), receipt.receipt, of: organization, at: receipt.createdAt, into: scratch.row)
        others.add(key, UInt64(scratch.row.checksum))
    }
}

extension JSON {
    /// The same value in one form: members in the order of their names, and whole numbers without a point.
    fileprivate var canonical: JSON {
        switch self {
        case .null, .bool, .integer, .text: self
        case .number(let number): Int64(exactly: number).map { .integer($0) } ?? self
        case .list(let values): .list(values.map(\.canonical))
        case .object(let members): .object(members.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }.map { Member($0.name, $0.value.canonical) })
        }
    }
}
