/// Which PostgreSQL a store uses, and how much of it.
public struct PostgresConfiguration: Sendable {
    public var address: PostgresAddress
    /// The tables' own schema; the roles' names begin with it.
    public var schema = PostgresConfiguration.defaultSchema
    /// A pooler stands between that gives each transaction another connection: nothing stays prepared.
    public var isPooled = false
    /// Connections that read; one more writes.
    public var readersMax = 4
    /// How long a statement may take, or wait for a lock, before it is given up; and how long an answer may take before the server counts as gone.
    public var statementSecondsMax = 30
    public var lockSecondsMax = 1
    public var answerSecondsMax = 45
    /// Writes that wait or are being answered; beyond them the answer is `busy`.
    public var waitingWritesMax = 16_384
    public var waitingBytesMax = 64 * 1_024 * 1_024
    /// One commit takes waiting writes of one organization up to these bounds, and always at least one.
    public var commitRowsMax = 1_024
    public var commitBytesMax = 8 * 1_024 * 1_024
    /// Reads that wait for a connection.
    public var waitingReadsMax = 16_384

    public static let defaultSchema = "pinyon"

    public init(_ address: PostgresAddress) { self.address = address }

    var writeLimits: WriteLimits {
        WriteLimits(waitingWritesMax: waitingWritesMax, waitingBytesMax: waitingBytesMax, commitRowsMax: commitRowsMax, commitBytesMax: commitBytesMax)
    }
}
