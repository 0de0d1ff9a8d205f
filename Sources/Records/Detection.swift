/// A text that may hold terms.
public struct DetectRequest: Hashable, Sendable {
    /// Whose dictionary it is; for a key of one user, that one.
    public var user: Identifier?
    public var text: String
    /// That of the text, by which terms are inflected that name none.
    public var language: String?
    /// Of entries that are written alike, those of it count.
    public var context: String?

    public init(_ text: String, user: Identifier? = nil, language: String? = nil, context: String? = nil) {
        self.text = text
        self.user = user
        self.language = language
        self.context = context
    }

    public func check() throws(FieldError) {
        try Checks.text(text, "text", bytesMax: Limits.detectedTextBytesMax)
        if let language {
            try Checks.text(language, "language", bytesMax: Limits.languageBytesMax)
            try Checks.language(language)
        }
        if let context { try Checks.text(context, "context", bytesMax: Limits.modelBytesMax) }
    }
}

/// The terms of a text, with where they stand.
public struct Detection: Hashable, Sendable {
    public struct Term: Hashable, Sendable {
        public let id: Identifier
        public let term: String
        public let context: String?
        /// Whether that is the context that was asked for.
        public let fitsContext: Bool
        public let isOwn: Bool
        public let isDeprecated: Bool
        /// What to say in the place of a deprecated one.
        public let preferred: String?
        /// Entries that are written like it and came second.
        public let others: [Identifier]

        public init(
            id: Identifier, term: String, context: String? = nil, fitsContext: Bool = false, isOwn: Bool = false, isDeprecated: Bool = false, preferred: String? = nil,
            others: [Identifier] = []
        ) {
            (self.id, self.term, self.context, self.fitsContext) = (id, term, context, fitsContext)
            (self.isOwn, self.isDeprecated, self.preferred, self.others) = (isOwn, isDeprecated, preferred, others)
        }
    }

    public struct Occurrence: Hashable, Sendable {
        /// In the text, in bytes.
        public let range: Range<Int>
        /// Which of the terms.
        public let term: Int
        /// Not as the entry writes it, but in another form of its words.
        public let isInflected: Bool

        public init(range: Range<Int>, term: Int, isInflected: Bool) {
            self.range = range
            self.term = term
            self.isInflected = isInflected
        }
    }

    /// Each once, in the order of the text.
    public var terms: [Term]
    public var occurrences: [Occurrence]
    /// So many bytes of the text were looked through: all of them, but where there is more in it than one answer names.
    public var readBytes: Int

    public init(terms: [Term] = [], occurrences: [Occurrence] = [], readBytes: Int) {
        self.terms = terms
        self.occurrences = occurrences
        self.readBytes = readBytes
    }
}
