internal import Records
internal import Synchronization

/// Makes identifiers that ascend, also within one millisecond and when the clock steps back, so that what was made in an order is listed in it.
final class IdentifierSource: Sendable {
    private let last = Mutex(Identifier(high: 0, low: 0))

    func next(at time: Timestamp) -> Identifier {
        last.withLock { last in
            let fresh = Identifier(at: time)
            last = fresh > last ? fresh : last.successor
            return last
        }
    }
}

extension Identifier {
    /// A later one of the same millisecond, by a random step, so that nobody counts what was made between two; of the next one where that has no room.
    fileprivate var successor: Identifier {
        let low = low + UInt64.random(in: 1...0xFFFF_FFFF)
        guard low >> 62 == 0b10 else { return Identifier(at: Timestamp(microseconds: Int64(high >> 16 + 1) * 1_000)) }
        return Identifier(high: high, low: low)
    }
}
