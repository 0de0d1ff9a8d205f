/// What somebody did with a term that was suggested to him.
public enum TermReaction: UInt8, Hashable, Sendable, CaseIterable {
    case accepted = 1
    case rejected = 2
    case ignored = 3

    public var name: String {
        switch self {
        case .accepted: "accepted"
        case .rejected: "rejected"
        case .ignored: "ignored"
        }
    }
}

public struct LearnEvent: Hashable, Sendable {
    public var term: Identifier
    public var reaction: TermReaction
    /// In which it was suggested; nil where none was named.
    public var context: String?

    public init(_ term: Identifier, _ reaction: TermReaction, context: String? = nil) {
        self.term = term
        self.reaction = reaction
        self.context = context
    }
}

/// What is to be learned of a user: what he did with suggestions, and what he wrote.
public struct LearnRequest: Hashable, Sendable {
    /// For a key of one user, that one.
    public var user: Identifier?
    public var events: [LearnEvent]
    /// Texts whose words are counted that no entry knows.
    public var typed: [String]

    public init(_ events: [LearnEvent] = [], user: Identifier? = nil, typed: [String] = []) {
        self.events = events
        self.user = user
        self.typed = typed
    }

    public func check() throws(FieldError) {
        guard !events.isEmpty || !typed.isEmpty else { throw FieldError("events", .empty) }
        guard events.count <= Limits.batchMax else { throw FieldError("events", .tooMany(count: events.count, countMax: Limits.batchMax)) }
        guard typed.count <= Limits.typedTextsMax else { throw FieldError("typed", .tooMany(count: typed.count, countMax: Limits.typedTextsMax)) }
        for (place, event) in events.enumerated() {
            if let context = event.context { try Checks.text(context, "events[\(place)].context", bytesMax: Limits.modelBytesMax) }
        }
        for (place, text) in typed.enumerated() { try Checks.text(text, "typed[\(place)]", bytesMax: Limits.textQueryBytesMax) }
    }
}
