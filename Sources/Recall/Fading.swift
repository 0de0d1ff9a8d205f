internal import Glibc
public import Records

/// How memories fade, as one organization or agent has it.
///
/// With t the time that is asked about, n how often a memory was accessed, last when it was accessed last, or else made, and H its type's half-life:
///
///     S(n)  = H · min(3, 1 + 0.5 · ln(1 + n))
///     R(t)  = 2^(−max(0, t − last) / S), and 1 of what is pinned
///     I(t)  = importance · R(t)
///
/// A memory is forgotten when I falls below the threshold, which is at last + S · log2(importance / threshold), and never in its first day.
public struct Fading: Hashable, Sendable {
    public var halfLives: HalfLives
    /// Effective importance below which a memory is forgotten; at 0 none is.
    public private(set) var threshold: Double

    private static let strengthMax = 3.0
    private static let microsecondsPerDay = 86_400_000_000.0
    private static let keptSeconds: Int64 = 86_400

    public init() {
        halfLives = HalfLives()
        threshold = 0.05
    }

    public mutating func set(threshold: Double) throws(FieldError) {
        guard (0...1).contains(threshold) else { throw FieldError("threshold", .outOfRange("0 to 1")) }
        self.threshold = threshold
    }

    /// S, in days: it grows with use, and not without end.
    public func strength(_ type: MemoryType, accessCount: Int64) -> Double {
        halfLives[type] * Fading.growth[Int(min(max(0, accessCount), Int64(Fading.growth.count - 1)))]
    }

    /// How much use strengthens, by how often; from the last on it is as much as it can be.
    private static let growth = (0...54).map { min(strengthMax, 1 + 0.5 * log(1 + Double($0))) }

    /// R, from 1 down to 0: how much of it is left at that time.
    public func retention(_ facts: MemoryFacts, at time: Timestamp) -> Double {
        facts.isPinned ? 1 : retention(type: facts.type, accessCount: facts.accessCount, lastUsedAt: facts.lastUsedAt, at: time)
    }

    /// Of what is not pinned.
    public func retention(type: MemoryType, accessCount: Int64, lastUsedAt: Timestamp, at time: Timestamp) -> Double {
        exp2(-halvings(type: type, accessCount: accessCount, lastUsedAt: lastUsedAt, at: time))
    }

    /// How often half of what was left went.
    public func halvings(type: MemoryType, accessCount: Int64, lastUsedAt: Timestamp, at time: Timestamp) -> Double {
        guard time > lastUsedAt else { return 0 }
        let days = (Double(time.microseconds) - Double(lastUsedAt.microseconds)) / Fading.microsecondsPerDay
        return days / strength(type, accessCount: accessCount)
    }

    /// I: what its importance comes to at that time.
    public func importance(_ facts: MemoryFacts, at time: Timestamp) -> Double { facts.importance * retention(facts, at: time) }

    /// When it is to be forgotten; nil when it never is.
    public func forgetAt(_ facts: MemoryFacts) -> Timestamp? {
        guard !facts.isPinned, threshold > 0 else { return nil }
        let earliest = facts.createdAt.adding(seconds: Fading.keptSeconds)
        guard facts.importance > threshold else { return max(earliest, facts.lastUsedAt) }
        let days = strength(facts.type, accessCount: facts.accessCount) * log2(facts.importance / threshold)
        let microseconds = (days * Fading.microsecondsPerDay).rounded(.up)
        // Beyond what a moment can be lies never.
        guard microseconds < Double(Timestamp.range.upperBound.microseconds) else { return nil }
        let (moment, isBeyond) = facts.lastUsedAt.microseconds.addingReportingOverflow(Int64(microseconds))
        guard !isBeyond, moment <= Timestamp.range.upperBound.microseconds else { return nil }
        return max(earliest, Timestamp(microseconds: moment))
    }
}
