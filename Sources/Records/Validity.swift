/// From when to when what is remembered is so.
public struct Validity: Hashable, Sendable {
    /// Nil for what was so before anybody remembered it.
    public var from: Timestamp?
    /// Nil for what goes on being so.
    public var to: Timestamp?
    /// When it was told that it ends; nil where that was known from the beginning.
    public var closedAt: Timestamp?

    public init(from: Timestamp? = nil, to: Timestamp? = nil, closedAt: Timestamp? = nil) {
        self.from = from
        self.to = to
        self.closedAt = closedAt
    }

    public static let always = Validity()

    public func holds(at moment: Moment) -> Bool {
        guard from.map({ $0 <= moment.valid }) ?? true else { return false }
        guard let to, to <= moment.valid else { return true }
        guard let closedAt, let known = moment.known else { return false }
        return known < closedAt
    }

    public func check() throws(FieldError) {
        try Checks.time(from, "valid_from")
        try Checks.time(to, "valid_to")
        if let from, let to, to <= from { throw FieldError("valid_to", .outOfRange("after valid_from")) }
    }
}

/// What is asked about: what was so at one time, as far as it was known at another.
public struct Moment: Hashable, Sendable {
    public var valid: Timestamp
    /// Nil for all that is known.
    public var known: Timestamp?

    public init(_ valid: Timestamp, known: Timestamp? = nil) {
        self.valid = valid
        self.known = known
    }
}
