public import Records

/// What a store does to read rows, so that `Reader` can answer from them: one connection, in one snapshot at a time.
///
/// A row that is read was checked, and is of the organization that it was asked for of.
protocol ReadSession: AnyObject {
    /// Everything that `body` reads is of one moment, and of that organization; without one it is of all.
    func snapshot<Value>(of organization: Identifier?, _ body: () throws(StorageError) -> Value) throws(StorageError) -> Value

    /// Those that exist, in any order.
    func memories(_ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Memory]
    /// Those whose place one of these took.
    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory]
    /// Newest identifiers first, from where the listing says on, until `body` returns false. What the store does not narrow by, `Reader` leaves out.
    func each(_ listing: MemoryListing, of organization: Identifier, _ body: (Memory) throws(StorageError) -> Bool) throws(StorageError)

    /// Those that exist, in any order.
    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Record]
    /// Those that are hidden.
    func deletedConversations(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Identifier]
    /// In the listing's order, until `body` returns false. `passingDamage` leaves out rows that are damaged.
    func each(_ listing: RecordListing, of organization: Identifier, passingDamage: Bool, _ body: (Record) throws(StorageError) -> Bool) throws(StorageError)
    /// Those that are queued or running.
    func openJobs() throws(StorageError) -> [Record]

    func waits(of organization: Identifier) throws(StorageError) -> StoreCounts.Waits
    /// Those first that wait longest.
    func waitingRows(of organization: Identifier, limit: Int) throws(StorageError) -> [WaitingRow]
    func organizationsWaiting() throws(StorageError) -> [Identifier]
    /// Those that have memories which are due by then, hidden ones, or entries of the audit, and since when.
    func organizationsDue(at time: Timestamp) throws(StorageError) -> [DueOrganization]

    /// By what digests of texts are made, of those of the memories that have it.
    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [Identifier: AuditKey]
    /// All of an organization.
    func eachAuditKey(of organization: Identifier, _ body: (Identifier, AuditKey) throws(StorageError) -> Void) throws(StorageError)

    /// What was answered under each key of a request.
    func eachReceipt(of organization: Identifier, _ body: (Identifier, IdempotencyRow) throws(StorageError) -> Void) throws(StorageError)

    /// Of the kinds that are counted; none when there is no such organization.
    func counters(of organization: Identifier) throws(StorageError) -> [(kind: Kind, count: StoreCounts.Count)]
    func changes(after position: ChangePosition, limit: Int) throws(StorageError) -> [ChangeRecord]
    /// How many come after it, those that cannot be read yet too, and when the first was written.
    func unread(after position: ChangePosition) throws(StorageError) -> (count: Int64, since: Timestamp?)
    func tenancy() throws(StorageError) -> Tenancy
    /// Every row of a searchable kind that can be found and has that part.
    func load(_ part: LoadedPart, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> ChangePosition
}

/// What of rows is read to fill indexes with.
public enum LoadedPart: Sendable {
    /// Rows that have one. What no filter knows may come empty.
    case vectors
    /// All rows, without vectors.
    case texts
}

extension ReadSession {
    func memory(_ id: Identifier, of organization: Identifier, withVector: Bool) throws(StorageError) -> Memory? {
        try memories([id], of: organization, withVectors: withVector).first
    }

    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier, withVector: Bool) throws(StorageError) -> Record? {
        try records(kind, [id], of: organization, withVectors: withVector).first
    }
}

/// All of one kind, hidden ones too.
extension ReadSession {
    func each(_ kind: Kind, of organization: Identifier, _ body: (StoredRow) throws(StorageError) -> Void) throws(StorageError) {
        if kind == .memory {
            return try each(MemoryListing(limit: Limits.pageMax, withVectors: true), of: organization) { memory throws(StorageError) in
                try body(.memory(memory))
                return true
            }
        }
        try each(RecordListing(kind, isAscending: true, deleted: .with, limit: Limits.pageMax, withVectors: true), of: organization, passingDamage: false) { record throws(StorageError) in
            try body(.record(record))
            return true
        }
    }
}

/// A row whose vector is to be made.
struct WaitingRow {
    let kind: Kind
    let id: Identifier
    let since: Timestamp
}

/// An organization in which something may have to go.
public struct DueOrganization: Hashable, Sendable {
    public let organization: Identifier
    public let isDue: Bool
    /// When the first of those was hidden that still are.
    public let hiddenAt: Timestamp?
    /// When the first entry of its audit was written.
    public let auditedAt: Timestamp?
}
