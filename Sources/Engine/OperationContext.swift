internal import Synchronization
public import Records

/// How long an operation may take, whether it is still wanted, and under which key it must not happen twice.
public final class OperationContext: Sendable {
    /// In the clock's ticks; nil for none.
    public let deadline: UInt64?
    public let idempotencyKey: Identifier?
    /// What was asked, byte for byte; only looked at together with an idempotency key.
    public let fingerprint: [UInt8]
    /// Nothing else waits for the thread that asks, so what is done sooner than handed over may be done by it.
    public let mayRunHere: Bool
    private let cancelled = Atomic<Bool>(false)
    private let ticks: @Sendable () -> UInt64

    public init(clock: Clock, deadline: UInt64? = nil, idempotencyKey: Identifier? = nil, fingerprint: [UInt8] = [], mayRunHere: Bool = false) {
        self.deadline = deadline
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
        self.mayRunHere = mayRunHere
        ticks = clock.ticks
    }

    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Why the operation should end now; asked by the scan once a block.
    public var interruption: EngineError? {
        if cancelled.load(ordering: .relaxed) { return .cancelled }
        if let deadline, ticks() > deadline { return .deadlineExceeded }
        return nil
    }
}
