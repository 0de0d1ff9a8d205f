internal import Glibc
public import Records

/// How often and how lately something was used, as one number that stays true while time goes by.
///
/// A use weighs one and halves every 30 days; all uses together weigh one at the moment that is kept: w(t) = 2^((T - t) / H). Whose T is later weighs more now, and at
/// any other time; nothing need be worked out again.
public struct Frecency: Hashable, Comparable, Sendable {
    /// When its weight is one: ahead of now for what is used much.
    public let unitAt: Timestamp

    public static let halfLifeDays = 30.0
    private static let halfLife = halfLifeDays * 86_400e6

    /// Of something that was never used.
    public init() { unitAt = Timestamp(microseconds: Timestamp.range.lowerBound.microseconds) }

    public init(unitAt: Timestamp) { self.unitAt = unitAt }

    /// As if all uses had been at that time, which is where an import begins that knows no more.
    public init(uses: Int64, last: Timestamp) {
        self.init(unitAt: Frecency.clamped(Double(last.microseconds) + Frecency.halfLife * log2(Double(max(1, uses)))))
    }

    /// Of a term, as its row says; where that does not, as of one whose uses were all at its last one.
    public init(_ term: Record) {
        if let known = term.time(.frecencyAt) { self.init(unitAt: known) } else {
            self.init(uses: term.integer(.frequency) ?? 1, last: term.time(.lastUsedAt) ?? term.createdAt)
        }
    }

    /// What its uses weigh at a moment, each one in its half-lives.
    public func weight(at time: Timestamp) -> Double { exp2(Double(unitAt.microseconds - time.microseconds) / Frecency.halfLife) }

    /// After so many more uses.
    public func used(_ count: Int64 = 1, at time: Timestamp) -> Frecency {
        let exponent = Double(unitAt.microseconds - time.microseconds) / Frecency.halfLife
        // To so much, a use more adds nothing.
        guard exponent < 1_000 else { return self }
        return Frecency(unitAt: Frecency.clamped(Double(time.microseconds) + Frecency.halfLife * log2(exp2(exponent) + Double(count))))
    }

    private static func clamped(_ microseconds: Double) -> Timestamp {
        let (low, high) = (Double(Timestamp.range.lowerBound.microseconds), Double(Timestamp.range.upperBound.microseconds))
        if microseconds <= low { return Timestamp.range.lowerBound }
        if microseconds >= high { return Timestamp.range.upperBound }
        return Timestamp(microseconds: Int64(microseconds.rounded()))
    }

    public static func < (left: Frecency, right: Frecency) -> Bool { left.unitAt < right.unitAt }

    /// In halves of a half-life: what differs by less is taken for the same.
    public var step: Int64 { unitAt.microseconds / Int64(Frecency.halfLife / 2) }
}
