public import Records

/// Reads all rows of a store, whatever keeps it, and compares what is kept of their number.
public enum StoreCheck {
    public struct Report: Sendable {
        public let organization: Organization
        public let digest: StoreDigest
        /// A sentence each.
        public let findings: [String]
    }

    /// Blocks. Of each organization all is of one moment; servers may be at work.
    public static func run(_ store: any Store, done: (Report) -> Void) throws(StorageError) {
        let tenancy = try store.reads.tenancy()
        if let damage = tenancy.damaged.first { throw damage }
        for organization in tenancy.organizations.sorted(by: { $0.id < $1.id }) { done(try report(organization, store)) }
    }

    private static func report(_ organization: Organization, _ store: any Store) throws(StorageError) -> Report {
        var (digest, counts, conversations) = (StoreDigest(), StoreCounts(), [Identifier: (kept: Int64, found: Int64)]())
        var (dimensions, strange) = ([Identifier: Int](), [Kind: Int]())
        let scratch = StoreDigest.Scratch()
        let kept = try store.reads.content(of: organization.id) { item throws(StorageError) in
            digest.add(item, of: organization.id, scratch)
            if case .space(let space) = item { dimensions[space.id] = space.dimension }
            guard case .row(let row) = item else { return }
            counts.add(row)
            if let (kind, embedding) = row.embedding, dimensions[embedding.space] != embedding.vector.count { strange[kind, default: 0] += 1 }
            guard case .record(let record) = row else { return }
            if record.kind == .conversation { conversations[record.id, default: (0, 0)].kept = record.integer(.messageCount) ?? 0 }
            if record.kind == .message, record.deletedAt == nil, let id = record.identifier(.conversation) { conversations[id, default: (0, 0)].found += 1 }
        }
        var findings: [String] = []
        for kind in StoreCounts.kinds where kept[kind] != counts[kind] { findings.append("\(kind.plural): kept as \(text(kept[kind])), found \(text(counts[kind]))") }
        for (id, count) in conversations.sorted(by: { $0.key < $1.key }) where count.kept != count.found {
            findings.append("conversation \(id): kept \(count.kept) messages, found \(count.found)")
        }
        for (kind, count) in strange.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { findings.append("\(kind.plural): \(count) with a vector that is not of their space, which no search finds") }
        return Report(organization: organization, digest: digest, findings: findings)
    }

    private static func text(_ count: StoreCounts.Count) -> String { "\(count.rows), \(count.withVectors) with vectors, \(count.deleted) deleted" }
}

extension StoredRow {
    fileprivate var embedding: (Kind, Embedding)? {
        switch self {
        case .memory(let memory): memory.embedding.map { (.memory, $0) }
        case .record(let record): record.embedding.map { (record.kind, $0) }
        }
    }
}
