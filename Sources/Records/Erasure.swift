/// What a person may ask for: that everything goes that is kept of somebody or something, and does not come back.
public struct Erasure: Hashable, Sendable {
    public enum Subject: UInt8, Hashable, Sendable, CaseIterable {
        /// Memories, conversations with their messages, terms, patterns and keys of the user, and the user.
        case user = 1
        /// Memories, conversations with their messages and keys of the agent, and the agent.
        case agent = 2
        /// The conversation, its messages, and the memories of it or made of them.
        case conversation = 3
        /// The memories of the session.
        case session = 4
        /// Memories by their identifiers.
        case memory = 5

        public var name: String {
            switch self {
            case .user: "user"
            case .agent: "agent"
            case .conversation: "conversation"
            case .session: "session"
            case .memory: "memory"
            }
        }
    }

    public var subject: Subject
    /// Of all that are to go.
    public var ids: [Identifier]

    public init(_ subject: Subject, _ ids: [Identifier]) {
        self.subject = subject
        self.ids = ids
    }

    public func check() throws(FieldError) { try Checks.batch(ids.count, "ids") }

    /// The field by which rows of a kind belong to it; nil where none do. Messages go with their conversations.
    public func field(of kind: Kind) -> RecordField? {
        switch (subject, kind) {
        case (.user, .memory), (.user, .conversation), (.user, .term), (.user, .pattern), (.user, .key): .user
        case (.agent, .memory), (.agent, .conversation), (.agent, .key): .agent
        case (.conversation, .memory), (.session, .memory): .session
        case (.conversation, .conversation), (.memory, .memory), (.user, .user), (.agent, .agent): .id
        default: nil
        }
    }
}
