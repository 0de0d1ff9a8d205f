public import Records

/// Where the truth is kept. What is in memory elsewhere is derived from it and follows its change sequence.
///
/// Every call may come from any thread. A completion runs once, on a queue of the store; it must return soon, and must not call one of the
/// blocking methods. Every operation on a tenant's rows names the organization, and sees no other organization's rows.
public protocol Store: Sendable {
    /// Many waiting writes share one durable commit. Their completions run in the order of the commits, and only after the data is on disk
    /// or the request has failed. What waits is bounded: beyond that the answer is `busy`.
    func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void)

    /// What is asked of its rows.
    var reads: StoreReads { get }

    /// Name and versions, for `status`.
    var facts: JSON { get }
    /// What was noticed on opening and did not prevent it; for the log.
    var notes: [String] { get }
    /// Whether others may write to it too.
    var isShared: Bool { get }

    /// After rows were deleted: overwrites what is left of them where the store can. False while somebody still reads what was before; then it is to be tried again. Blocks.
    func scrub() throws(StorageError) -> Bool

    /// What is worth doing every minute or so, and when changes are gone: forgets changes that everybody has had time to read. Blocks.
    func tend() throws(StorageError)

    /// Refuses what comes from now on, completes what was accepted, and returns when all is on disk and nothing is held open.
    func close()
}
