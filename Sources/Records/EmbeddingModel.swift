/// What makes vectors comparable: two texts' vectors may be compared when all of this was the same for both.
public struct EmbeddingModel: Hashable, Sendable {
    /// `local`, `openai`, or `none` where callers bring their own vectors.
    public let provider: String
    public let name: String
    /// The hash of the weights where we have them, or else what the provider calls this version; empty where nobody says.
    public let revision: String
    public let dimension: Int
    /// `mean` or `cls`: how the vectors of a text's tokens become one; empty where that is the provider's business.
    public let pooling: String
    /// Put before a text that is searched with, and before one that is stored.
    public let queryPrefix: String
    public let passagePrefix: String
    /// Whether its vectors have length one.
    public let isNormalized: Bool

    public init(
        provider: String, name: String, revision: String, dimension: Int, pooling: String = "", queryPrefix: String = "", passagePrefix: String = "",
        isNormalized: Bool = false
    ) {
        self.provider = provider
        self.name = name
        self.revision = revision
        self.dimension = dimension
        self.pooling = pooling
        self.queryPrefix = queryPrefix
        self.passagePrefix = passagePrefix
        self.isNormalized = isNormalized
    }

    /// That of vectors which callers bring, of whose origin nothing is known but that it is one.
    public static func ofCallers(dimension: Int) -> EmbeddingModel {
        EmbeddingModel(provider: "none", name: "given by the caller", revision: "", dimension: dimension)
    }

    public var isOfCallers: Bool { provider == "none" }

    /// Everything on which it hangs whether vectors may be compared. Where a revision says which weights they are, their name is only how people call them.
    public var identity: [String] {
        [
            provider, revision.isEmpty ? name : "", revision, "\(dimension)", pooling, queryPrefix, passagePrefix, isNormalized ? "normalized" : "",
        ]
    }

    public func isSame(as other: EmbeddingModel) -> Bool { identity == other.identity }
}

extension EmbeddingModel: CustomStringConvertible {
    /// `all-MiniLM-L6-v2 of local, revision 53aa51172d14, 384 dimensions`, as sentences say it.
    public var description: String {
        if isOfCallers { return "vectors that callers bring, \(dimension) dimensions" }
        return "\(name) of \(provider)\(revision.isEmpty ? "" : ", revision \(revision.prefix(12))"), \(dimension) dimensions"
    }
}
