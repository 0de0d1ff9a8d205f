public import Records

/// Makes vectors of texts: the local encoder, or an endpoint.
public protocol Embedder: Sendable {
    /// What its vectors are; those of one model are of one space.
    var model: EmbeddingModel { get }

    /// What it computes in, such as `bf16`; empty where it does not tell. Vectors of the offered precisions are near enough to be of one space.
    var precision: String { get }

    var limits: EmbedderLimits { get }

    /// A vector for each of `texts`, in their order, the model's prefixes not added. Blocks the calling thread, which is one that may be blocked; any
    /// number of threads may call at once, and at most `limits.callsMax` of them are served at once. All or nothing: one text that is refused fails the call.
    ///
    /// `isWanted` is looked at now and then, from the calling thread; once it says no, the call ends with `.cancelled`.
    func embed(_ texts: [String], isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]]
}

/// How much an embedder takes at once; whoever calls it keeps within.
public struct EmbedderLimits: Sendable, Hashable {
    /// Calls that it serves at the same time.
    public var callsMax: Int
    /// Texts in one call.
    public var textsMax: Int
    /// Bytes of all texts of one call, unless it is a single text.
    public var bytesMax: Int
    /// Bytes of one text; a longer one is refused. A shorter one that still has more tokens than the model takes is cut.
    public var textBytesMax: Int

    /// The longest content there is, and a prefix.
    public static let textBytesMaxDefault = Limits.contentBytesMax + 1_024

    public init(callsMax: Int, textsMax: Int, bytesMax: Int, textBytesMax: Int = EmbedderLimits.textBytesMaxDefault) {
        self.callsMax = callsMax
        self.textsMax = textsMax
        self.bytesMax = bytesMax
        self.textBytesMax = textBytesMax
    }

    /// Refuses the first text that is empty or too long.
    public func check(_ texts: [String]) throws(EmbeddingError) {
        for (place, text) in texts.enumerated() {
            let bytes = text.utf8.count
            guard bytes <= textBytesMax else { throw .textTooLong(text: place, bytes: bytes, bytesMax: textBytesMax) }
            guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { throw .emptyText(text: place) }
        }
    }
}
