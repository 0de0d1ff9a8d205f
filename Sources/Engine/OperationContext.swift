internal import Synchronization
public import Records

/// How long an operation may take, whether it is still wanted, and under which key it must not happen twice.
public final class OperationContext: Sendable {
    /// In the clock's ticks; nil for none.
    public let deadline: UInt64?
    public let idempotencyKey: Identifier?
    /// What was asked, byte for byte; only looked at together with an idempotency key.
    public let fingerprint: [UInt8]
    private let cancelled = Atomic<Bool>(false)
    private let ticks: @Sendable () -> UInt64

    public init(clock: Clock, deadline: UInt64? = nil, idempotencyKey: Identifier? = nil, fingerprint: [UInt8] = []) {
        self.deadline = deadline
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
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
