import Records

/// What a store does with single rows, so that `Writer` can carry out requests: one connection, in one transaction at a time.
///
/// A row that is read was checked, and is of the organization that it was asked for of.
protocol WriteSession: AnyObject, SendableMetatype {
    /// Whether a transaction may hold rows of one organization alone.
    static var holdsOneOrganization: Bool { get }

    /// A transaction of that organization, and of others unless it holds one alone. A careful one can go on after a row was refused.
    func begin(of organization: Identifier, carefully: Bool) throws(StorageError)
    /// The open transaction failed at a row that a careful one would have refused, and can only be undone.
    var wantsCare: Bool { get }
    /// What was written is on disk when it returns. The result is the transaction as its changes name it, where several write to one store.
    func commit() throws(StorageError) -> UInt64?
    func rollBack() throws(StorageError)
    /// What comes after a mark can be undone by itself. Marks nest; each ends by one of the two.
    func mark() throws(StorageError)
    func release() throws(StorageError)
    func rollBackToMark() throws(StorageError)
    /// Notes, where that is kept, up to where commits will be acknowledged, before they are.
    func acknowledge()
    /// What is worth doing between two commits.
    func tidy()
    /// Nothing follows.
    func close()

    /// Adds to the change sequence, and returns the number.
    func append(
        _ operation: ChangeRecord.Operation, _ kind: Kind, _ record: Identifier, version: Int64, of organization: Identifier, at time: Timestamp
    ) throws(StorageError) -> Int64

    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier, withVector: Bool) throws(StorageError) -> Record?
    /// Those that exist, in any order.
    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Record]
    func insert(_ record: Record) throws(StorageError) -> RowRefusal?
    func update(_ record: Record) throws(StorageError) -> RowRefusal?
    /// A memory, or a record of another kind.
    func delete(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError)
    func agent(slug: String, of organization: Identifier) throws(StorageError) -> Record?
    /// Those of a conversation that are not deleted, with their versions.
    func messages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [WriteReceipt.Row]
    func liveMessages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [Record]
    /// Messages and audit entries that were written before, or conversations in which nothing happened since and no message is left; the oldest first.
    func older(_ kind: Kind, than time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier]

    func memory(_ id: Identifier, of organization: Identifier) throws(StorageError) -> Memory?
    /// Those that exist, in any order.
    func memories(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory]
    /// Those that are not hidden, are of the same agent, user and session as that memory, have not ended by then, and whose text has that hash.
    func memories(hash: Int64, beside memory: Memory, after begin: Timestamp, limit: Int) throws(StorageError) -> [Memory]
    /// Those whose place one of these took, hidden ones too.
    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory]
    /// Those that are not hidden and of which that column says that their time has come by then; the first first.
    func memories(due column: DueColumn, at time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory]
    /// Those that were hidden before then.
    func hiddenMemories(before time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory]
    /// Those that are not hidden, in the order of their identifiers.
    func memories(_ part: MemoryPart, of organization: Identifier) throws(StorageError) -> [Memory]
    /// What the organization's settings say of memories; the row is not held.
    func memorySettings(of organization: Identifier) throws(StorageError) -> JSON?
    func insert(_ memory: Memory) throws(StorageError) -> RowRefusal?
    func update(_ memory: Memory) throws(StorageError) -> RowRefusal?

    func mainSpace(of organization: Identifier) throws(StorageError) -> EmbeddingSpace?
    func space(_ id: Identifier, of organization: Identifier) throws(StorageError) -> EmbeddingSpace?
    /// As the organization's main one.
    func insert(_ space: EmbeddingSpace) throws(StorageError) -> RowRefusal?

    /// The row waits for its vector; one that waits already goes on waiting since then.
    func putWait(_ kind: Kind, _ id: Identifier, of organization: Identifier, since time: Timestamp) throws(StorageError)
    func endWait(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError)

    /// Of a new organization.
    func beginCounting(_ organization: Identifier) throws(StorageError)
    func count(_ more: StoreCounts.Count, of kind: Kind, _ organization: Identifier) throws(StorageError)

    func receipt(under key: Identifier, of organization: Identifier) throws(StorageError) -> IdempotencyRow?
    /// In the place of what was there under the key.
    func put(_ receipt: WriteReceipt, under idempotency: Idempotency, of organization: Identifier, at time: Timestamp) throws(StorageError) -> RowRefusal?
    /// The oldest of those that were put until then.
    func purgeReceipts(until time: Timestamp, limit: Int) throws(StorageError)
    /// Of each of those memories that exists, by what digests of its texts are made; nil of one that has none yet. One whose key is damaged is left out.
    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [(memory: Identifier, key: AuditKey?)]
    func put(_ key: AuditKey, of memory: Identifier, _ organization: Identifier) throws(StorageError)
    /// What can be told of a row that is damaged, so that it can be counted when it goes; nil where there is none.
    func traces(of kind: Kind, _ id: Identifier, in organization: Identifier) throws(StorageError) -> RowTraces?
    /// All of an organization.
    func purgeReceipts(of organization: Identifier) throws(StorageError)
    /// Of rows of a kind, hidden ones too, whose field holds that identifier.
    func identifiers(_ kind: Kind, _ field: RecordField, _ value: Identifier, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier]
}

extension WriteSession {
    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError) -> Record? {
        try find(kind, id, of: organization, withVector: true)
    }
}

/// What a row would have violated that was not taken.
enum RowRefusal {
    case unique
    case foreignKey
    case other(String)
}

/// What is left to be told of a row whose checksum is wrong.
struct RowTraces {
    let version: Int64
    let hasVector: Bool
    let isDeleted: Bool
}
