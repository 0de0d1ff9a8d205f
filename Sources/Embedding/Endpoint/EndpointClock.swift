internal import Glibc

/// Time and chance as the endpoint's caller sees them; passed in, so that no test has to wait.
public struct EndpointClock: Sendable {
    /// Seconds since 1970, for the dates in answers.
    public let now: @Sendable () -> Double
    /// Seconds that only ever rise.
    public let seconds: @Sendable () -> Double
    /// Blocks the calling thread for so many seconds.
    public let sleep: @Sendable (Double) -> Void
    /// From 0 up to 1, for the length of pauses.
    public let random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> Double, seconds: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.seconds = seconds
        self.sleep = sleep
        self.random = random
    }

    public static let system = EndpointClock(
        now: { read(CLOCK_REALTIME) }, seconds: { read(CLOCK_MONOTONIC) }, sleep: { usleep(UInt32(clamping: Int(min(max($0, 0), 3_600) * 1e6))) },
        random: { Double.random(in: 0..<1) })

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
