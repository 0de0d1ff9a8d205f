public import Records

/// How much one organization keeps, by kind. Memories that have expired but are not deleted count.
public struct StoreCounts: Hashable, Sendable {
    public struct Count: Hashable, Sendable {
        /// Those that are hidden, too.
        public var rows: Int64
        public var withVectors: Int64
        /// Hidden, and still there to be restored.
        public var deleted: Int64

        public init(rows: Int64 = 0, withVectors: Int64 = 0, deleted: Int64 = 0) {
            self.rows = rows
            self.withVectors = withVectors
            self.deleted = deleted
        }

        /// Those that can be seen.
        public var live: Int64 { rows - deleted }

        static func += (a: inout Count, b: Count) { a = Count(rows: a.rows + b.rows, withVectors: a.withVectors + b.withVectors, deleted: a.deleted + b.deleted) }
    }

    /// Rows that are kept and wait for their vector.
    public struct Waits: Hashable, Sendable {
        public let count: Int64
        /// Since when the first of them waits; nil when none does.
        public let since: Timestamp?

        public init(count: Int64 = 0, since: Timestamp? = nil) {
            self.count = count
            self.since = since
        }
    }

    private var counts: [Kind: Count]
    public var waits = Waits()

    /// The kinds that are counted: what agents and people keep, not the house itself.
    public static let kinds: [Kind] = [.memory, .agent, .user, .conversation, .message, .term, .pattern]

    public init(_ counts: [Kind: Count] = [:]) { self.counts = counts.filter { $0.value != Count() } }

    public init(memories: Int64, memoriesWithVectors: Int64, agents: Int64) {
        self.init([.memory: Count(rows: memories, withVectors: memoriesWithVectors), .agent: Count(rows: agents)])
    }

    public subscript(kind: Kind) -> Count {
        get { counts[kind] ?? Count() }
        set { counts[kind] = newValue == Count() ? nil : newValue }
    }

    var changed: [(kind: Kind, count: Count)] { counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { (kind: $0.key, count: $0.value) } }
}
