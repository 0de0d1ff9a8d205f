public import Transport

public struct ClientConfiguration: Sendable {
    /// Host and port, as `127.0.0.1:7411`.
    public var address: Address
    public var key: String
    /// Nil for no TLS.
    public var tls: TLSClient?
    /// Shown in the server's log.
    public var name: String
    public var connectMilliseconds: UInt32
    /// The deadline of a request that names none.
    public var deadlineMilliseconds: UInt32
    public var retries: RetryPolicy

    public init(
        address: Address, key: String, tls: TLSClient? = nil, name: String = "pinyon-swift", connectMilliseconds: UInt32 = 5_000,
        deadlineMilliseconds: UInt32 = 30_000, retries: RetryPolicy = RetryPolicy()
    ) {
        self.address = address
        self.key = key
        self.tls = tls
        self.name = name
        self.connectMilliseconds = connectMilliseconds
        self.deadlineMilliseconds = deadlineMilliseconds
        self.retries = retries
    }
}

/// How often and after how long a request is sent again. The wait doubles, and a random share of it is waited, so that many clients do not come back together.
public struct RetryPolicy: Hashable, Sendable {
    /// The first attempt included.
    public var attemptsMax: Int
    public var firstMilliseconds: UInt32
    public var millisecondsMax: UInt32

    public init(attemptsMax: Int = 5, firstMilliseconds: UInt32 = 25, millisecondsMax: UInt32 = 2_000) {
        self.attemptsMax = attemptsMax
        self.firstMilliseconds = firstMilliseconds
        self.millisecondsMax = millisecondsMax
    }

    public static let none = RetryPolicy(attemptsMax: 1)

    /// The wait before the attempt after `attempt` (from 1): half to all of what doubling gives, and never less than the server asked for.
    func milliseconds(after attempt: Int, asked: UInt32?, using generator: inout some RandomNumberGenerator) -> UInt32 {
        let doubled = UInt64(firstMilliseconds) << UInt64(min(max(attempt - 1, 0), 20))
        let bound = UInt32(clamping: min(doubled, UInt64(millisecondsMax)))
        let jittered = UInt32.random(in: bound / 2...max(bound, 1), using: &generator)
        return max(jittered, asked ?? 0)
    }
}
