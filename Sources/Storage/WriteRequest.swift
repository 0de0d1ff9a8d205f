public import Records

/// One change, all of it or nothing.
public struct WriteRequest: Sendable {
    public let organization: Identifier
    /// The moment of the request: idempotency keys and expired memories are judged by it.
    public let at: Timestamp
    public let action: WriteAction
    /// Rows beyond it are treated as if they were not there.
    public let narrowing: Narrowing
    public let idempotency: Idempotency?
    /// The main space that the organization gets if it has none: made with the action, or not at all. Where there is one already, the action's vectors
    /// are kept in it if it is of the same model, and refused otherwise.
    public let newSpace: EmbeddingSpace?
    /// Whether rows that have a text and are left without a vector of their own wait for one.
    public let vectorsFollow: Bool
    /// The step of a job that the action is: taken with it, or the action is refused.
    public let step: JobStep?
    /// A job that is made with the action where that changes how memories fade.
    public let whenFadingChanges: Record?

    public init(
        organization: Identifier, at: Timestamp, action: WriteAction, narrowing: Narrowing = .none, idempotency: Idempotency? = nil,
        newSpace: EmbeddingSpace? = nil, vectorsFollow: Bool = false, step: JobStep? = nil, whenFadingChanges: Record? = nil
    ) {
        self.organization = organization
        self.at = at
        self.action = action
        self.narrowing = narrowing
        self.idempotency = idempotency
        self.newSpace = newSpace
        self.vectorsFollow = vectorsFollow
        self.step = step
        self.whenFadingChanges = whenFadingChanges
    }
}

public enum WriteAction: Sendable {
    /// The organization and the first key with which it can be reached.
    case createOrganization(Organization, AccessKey)
    /// The agent of this slug: the one that exists, with change 0, or else this one. One that was deleted is restored.
    case ensureAgent(Agent)
    /// The organization's main space: the one that exists, or else this one. Spaces are no kind of the change sequence, so the change is 0.
    case ensureSpace(EmbeddingSpace)
    /// Without keepings all are stored as they are; with them there is one for each.
    case remember([Memory], [Keeping] = [])
    /// Read, changed by `MemoryPatch.applied` and written back in one transaction; `space` is that of a vector that is set.
    case update(MemoryPatch, space: Identifier?)
    /// Rows really go, and their bytes with them. If one does not exist, none is deleted. An expired memory can be deleted.
    case delete([Identifier])

    /// New records. What follows from them — a conversation's count, last activity and vector — is kept in the same transaction.
    case create([Record])
    case change(RecordPatch, space: Identifier?)
    /// Hidden where the kind can be restored, gone otherwise. If one does not exist, nothing happens to any.
    case remove(Kind, [Identifier])
    case restore(Kind, [Identifier])
    /// One more use of a term, or sighting of a pattern.
    case use(Kind, [Identifier])
    /// What a user did with suggestions, and words of his that no entry knows, as patterns; what he accepted counts as used.
    case learn([LearnEvent], words: [String: Int64], user: Identifier)
    /// Conversations to which nothing more is said; one that has ended already stays as it is.
    case end([Identifier])
    /// A new key in the place of an old one, which goes on until that moment, or until its own earlier end.
    case rotateKey(Identifier, new: Record, until: Timestamp)
    /// From the moment of the request on; a second time changes nothing.
    case revokeKey(Identifier)
    /// What keys were used for since it was last written. No change of the sequence: nothing derived follows it.
    case noteKeyUses([KeyUse])
    /// Memories that were recalled, and when: each counts an access, unless it had one shortly before. One that is gone is passed over.
    case noteAccesses([Identifier: Timestamp])
    /// Recalls that were answered, as entries of the audit. Like uses of keys they are no change of the sequence.
    case trace([RecallTrace])
    /// At most `limit` entries of the audit that are older than that moment go for good.
    case endAudit(before: Timestamp, limit: Int)
    /// Memories that are due are hidden, and those that were for long deleted.
    case forget(Sweep)
    /// When memories are forgotten is reckoned anew, as their agents' settings are now.
    case redate(MemoryPart)
    /// At most `limit` of the rows that are to go for good.
    case erase(Erasure, limit: Int)
    /// For a part of the memories of the session.
    case endSession(SessionEnding, MemoryPart)
    /// Rows of another server. Conversations count their messages anew; the rest stays as it is.
    case bring(ImportBatch)
    /// At most `limit` messages and conversations older than that moment go for good.
    case retain(since: Timestamp, limit: Int)
    /// A worker gets a job that nobody holds, or whose holder is dead.
    case claimJob(Identifier, worker: Identifier)
    case stepJob(JobStep)
    case controlJob(Identifier, JobControl)
    /// Vectors of that space for rows that wait for them. A row whose text is another by now, or that has a vector, is passed over.
    case embed([MadeVector], space: Identifier)
}

/// Uses of one key, counted together.
public struct KeyUse: Hashable, Sendable {
    public let key: Identifier
    public let count: Int64
    public let last: Timestamp
    /// An address as a number.
    public let from: String

    public init(key: Identifier, count: Int64, last: Timestamp, from: String) {
        self.key = key
        self.count = count
        self.last = last
        self.from = from
    }
}

/// What makes the retry of a request harmless.
public struct Idempotency: Hashable, Sendable {
    public let key: Identifier
    /// SHA-256 of the request's body, 32 bytes.
    public let digest: [UInt8]

    public static let digestBytes = 32

    public init(key: Identifier, digest: [UInt8]) {
        self.key = key
        self.digest = digest
    }
}

public struct WriteOutcome: Hashable, Sendable {
    public internal(set) var receipt: WriteReceipt
    /// The request's memories, as they are afterwards. Empty after a replay.
    public let memories: [Memory]
    /// Every record that indexes must take anew, as it is afterwards: those of the request, and those that follow them. Empty after a replay.
    public internal(set) var records: [Record]
    /// What can no longer be found.
    public let removed: [Kind: [Identifier]]
    /// The main space, after `ensureSpace` or a request that brought a new one.
    public internal(set) var space: EmbeddingSpace?
    /// Nothing was written: the receipt is that of the first request under this idempotency key.
    public let isReplay: Bool
    /// The transaction that wrote it, as changes name it, where several write to one store. Nil after a replay.
    public internal(set) var transaction: UInt64?

    public init(
        receipt: WriteReceipt, memories: [Memory] = [], records: [Record] = [], removed: [Kind: [Identifier]] = [:], space: EmbeddingSpace? = nil,
        isReplay: Bool = false
    ) {
        self.receipt = receipt
        self.memories = memories
        self.records = records
        self.removed = removed
        self.space = space
        self.isReplay = isReplay
    }
}
