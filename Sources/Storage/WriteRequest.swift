public import Records

/// One change, all of it or nothing.
public struct WriteRequest: Sendable {
    public let organization: Identifier
    /// The moment of the request: idempotency keys and expired memories are judged by it.
    public let at: Timestamp
    public let action: WriteAction
    public let idempotency: Idempotency?
    /// The main space that the organization gets if it has none: made with the action, or not at all. Vectors of the action are kept in the one that is
    /// there afterwards, and refused when its dimension is another.
    public let newSpace: EmbeddingSpace?

    public init(
        organization: Identifier, at: Timestamp, action: WriteAction, idempotency: Idempotency? = nil, newSpace: EmbeddingSpace? = nil
    ) {
        self.organization = organization
        self.at = at
        self.action = action
        self.idempotency = idempotency
        self.newSpace = newSpace
    }
}

public enum WriteAction: Sendable {
    /// The organization and the first key with which it can be reached.
    case createOrganization(Organization, AccessKey)
    /// The agent of this slug: the one that exists, with change 0, or else this one.
    case ensureAgent(Agent)
    /// The organization's main space: the one that exists, or else this one. Spaces are no kind of the change sequence, so the change is 0.
    case ensureSpace(EmbeddingSpace)
    case remember([Memory])
    /// Read, changed by `MemoryPatch.applied` and written back in one transaction; `space` is that of a vector that is set.
    case update(MemoryPatch, space: Identifier?)
    /// Rows really go, and their bytes with them. If one does not exist, none is deleted. An expired memory can be deleted.
    case delete([Identifier])
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
    public let receipt: WriteReceipt
    /// The memory as it is after an update that was not a replay; otherwise empty.
    public let memories: [Memory]
    /// The main space, after `ensureSpace` or a request that brought a new one.
    public internal(set) var space: EmbeddingSpace?
    /// Nothing was written: the receipt is that of the first request under this idempotency key.
    public let isReplay: Bool

    public init(receipt: WriteReceipt, memories: [Memory] = [], space: EmbeddingSpace? = nil, isReplay: Bool = false) {
        self.receipt = receipt
        self.memories = memories
        self.space = space
        self.isReplay = isReplay
    }
}
