public import Records

/// How often a user wrote words that no entry knows, as a pattern of the type `terminology_candidates` keeps it, one for each user.
///
/// So many words at most: where another comes, it takes the place of the one with the lowest count, and goes on from there (Metwally, Agrawal and El Abbadi, 2005). A
/// count is then at most too high by that of the least, and what is written often is never lost.
public struct WordCounts: Hashable, Sendable {
    public static let type = "terminology_candidates"

    public private(set) var counts: [String: Int64] = [:]

    public init() {}

    public init?(_ record: Record) {
        guard record.kind == .pattern, record.text(.type) == WordCounts.type, let data = record.json(.data) else { return nil }
        guard case .object(let members)? = data["words"] else { return }
        for member in members.prefix(Limits.countedWordsMax) { if let count = member.value.integer, count > 0 { counts[member.name] = count } }
    }

    public mutating func add(_ word: String, _ count: Int64 = 1) {
        if let known = counts[word] {
            counts[word] = known.addingReportingOverflow(count).overflow ? .max : known + count
        } else if counts.count < Limits.countedWordsMax {
            counts[word] = count
        } else if let least = counts.min(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
            counts[least.key] = nil
            counts[word] = least.value.addingReportingOverflow(count).overflow ? .max : least.value + count
        }
    }

    public mutating func remove(_ word: String) { counts[word] = nil }

    /// The most often written first.
    public var ordered: [(word: String, count: Int64)] { counts.map { ($0.key, $0.value) }.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 } }

    public var data: JSON { .object([JSON.Member("words", .object(ordered.map { JSON.Member($0.word, .integer($0.count)) }))]) }

    public static func id(of user: Identifier) -> Identifier { Identifier(naming: [type, user.description]) }
}
