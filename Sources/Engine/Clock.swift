public import Records

/// Time as the engine sees it; passed in, so that a test can hold it still.
public struct Clock: Sendable {
    /// The moment, as people count.
    public let now: @Sendable () -> Timestamp
    /// Nanoseconds that only ever rise, for durations and deadlines.
    public let ticks: @Sendable () -> UInt64

    public init(now: @escaping @Sendable () -> Timestamp, ticks: @escaping @Sendable () -> UInt64) {
        self.now = now
        self.ticks = ticks
    }
}
