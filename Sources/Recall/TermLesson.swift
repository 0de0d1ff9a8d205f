public import Records

/// What one user did with one term that was suggested in one context, as a pattern of the type `terminology_usage` keeps it.
public struct TermLesson: Hashable, Sendable {
    public static let type = "terminology_usage"
    /// Rejected so often, and not accepted since, it is suggested behind all others there.
    public static let rejectionsMin: Int64 = 2

    public let user: Identifier
    public let term: Identifier
    public let context: String?
    public private(set) var accepted: Int64 = 0
    public private(set) var rejected: Int64 = 0
    public private(set) var ignored: Int64 = 0
    /// Since it was accepted last.
    public private(set) var rejectedSince: Int64 = 0

    public init(of term: Identifier, by user: Identifier, context: String?) {
        self.user = user
        self.term = term
        self.context = context
    }

    /// Nil of what is no such pattern, or says of no term.
    public init?(_ record: Record) {
        guard record.kind == .pattern, record.text(.type) == TermLesson.type, let user = record.identifier(.user), let data = record.json(.data),
            let term = data["term_id"]?.text.flatMap({ Identifier($0) })
        else { return nil }
        self.init(of: term, by: user, context: data["context"]?.text)
        func count(_ name: String) -> Int64 { max(0, data[name]?.integer ?? 0) }
        (accepted, rejected, ignored, rejectedSince) = (count("accepted"), count("rejected"), count("ignored"), count("rejected_since"))
    }

    public mutating func add(_ reaction: TermReaction) {
        func more(_ count: Int64) -> Int64 { count == .max ? count : count + 1 }
        switch reaction {
        case .accepted: (accepted, rejectedSince) = (more(accepted), 0)
        case .rejected: (rejected, rejectedSince) = (more(rejected), more(rejectedSince))
        case .ignored: ignored = more(ignored)
        }
    }

    public var isSunk: Bool { rejectedSince >= TermLesson.rejectionsMin }

    public var occurrences: Int64 { [accepted, rejected, ignored].reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 } }

    /// The share of those who take it, where one more had taken it and one had not; to ignore a suggestion says a quarter of what rejecting it says. Four digits, as the column has.
    public var confidence: Double {
        let share = (Double(accepted) + 1) / (Double(accepted) + Double(rejected) + Double(ignored) / 4 + 2)
        return (share * 10_000).rounded() / 10_000
    }

    public func data(naming text: String) -> JSON {
        var members = [JSON.Member("term_id", .text(term.description)), JSON.Member("term", .text(text))]
        if let context { members.append(JSON.Member("context", .text(context))) }
        members += [("accepted", accepted), ("rejected", rejected), ("ignored", ignored), ("rejected_since", rejectedSince)].map { JSON.Member($0.0, .integer($0.1)) }
        return .object(members)
    }

    /// One pattern for each user, term and context, which is found by its name.
    public var id: Identifier { Identifier(naming: [TermLesson.type, user.description, term.description] + (context.map { [$0] } ?? [])) }
}

extension Identifier {
    /// Always the same for the same texts, a version 8 identifier: FNV-1a of 128 bits.
    init(naming texts: [String]) {
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for text in texts {
            // No text has the byte that ends it.
            for byte in Array(text.utf8) + [0xFF] { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b }
        }
        self.init(
            high: UInt64(truncatingIfNeeded: hash >> 64) & ~0xF000 | 0x8000, low: UInt64(truncatingIfNeeded: hash) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}
