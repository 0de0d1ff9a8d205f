public import Lexical
public import Recall
public import Records

/// What suggestions need to know of an entry of a dictionary.
public struct TermEntry: Hashable, Sendable {
    public var id: Identifier
    public var owner: Identifier
    public var term: String
    public var context: String?
    public var frecency: Frecency
    public var isPublic: Bool
    public var standing: TermStanding
    /// The term to use in its place, where it is deprecated.
    public var preferred: String?
    /// Whose inflections it has, where they are known.
    public var language: Language?

    public init(
        id: Identifier, owner: Identifier, term: String, context: String? = nil, frecency: Frecency = Frecency(), isPublic: Bool = false, standing: TermStanding = .preferred,
        preferred: String? = nil, language: Language? = nil
    ) {
        self.id = id
        self.owner = owner
        self.term = term
        self.context = context
        self.frecency = frecency
        self.isPublic = isPublic
        self.standing = standing
        self.preferred = preferred
        self.language = language
    }
}
