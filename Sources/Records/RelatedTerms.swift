/// An entry of a dictionary whose relatives are wanted.
public struct RelatedRequest: Hashable, Sendable {
    /// Whose dictionary it is; for a key of one user, that one.
    public var user: Identifier?
    public var id: Identifier
    public var limit: Int

    public init(_ id: Identifier, user: Identifier? = nil, limit: Int = 10) {
        self.id = id
        self.user = user
        self.limit = limit
    }

    public func check() throws(FieldError) {
        guard (1...Limits.suggestionsMax).contains(limit) else { throw FieldError("limit", .outOfRange("from 1 to \(Limits.suggestionsMax)")) }
    }
}

/// A term that has to do with another, and why.
public struct RelatedTerm: Hashable, Sendable {
    public let id: Identifier
    public let term: String
    public let context: String?
    public let isOwn: Bool
    public let isDeprecated: Bool
    /// The entry names it as related.
    public let isNamed: Bool
    /// So often the definition has it.
    public let mentions: Int
    /// The cosine of both, where it is among those that mean nearly the same.
    public let similarity: Double?

    public init(
        id: Identifier, term: String, context: String? = nil, isOwn: Bool = false, isDeprecated: Bool = false, isNamed: Bool = false, mentions: Int = 0, similarity: Double? = nil
    ) {
        (self.id, self.term, self.context, self.isOwn, self.isDeprecated) = (id, term, context, isOwn, isDeprecated)
        (self.isNamed, self.mentions, self.similarity) = (isNamed, mentions, similarity)
    }
}

extension RelatedTerm {
    /// As it is printed.
    public var json: JSON {
        var members = [JSON.Member("id", .text(id.description)), JSON.Member("term", .text(term))]
        if let context { members.append(JSON.Member("context", .text(context))) }
        members += [JSON.Member("own", .bool(isOwn)), JSON.Member("named", .bool(isNamed)), JSON.Member("mentions", .integer(Int64(mentions)))]
        if let similarity { members.append(JSON.Member("similarity", .number(similarity))) }
        if isDeprecated { members.append(JSON.Member("deprecated", true)) }
        return .object(members)
    }
}
