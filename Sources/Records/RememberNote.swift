/// What a write of memories came to beyond that it was written: of one of the rows of its receipt.
public struct RememberNote: Hashable, Sendable {
    public enum Fate: UInt8, Hashable, Sendable, CaseIterable {
        case stored = 1
        /// The same was known: that memory was accessed, and no new one made.
        case duplicate = 2
        /// What was nearly the same says what the new one says, and no new one was made.
        case merged = 3

        public var name: String {
            switch self {
            case .stored: "stored"
            case .duplicate: "duplicate"
            case .merged: "merged"
            }
        }
    }

    public struct Similar: Hashable, Sendable {
        public let id: Identifier
        public let cosine: Double

        public init(id: Identifier, cosine: Double) {
            self.id = id
            self.cosine = cosine
        }
    }

    /// The row's place in the receipt.
    public let row: Int
    public var fate: Fate
    /// Those that ended to be so.
    public var superseded: [Identifier]
    /// Those that say nearly the same and were left as they are, the nearest first.
    public var similar: [Similar]

    public init(row: Int, fate: Fate = .stored, superseded: [Identifier] = [], similar: [Similar] = []) {
        self.row = row
        self.fate = fate
        self.superseded = superseded
        self.similar = similar
    }

    public var saysNothing: Bool { fate == .stored && superseded.isEmpty && similar.isEmpty }

    public var json: JSON {
        var members: [JSON.Member] = [.init("row", .integer(Int64(row))), .init("fate", .text(fate.name))]
        if !superseded.isEmpty { members.append(.init("superseded", .list(superseded.map { .text($0.description) }))) }
        if !similar.isEmpty {
            members.append(.init("similar", .list(similar.map { .object([.init("id", .text($0.id.description)), .init("cosine", .number($0.cosine))]) })))
        }
        return .object(members)
    }

    /// Nil for what `json` does not make.
    public init?(_ json: JSON) {
        guard let row = json["row"]?.integer, let fate = Fate.allCases.first(where: { $0.name == json["fate"]?.text }) else { return nil }
        self.init(row: Int(row), fate: fate)
        for id in json["superseded"]?.list ?? [] {
            guard let id = id.text.flatMap({ Identifier($0) }) else { return nil }
            superseded.append(id)
        }
        for item in json["similar"]?.list ?? [] {
            guard let id = item["id"]?.text.flatMap({ Identifier($0) }), let cosine = item["cosine"]?.number else { return nil }
            similar.append(Similar(id: id, cosine: cosine))
        }
    }
}
