public import Records

/// What can be asked of a store's rows. Each read waits for the first connection that is free; what is long has one of its own.
///
/// A completion runs once, on a queue of the store; it must return soon, and must not call one of the blocking methods.
public final class StoreReads: Sendable {
    private let queue: ReadQueue
    private let openAnother: @Sendable () throws(StorageError) -> any ReadSession

    init(_ queue: ReadQueue, openAnother: @escaping @Sendable () throws(StorageError) -> any ReadSession) {
        self.queue = queue
        self.openAnother = openAnother
    }

    func close() {
        queue.close()
    }

    // MARK: Rows

    /// Those of `ids` that exist and lie within the narrowing, in the order asked, expired ones too: the caller knows the moment it asks about.
    /// Together larger than `Limits.answerBytesMax` they are refused as `tooLarge`.
    ///
    /// `isWanted` is asked when the turn of the read has come, here and below: what nobody waits for any more ends as `notWanted`, unread.
    public func memories(
        _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<[Memory], StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.memories(ids, of: organization, shownTo: narrowing, withVectors: withVectors)
        }
    }

    /// A memory with all that took its place, and all whose place it took; none where it is not there.
    public func history(
        of id: Identifier, _ organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<[Memory], StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.history(of: id, organization, shownTo: narrowing, at: time)
        }
    }

    /// Newest identifiers first, without what has expired at `time`. A page ends early where it would be larger than `Limits.answerBytesMax`.
    public func page(
        _ listing: MemoryListing, of organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<MemoryPage, StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.page(listing, of: organization, shownTo: narrowing, at: time)
        }
    }

    /// Those of `ids` that exist, are not deleted and may be seen, in the order asked; never a message of a deleted conversation.
    public func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.records(kind, ids, of: organization, shownTo: narrowing, withVectors: withVectors)
        }
    }

    public func page(
        _ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<RecordPage, StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.page(listing, of: organization, shownTo: narrowing)
        }
    }

    /// A conversation that may be seen, and its last messages, newest first, as of one moment; nil where there is none.
    public func conversation(
        _ id: Identifier, messages: Int, of organization: Identifier, shownTo narrowing: Narrowing, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<(conversation: Record, messages: [Record])?, StorageError>) -> Void
    ) {
        queue.read(of: organization, isWanted: isWanted, completion) { reader throws(StorageError) in
            try reader.conversation(id, messages: messages, of: organization, shownTo: narrowing)
        }
    }

    // MARK: What the server follows

    /// Jobs of those types, of all organizations, that wait for a worker or whose worker is dead at that moment.
    public func waitingJobs(_ types: Set<JobType>, at time: Timestamp, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void) {
        queue.read(of: nil, completion) { reader throws(StorageError) in try reader.waitingJobs(types, at: time) }
    }

    /// At most `limit` of the rows that wait for their vector, those first that wait longest.
    public func waitingTexts(of organization: Identifier, limit: Int, completion: @escaping @Sendable (Result<[WaitingText], StorageError>) -> Void) {
        queue.read(of: organization, completion) { reader throws(StorageError) in try reader.waitingTexts(of: organization, limit: limit) }
    }

    /// Those that have rows which wait for their vector.
    public func organizationsDue(at time: Timestamp, completion: @escaping @Sendable (Result<[DueOrganization], StorageError>) -> Void) {
        queue.read(of: nil, completion) { reader throws(StorageError) in try reader.session.organizationsDue(at: time) }
    }

    public func organizationsWaiting(completion: @escaping @Sendable (Result<[Identifier], StorageError>) -> Void) {
        queue.read(of: nil, completion) { reader throws(StorageError) in try reader.session.organizationsWaiting() }
    }

    /// Takes the same short time however many rows there are, and a little for each that waits for its vector.
    public func counts(of organization: Identifier, completion: @escaping @Sendable (Result<StoreCounts, StorageError>) -> Void) {
        queue.read(of: organization, completion) { reader throws(StorageError) in try reader.counts(of: organization) }
    }

    /// At most `limit` changes of all organizations that come after that position, in order.
    public func changes(after position: ChangePosition, limit: Int, completion: @escaping @Sendable (Result<[ChangeRecord], StorageError>) -> Void) {
        queue.read(of: nil, completion) { reader throws(StorageError) in try reader.session.changes(after: position, limit: limit) }
    }

    /// How many changes come after that position, and when the first of them was written; those too that cannot be read yet, as an older transaction is open.
    public func unread(after position: ChangePosition, completion: @escaping @Sendable (Result<(count: Int64, since: Timestamp?), StorageError>) -> Void) {
        queue.read(of: nil, completion) { reader throws(StorageError) in try reader.session.unread(after: position) }
    }

    // MARK: Long reads

    /// All organizations, access keys and embedding spaces. Blocks; for start and tools.
    public func tenancy() throws(StorageError) -> Tenancy {
        let session = try openAnother()
        return try session.snapshot(of: nil) { () throws(StorageError) in try session.tenancy() }
    }

    /// What `body` reads of an organization is of one moment, whatever else is read meanwhile. Blocks; for tools.
    func inSnapshot<Value>(of organization: Identifier?, _ body: (any ReadSession) throws(StorageError) -> Value) throws(StorageError) -> Value {
        let session = try openAnother()
        return try session.snapshot(of: organization) { () throws(StorageError) in try body(session) }
    }

    /// Hands over every row of one organization that has a vector and can be found, some of one kind at a time, in one snapshot. Blocks; for tools.
    public func searchable(of organization: Identifier, _ body: (Kind, [StoredRow]) throws(StorageError) -> Void) throws(StorageError) {
        try inSnapshot(of: organization) { session throws(StorageError) in
            var hidden: Set<Identifier> = []
            for kind in [Kind.conversation, .message, .memory, .term] {
                var rows: [StoredRow] = []
                try session.each(kind, of: organization) { row throws(StorageError) in
                    if case .record(let record) = row {
                        if kind == .conversation, record.deletedAt != nil { hidden.insert(record.id) }
                        guard record.deletedAt == nil, record.embedding != nil, record.identifier(.conversation).map({ !hidden.contains($0) }) ?? true else { return }
                    } else if case .memory(let memory) = row, memory.embedding == nil || memory.deletedAt != nil {
                        return
                    }
                    rows.append(row)
                    guard rows.count >= StoreReads.rowsAtOnce else { return }
                    try body(kind, rows)
                    rows.removeAll(keepingCapacity: true)
                }
                try body(kind, rows)
            }
        }
    }

    private static let rowsAtOnce = 256

    /// Hands over every row that can be found and has that part, of all organizations, in one snapshot; a damaged row comes as a failure and the walk goes on.
    ///
    /// Blocks; for start and tools. The result is the position up to which the snapshot holds all changes.
    public func load(_ part: LoadedPart = .vectors, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> ChangePosition {
        let session = try openAnother()
        return try session.snapshot(of: nil) { () throws(StorageError) in try session.load(part, body) }
    }
}
