public import Records

/// Brings what one store keeps to another, whatever keeps either: organization by organization, each in one transaction, so that one that was interrupted goes on
/// with the next, and an organization is there whole or not at all.
///
/// The sequence of changes begins anew: each row is told as written. Everything else is the same afterwards, and that is looked at.
public enum StoreCopy {
    public struct Report: Sendable {
        public let organization: Organization
        /// Of what is there now.
        public let digest: StoreDigest
        /// It had been brought before.
        public let wasThere: Bool
    }

    /// How many rows of that organization are there.
    public struct Progress: Sendable {
        public let slug: String
        public let rows: Int64
        public let rowsTotal: Int64
    }

    private static let rowsPerProgress: Int64 = 500

    /// Blocks. Nobody may write to either store meanwhile. `done` is told of each organization as it is there.
    public static func run(
        from source: any Store, to target: any Store, progress: (Progress) -> Void = { _ in }, done: (Report) -> Void
    ) throws(StorageError) {
        guard let writing = target as? any CopyTarget else { throw .internalError("a store that nothing can be brought to") }
        let (found, known) = (try source.reads.tenancy(), try target.reads.tenancy())
        if let damage = found.damaged.first ?? known.damaged.first { throw damage }
        for organization in found.organizations {
            guard let other = known.organizations.first(where: { $0.slug == organization.slug && $0.id != organization.id }) else { continue }
            throw .alreadyExists(.organization, "\(other.slug), another one of the same name,")
        }
        for organization in found.organizations.sorted(by: { $0.id < $1.id }) {
            let wasThere = known.organizations.contains { $0.id == organization.id }
            // Of the moment that was brought, whatever is written there since.
            let wanted = wasThere ? try source.reads.digest(of: organization.id) : try writing.bring(organization, from: source, progress)
            let digest = try target.reads.digest(of: organization.id)
            guard digest == wanted else {
                let difference = "organization \(organization.slug) is not the same there: hash \(digest.text), not \(wanted.text)"
                let way = "if what is there may go, remove that store (of a database: pinyon migrate down --to 0) and copy again"
                throw .unavailable(wasThere ? "\(difference). It was there before, and one of the two has been written to since; \(way)" : "\(difference); \(way)")
            }
            done(Report(organization: organization, digest: digest, wasThere: wasThere))
        }
    }

    /// What others refer to comes first.
    fileprivate static let kinds: [[Kind]] = [[.organization, .user, .agent, .key], [.memory, .conversation, .message, .term, .pattern, .job, .audit]]

    fileprivate static func bring<Session: WriteSession>(
        _ organization: Organization, from source: any Store, to session: Session, _ progress: (Progress) -> Void
    ) throws(StorageError) -> StoreDigest {
        var (counts, rows, digest) = (StoreCounts(), 0 as Int64, StoreDigest())
        let scratch = StoreDigest.Scratch()
        let rowsTotal = try source.reads.inSnapshot(of: organization.id) { session throws(StorageError) in
            try session.counters(of: organization.id).reduce(0) { $0 + $1.count.rows }
        }
        try session.begin(of: organization.id, carefully: false)
        do throws(StorageError) {
            _ = try source.reads.content(of: organization.id) { item throws(StorageError) in
                digest.add(item, of: organization.id, scratch)
                let refusal: RowRefusal?
                switch item {
                case .row(let row):
                    refusal = try session.bring(row, &counts)
                    rows += 1
                    if rows.isMultiple(of: rowsPerProgress) { progress(Progress(slug: organization.slug, rows: rows, rowsTotal: rowsTotal)) }
                case .space(let space): refusal = try session.insert(space)
                case .wait(let wait):
                    try session.putWait(wait.kind, wait.id, of: organization.id, since: wait.since)
                    refusal = nil
                case .auditKey(let memory, let key):
                    try session.put(key, of: memory, organization.id)
                    refusal = nil
                case .receipt(let key, let row):
                    refusal = try session.put(row.receipt, under: Idempotency(key: key, digest: row.digest), of: organization.id, at: row.createdAt)
                }
                guard refusal == nil else { throw .internalError("a row of organization \(organization.slug) was not taken") }
            }
            try session.beginCounting(organization.id)
            for (kind, count) in counts.changed { try session.count(count, of: kind, organization.id) }
            _ = try session.commit()
        } catch {
            do throws(StorageError) { try session.rollBack() } catch { throw .unavailable("a transaction could not be undone: \(error)") }
            throw error
        }
        session.acknowledge()
        session.tidy()
        return digest
    }
}

