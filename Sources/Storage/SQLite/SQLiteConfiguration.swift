/// What a store over SQLite may use, and how it opens its file.
public struct SQLiteConfiguration: Hashable, Sendable {
    public enum OpeningCheck: Hashable, Sendable {
        /// `integrity_check`: structure, and every index against its table. About 4 s for a million memories of 384 dimensions.
        case full
        /// `quick_check`: structure alone, in a quarter of the time. A damaged index entry may hide a row until `pinyon verify` finds it.
        case quick
    }

    public var openingCheck: OpeningCheck = .full
    /// Writes that wait or are being answered; beyond them the answer is `busy`.
    public var waitingWritesMax = 16_384
    public var waitingBytesMax = 64 * 1_024 * 1_024
    /// One commit takes waiting writes up to these bounds, and always at least one.
    public var commitRowsMax = 1_024
    public var commitBytesMax = 8 * 1_024 * 1_024
    /// Reads that wait for a connection.
    public var waitingReadsMax = 16_384
    /// When the write-ahead log has grown so far, it is copied into the database file beside the commits: 16 MB, some tens of milliseconds.
    public var checkpointPages = 2_048
    /// About how long the write-ahead log becomes before it begins again.
    public var logBytesMax = 128 * 1_024 * 1_024
    /// How large the database file may become; nil for as large as the disk allows.
    public var databaseBytesMax: Int?

    public init() {}

    var writeLimits: WriteLimits {
        WriteLimits(waitingWritesMax: waitingWritesMax, waitingBytesMax: waitingBytesMax, commitRowsMax: commitRowsMax, commitBytesMax: commitBytesMax)
    }
}
