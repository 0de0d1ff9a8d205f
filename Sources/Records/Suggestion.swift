/// What is asked while somebody types: which of his terms that may become.
public struct SuggestRequest: Hashable, Sendable {
    /// Whose dictionary it is; for a key of one user, that one.
    public var user: Identifier?
    /// The last words that were typed; the last of them may not be finished.
    public var typed: String
    /// Terms of it stand before others that fit as well.
    public var context: String?
    public var limit: Int
    /// Whether each comes with its definition, which is read from the store.
    public var withDefinitions: Bool
    /// In place of what letters find, what is near in meaning and is not among that: it takes a vector, and so longer.
    public var byMeaning: Bool

    public init(_ typed: String, user: Identifier? = nil, context: String? = nil, limit: Int = 10, withDefinitions: Bool = false, byMeaning: Bool = false) {
        self.typed = typed
        self.user = user
        self.context = context
        self.limit = limit
        self.withDefinitions = withDefinitions
        self.byMeaning = byMeaning
    }

    public func check() throws(FieldError) {
        try Checks.text(typed, "typed", bytesMax: Limits.titleBytesMax)
        try Checks.term(typed, "typed")
        if let context { try Checks.text(context, "context", bytesMax: Limits.modelBytesMax) }
        guard (1...Limits.suggestionsMax).contains(limit) else { throw FieldError("limit", .outOfRange("from 1 to \(Limits.suggestionsMax)")) }
    }
}

/// A term that is offered, and why.
public struct Suggestion: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// It is what was typed.
        case exact
        /// It begins with what was typed.
        case prefix
        /// It begins with what was typed but for so many typos.
        case typos(Int)
        /// Of the trigrams of both, that share is common to both.
        case similar(Double)
        /// The cosine of what was typed and its definition.
        case meaning(Double)
    }

    public let id: Identifier
    public let term: String
    public let reason: Reason
    /// Where in the typed text that which it stands for begins, in bytes; from there on it takes its place.
    public let start: Int
    public let context: String?
    /// Whether that is the context that was asked for.
    public let fitsContext: Bool
    public let isOwn: Bool
    /// The deprecated term that was found, in whose place this one is preferred.
    public let insteadOf: String?
    /// It is not to be used, and no entry is there that is preferred.
    public let isDeprecated: Bool
    /// What to say in the place of a deprecated one, where no entry is called so.
    public let preferred: String?
    /// The user rejected it twice in the context that was asked for, so it stands behind all others.
    public let isRejected: Bool
    /// When it was asked for.
    public var definition: String?

    public init(
        id: Identifier, term: String, reason: Reason, start: Int, context: String?, fitsContext: Bool, isOwn: Bool, insteadOf: String? = nil, isDeprecated: Bool = false,
        preferred: String? = nil, isRejected: Bool = false, definition: String? = nil
    ) {
        self.id = id
        self.term = term
        self.reason = reason
        self.start = start
        self.context = context
        self.fitsContext = fitsContext
        self.isOwn = isOwn
        self.insteadOf = insteadOf
        self.isDeprecated = isDeprecated
        self.preferred = preferred
        self.isRejected = isRejected
        self.definition = definition
    }
}

extension Suggestion {
    /// As it is printed.
    public var json: JSON {
        var members = [JSON.Member("id", .text(id.description)), JSON.Member("term", .text(term))]
        switch reason {
        case .exact: members.append(JSON.Member("reason", "exact"))
        case .prefix: members.append(JSON.Member("reason", "prefix"))
        case .typos(let count): members += [JSON.Member("reason", "typos"), JSON.Member("typos", .integer(Int64(count)))]
        case .similar(let share): members += [JSON.Member("reason", "similar"), JSON.Member("similarity", .number(share))]
        case .meaning(let cosine): members += [JSON.Member("reason", "meaning"), JSON.Member("similarity", .number(cosine))]
        }
        members.append(JSON.Member("start", .integer(Int64(start))))
        if let context { members.append(JSON.Member("context", .text(context))) }
        members += [JSON.Member("fits_context", .bool(fitsContext)), JSON.Member("own", .bool(isOwn))]
        if let insteadOf { members.append(JSON.Member("instead_of", .text(insteadOf))) }
        if isDeprecated { members.append(JSON.Member("deprecated", true)) }
        if let preferred { members.append(JSON.Member("preferred", .text(preferred))) }
        if isRejected { members.append(JSON.Member("rejected", true)) }
        if let definition { members.append(JSON.Member("definition", .text(definition))) }
        return .object(members)
    }
}