/// Something that a store keeps of an organization.
enum StoreItem {
    case row(StoredRow)
    case space(EmbeddingSpace)
    case wait(WaitingRow)
    case receipt(Identifier, IdempotencyRow)
    case auditKey(Identifier, AuditKey)
}

/// A store that what another keeps can be brought to.
protocol CopyTarget: Store {
    associatedtype Session: WriteSession

    /// Runs `body` between two commits, and returns when it is done.
    func withSession(_ body: (Session) throws(StorageError) -> Void) throws(StorageError)
}

extension CopyTarget {
    fileprivate func bring(_ organization: Organization, from source: any Store, _ progress: (StoreCopy.Progress) -> Void) throws(StorageError) -> StoreDigest {
        var digest = StoreDigest()
        try withSession { session throws(StorageError) in digest = try StoreCopy.bring(organization, from: source, to: session, progress) }
        return digest
    }
}

extension WriteSession {
    /// The row and that it was written.
    fileprivate func bring(_ row: StoredRow, _ counts: inout StoreCounts) throws(StorageError) -> RowRefusal? {
        counts.add(row)
        switch row {
        case .memory(let memory):
            _ = try append(.put, .memory, memory.id, version: memory.version, of: memory.organization, at: memory.updatedAt)
            return try insert(memory)
        case .record(let record) where !Kind.followed.contains(record.kind): return try insert(record)
        case .record(let record):
            _ = try append(record.deletedAt == nil ? .put : .remove, record.kind, record.id, version: record.version, of: record.organization, at: record.updatedAt)
            return try insert(record)
        }
    }
}

extension StoreCounts {
    mutating func add(_ row: StoredRow) {
        switch row {
        case .memory(let memory): self[.memory] += Count(rows: 1, withVectors: memory.embedding == nil ? 0 : 1)
        case .record(let record):
            guard StoreCounts.kinds.contains(record.kind) else { return }
            self[record.kind] += Count(rows: 1, withVectors: record.embedding == nil ? 0 : 1, deleted: record.deletedAt == nil ? 0 : 1)
        }
    }
}

extension StoreReads {
    func digest(of organization: Identifier) throws(StorageError) -> StoreDigest {
        var digest = StoreDigest()
        let scratch = StoreDigest.Scratch()
        _ = try content(of: organization) { item throws(StorageError) in digest.add(item, of: organization, scratch) }
        return digest
    }

    /// All that is kept of an organization, as of one moment, in an order in which it can be written; and how much it is by what is kept of that.
    func content(of organization: Identifier, _ body: (StoreItem) throws(StorageError) -> Void) throws(StorageError) -> StoreCounts {
        let spaces = try tenancy().spaces.filter { $0.organization == organization }
        return try inSnapshot(of: organization) { session throws(StorageError) in
            for kind in StoreCopy.kinds[0] { try session.each(kind, of: organization) { row throws(StorageError) in try body(.row(row)) } }
            for space in spaces { try body(.space(space)) }
            for kind in StoreCopy.kinds[1] { try session.each(kind, of: organization) { row throws(StorageError) in try body(.row(row)) } }
            for wait in try session.waitingRows(of: organization, limit: Int(Int32.max)) { try body(.wait(wait)) }
            try session.eachAuditKey(of: organization) { memory, key throws(StorageError) in try body(.auditKey(memory, key)) }
            try session.eachReceipt(of: organization) { key, row throws(StorageError) in try body(.receipt(key, row)) }
            return StoreCounts(Dictionary(try session.counters(of: organization).map { ($0.kind, $0.count) }, uniquingKeysWith: { _, last in last }))
        }
    }
}
