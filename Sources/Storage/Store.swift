public import Records

/// Where the truth is kept. What is in memory elsewhere is derived from it and follows its change sequence.
///
/// Every call may come from any thread. A completion runs once, on a queue of the store; it must return soon, and must not call one of the
/// blocking methods. Every operation on a tenant's rows names the organization, and sees no other organization's rows.
public protocol Store: Sendable {
    /// Many waiting writes share one durable commit. Their completions run in the order of the commits, and only after the data is on disk
    /// or the request has failed. What waits is bounded: beyond that the answer is `busy`.
    func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void)

    /// Those of `ids` that exist and lie within the narrowing, in the order asked, expired ones too: the caller knows the moment it asks about.
    /// Together larger than `Limits.answerBytesMax` they are refused as `tooLarge`.
    ///
    /// `isWanted` is asked when the turn of the read has come, here and below: what nobody waits for any more ends as `notWanted`, unread.
    func memories(
        _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<[Memory], StorageError>) -> Void)

    /// Newest identifiers first, without what has expired at `time`. A page ends early where it would be larger than `Limits.answerBytesMax`.
    func page(
        _ listing: MemoryListing, of organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<MemoryPage, StorageError>) -> Void)

    /// Those of `ids` that exist, are not deleted and may be seen, in the order asked; never a message of a deleted conversation.
    func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void)

    func page(
        _ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Result<RecordPage, StorageError>) -> Void)

    /// Jobs of those types, of all organizations, that wait for a worker or whose worker is dead at that moment.
    func waitingJobs(_ types: Set<JobType>, at time: Timestamp, completion: @escaping @Sendable (Result<[Record], StorageError>) -> Void)

    /// At most `limit` of the rows that wait for their vector, those first that wait longest.
    func waitingTexts(of organization: Identifier, limit: Int, completion: @escaping @Sendable (Result<[WaitingText], StorageError>) -> Void)

    /// Those that have rows which wait for their vector.
    func organizationsWaiting(completion: @escaping @Sendable (Result<[Identifier], StorageError>) -> Void)

    /// Takes the same short time however many rows there are, and a little for each that waits for its vector.
    func counts(of organization: Identifier, completion: @escaping @Sendable (Result<StoreCounts, StorageError>) -> Void)

    /// At most `limit` changes of all organizations with numbers greater than `after`, in order and without gaps.
    func changes(after number: Int64, limit: Int, completion: @escaping @Sendable (Result<[ChangeRecord], StorageError>) -> Void)

    /// All organizations, access keys and embedding spaces. Blocks; for start and tools.
    func tenancy() throws(StorageError) -> Tenancy

    /// Hands over every row that has a vector and can be found, of all organizations, in one snapshot; a damaged row comes as a failure and the walk goes on.
    ///
    /// Blocks; for start and tools. The result is the number of the last change that the snapshot holds, 0 before the first.
    func load(_ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> Int64

    /// Refuses what comes from now on, completes what was accepted, and returns when all is on disk and nothing is held open.
    func close()
}
