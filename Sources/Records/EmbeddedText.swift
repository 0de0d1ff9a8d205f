/// What vectors are made of, and which of them is a row's own.
extension Record {
    /// The text that its vector stands for; nil where there is nothing to stand for, as in a conversation that has no title of its own.
    public var embeddedText: String? {
        switch kind {
        case .conversation: self[.title] == schema[.title]?.fallback ? nil : text(.title)
        case .message: text(.content)
        case .term:
            if let term = text(.term), let definition = text(.definition) { "\(term): \(definition)" } else { nil }
        case .memory, .agent, .organization, .key, .user, .pattern, .job, .audit: nil
        }
    }

    /// Who said a message, as far as its metadata tells: a name is a word of it.
    public var speaker: String? { kind == .message ? json(.metadata)?["speaker"]?.text : nil }

    /// The vector of that text. A conversation's `embedding` is of its messages as well.
    public var ownVector: [Float]? { kind == .conversation ? vector(.titleVector) : embedding?.vector }
}

extension Schema {
    /// What a record's vector says: when it changes and no new vector comes, the old one must go.
    public static func embeddedFields(_ kind: Kind) -> Set<RecordField> {
        switch kind {
        case .conversation: [.title]
        case .message, .memory: [.content]
        case .term: [.term, .definition]
        case .agent, .organization, .key, .user, .pattern, .job, .audit: []
        }
    }
}

/// A vector that was made of a row's text, for a row that waited for it.
public struct MadeVector: Hashable, Sendable {
    public let kind: Kind
    public let id: Identifier
    /// It is kept only if this is still the row's text.
    public let text: String
    /// Nil where none can ever be made of this text; then the row waits no longer.
    public let vector: [Float]?

    public init(kind: Kind, id: Identifier, text: String, vector: [Float]?) {
        self.kind = kind
        self.id = id
        self.text = text
        self.vector = vector
    }
}

/// A row that waits for its vector.
public struct WaitingText: Hashable, Sendable {
    public let kind: Kind
    public let id: Identifier
    /// Nil where the row is gone, or has nothing to embed any more.
    public let text: String?

    public init(kind: Kind, id: Identifier, text: String?) {
        self.kind = kind
        self.id = id
        self.text = text
    }
}
