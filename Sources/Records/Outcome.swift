/// What an operation came to.
public enum Outcome: Hashable, Sendable {
    case pong
    /// Facts about the server and the caller's organization; its members are listed in docs/PROTOCOL.md.
    case status(JSON)
    /// What was compared, by kind; its members are listed in docs/PROTOCOL.md.
    case verified(JSON)
    /// How many rows an operation did what to; its members are listed in docs/PROTOCOL.md.
    case counted(JSON)
    case agent(Agent)
    case written(WriteReceipt)
    case memories([Memory])
    case page(MemoryPage)
    case found(SearchAnswer)
    case records([Record])
    case recordPage(RecordPage)
    /// The best first.
    case suggested([Suggestion])
    case detected(Detection)
    /// The closest first.
    case related([RelatedTerm])
    /// The conversation, and its last messages, oldest first.
    case conversation(Record, messages: [Record])
    /// A key that was made, and its text, which is told this once.
    case key(Record, text: String)
}

public struct MemoryPage: Hashable, Sendable {
    public let memories: [Memory]
    /// Where the next page begins; nil after the last one.
    public let next: Identifier?

    public init(memories: [Memory], next: Identifier?) {
        self.memories = memories
        self.next = next
    }
}

public struct SearchAnswer: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let hit: Hit
        /// Nil when only identifiers and scores were asked for, or another kind. With content, a hit that was deleted in the meantime is left out.
        public let memory: Memory?
        /// The same for every other kind.
        public let record: Record?
        /// When it was asked for.
        public let explanation: HitExplanation?

        public init(hit: Hit, memory: Memory? = nil, record: Record? = nil, explanation: HitExplanation? = nil) {
            self.hit = hit
            self.memory = memory
            self.record = record
            self.explanation = explanation
        }
    }

    public let entries: [Entry]
    public let report: SearchReport
    public let explanation: AnswerExplanation?

    public init(entries: [Entry], report: SearchReport, explanation: AnswerExplanation? = nil) {
        self.entries = entries
        self.report = report
        self.explanation = explanation
    }
}
