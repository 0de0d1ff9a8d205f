/// Every limit on what one record or one request may hold. Limits of a running server (connections, queues, times) are in its configuration.
public enum Limits {
    /// Nesting of any JSON that comes from outside.
    public static let jsonDepthMax = 32
    /// Values in one piece of JSON from outside, those within others counted.
    public static let jsonValuesMax = 16_384
    public static let metadataBytesMax = 65_536
    public static let contentBytesMax = 262_144
    public static let nameBytesMax = 255
    public static let slugBytesMax = 100
    /// A title, a term, a link.
    public static let titleBytesMax = 500
    /// The name of a model, or of a context.
    public static let modelBytesMax = 100
    public static let exampleBytesMax = 2_000
    /// As BCP 47 writes languages: `de`, `pt-BR`.
    public static let languageBytesMax = 35
    public static let tagsMax = 64
    public static let tagBytesMax = 100
    /// pgvector's own limit for a stored vector.
    public static let dimensionMax = 16_000
    /// Memories in one batch, and identifiers in one get.
    public static let batchMax = 1_000
    public static let pageMax = 1_000
    /// Memories that one audit entry names.
    public static let tracedMemoriesMax = 300
    /// Recalls of one organization that wait to be written to the audit; where the store is away for so long that there are more, the newest are lost.
    public static let tracesWaitingMax = 20_000
    public static let kMax = 10_000
    public static let suggestionsMax = 100
    /// A text that is looked through for terms.
    public static let detectedTextBytesMax = 1_048_576
    /// Places where terms stand, in one answer.
    public static let occurrencesMax = 250_000
    /// Texts whose words are counted in one request, and words that are counted of one user.
    public static let typedTextsMax = 100
    public static let countedWordsMax = 400
    /// Entries that are written like the one that was found.
    public static let homonymsMax = 16
    /// More lists than any index has.
    public static let probesMax = 1_000_000
    public static let filterDepthMax = 16
    public static let filterNodesMax = 256
    /// Values in one any-of or all-of.
    public static let filterValuesMax = 1_000
    public static let filterPathMax = 8
    public static let textQueryBytesMax = 65_536
    /// Body of one frame, either way. Below it, a batch is bounded by its bytes and not only by its count.
    public static let frameBytesMax = 16 * 1_024 * 1_024
    /// Memories in one answer: a page ends before it, and what was asked for by identifier is refused beyond it.
    public static let answerBytesMax = 12 * 1_024 * 1_024
    /// How long the answer to a write is kept for a retry under the same idempotency key.
    public static let idempotencySeconds: Int64 = 24 * 60 * 60
    /// A worker that says nothing for so long has died, and its job may be taken over.
    public static let jobLeaseSeconds: Int64 = 30
    public static let retentionDaysMax: Int64 = 36_500
}
