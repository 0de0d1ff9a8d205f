import Columns
import Records
import VectorIndex
import Vectors

/// The same rows in a dictionary, searched by brute force.
struct IndexModel {
    let dimension: Int
    var rows: [Identifier: (attributes: Attributes, vector: [Float])] = [:]

    mutating func apply(_ changes: [IndexChange]) {
        for change in changes {
            switch change {
            case .put(let attributes, let vector): rows[attributes.id] = (attributes, vector)
            case .remove(let id): rows[id] = nil
            }
        }
    }

    /// `admits` is the filter, written as a closure.
    func search(_ vector: [Float], k: Int, time: Timestamp, admits: (Attributes) -> Bool = { _ in true }) -> [Hit] {
        guard let query = normalized(vector) else { return [] }
        let hits = rows.values.compactMap { row -> Hit? in
            guard row.attributes.expiresAt.map({ $0 > time }) ?? true, admits(row.attributes), let unit = normalized(row.vector) else { return nil }
            return Hit(id: row.attributes.id, score: min(max(Kernels.best.dot(query, unit), -1), 1))
        }
        return Array(hits.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(k))
    }
}

/// Rows, vectors and changes for the tests.
struct RowMaker {
    var generator: SeededGenerator
    let dimension: Int

    static let now = Timestamp(microseconds: 1_000)

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// Coarse values, so that equal vectors and equal scores are frequent.
    mutating func coarseVector() -> [Float] {
        var vector = (0..<dimension).map { _ in Float(int(-1...1)) }
        vector[0] = 1
        return vector
    }

    mutating func vector() -> [Float] { int(0...1) == 0 ? coarseVector() : generator.vector(dimension) }

    static func identifier(_ number: Int) -> Identifier { Identifier(high: UInt64(number % 7), low: UInt64(number)) }

    mutating func attributes(_ number: Int) -> Attributes {
        Attributes(
            id: RowMaker.identifier(number), agent: Identifier(high: 0, low: UInt64(int(0...3))), type: MemoryType.allCases[int(0...3)],
            tags: (0..<int(0...2)).map { _ in "tag \(int(0...9))" }, importance: Double(int(0...10)) / 10,
            createdAt: Timestamp(microseconds: Int64(number)), updatedAt: Timestamp(microseconds: Int64(number)),
            expiresAt: int(0...9) == 0 ? Timestamp(microseconds: Int64(int(999...1_001))) : nil, metadata: ["n": .integer(Int64(int(0...99)))])
    }

    mutating func put(_ number: Int) -> IndexChange { .put(attributes(number), vector: vector()) }

    /// Filters from wide to narrow, each beside its meaning.
    static var filters: [(filter: Filter?, admits: @Sendable (Attributes) -> Bool)] {
        [
            (nil, { _ in true }),
            (.range(.importance, .init(lower: .number(0.2))), { $0.importance >= 0.2 }),
            (.equals(.type, .text("fact")), { $0.type == MemoryType.fact.rawValue }),
            (.equals(.agent, .identifier(Identifier(high: 0, low: 2))), { $0.agent == Identifier(high: 0, low: 2) }),
            (.equals(.tags, .text("tag 3")), { $0.tags.contains("tag 3") }),
            (.not(.exists(.tags)), { $0.tags.isEmpty }),
            (.equals(.metadata(["n"]), .integer(5)), { $0.metadata["n"] == .integer(5) }),
            (
                .and([.equals(.type, .text("task")), .anyOf(.tags, [.text("tag 1"), .text("tag 2")])]),
                { $0.type == MemoryType.task.rawValue && ($0.tags.contains("tag 1") || $0.tags.contains("tag 2")) }
            ),
            (.equals(.tags, .text("nowhere")), { _ in false }),
        ]
    }
}
