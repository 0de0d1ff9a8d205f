import Foundation
import Records
import Testing

@testable import Engine
@testable import Storage

/// What a search answers is what SQL answers by looking at every row, with pgvector's own distance.
@Suite("PostgreSQL answers as the engine does")
struct OracleTests {
    private static let dimension = 24

    /// A condition that both understand.
    private struct Condition {
        let filter: Filter
        let sql: String
    }

    private struct Source {
        var generator: SystemRandomNumberGenerator
        let agents: [Identifier]
        let conversations: [Identifier]
        let users: [Identifier]

        mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

        /// Some lie close together, and some are the same.
        mutating func vector() -> [Float] {
            let middle = Float(number(0..<3)) - 1
            return (0..<OracleTests.dimension).map { place in place < 4 ? middle + Float(number(0..<3)) / 2 : Float.random(in: -1...1, using: &generator) / Float(1 + number(0..<20)) }
        }

        mutating func memoryCondition(_ depth: Int = 2) -> Condition {
            switch number(0..<(depth == 0 ? 7 : 10)) {
            case 0:
                let agent = agents[number(0..<agents.count)]
                return Condition(filter: .equals(.agent, .identifier(agent)), sql: "agent_id = '\(agent)'")
            case 1:
                let type = MemoryType.allCases[number(0..<MemoryType.allCases.count)].name
                return Condition(filter: .equals(.type, .text(type)), sql: "memory_type = '\(type)'")
            case 2:
                let tag = "t\(number(0..<5))"
                return Condition(filter: .equals(.tags, .text(tag)), sql: "'\(tag)' = ANY(tags)")
            case 3:
                let (low, high) = (Double(number(0..<5)) / 10, Double(number(5..<11)) / 10)
                return Condition(
                    filter: .range(.importance, Filter.Bounds(lower: .number(low), upper: .number(high), upperIsIncluded: false)),
                    sql: "importance_score >= \(low) AND importance_score < \(high)")
            case 4: return Condition(filter: .exists(.session), sql: "session_id IS NOT NULL")
            case 5:
                let value = number(0..<4)
                return Condition(filter: .equals(.metadata(["n"]), .integer(Int64(value))), sql: "(metadata -> 'n' IS NOT NULL AND metadata -> 'n' = '\(value)'::jsonb)")
            case 6:
                let tags = ["t\(number(0..<5))", "t\(number(0..<5))"]
                return Condition(filter: .allOf(.tags, tags.map { .text($0) }), sql: "tags @> ARRAY['\(tags[0])', '\(tags[1])']")
            case 7:
                let parts = (0..<2).map { _ in memoryCondition(depth - 1) }
                return Condition(filter: .and(parts.map(\.filter)), sql: "(\(parts.map(\.sql).joined(separator: ") AND (")))")
            case 8:
                let parts = (0..<2).map { _ in memoryCondition(depth - 1) }
                return Condition(filter: .or(parts.map(\.filter)), sql: "((\(parts.map(\.sql).joined(separator: ") OR ("))))")
            default:
                let part = memoryCondition(depth - 1)
                return Condition(filter: .not(part.filter), sql: "NOT (\(part.sql))")
            }
        }

        mutating func condition(of kind: Kind) -> Condition {
            switch kind {
            case .memory: memoryCondition()
            case .message: messageCondition()
            case .term: termCondition()
            default: conversationCondition()
            }
        }

        mutating func messageCondition() -> Condition {
            switch number(0..<3) {
            case 0:
                let conversation = conversations[number(0..<conversations.count)]
                return Condition(filter: .equals(.plain(.conversation), .identifier(conversation)), sql: "conversation_id = '\(conversation)'")
            case 1: return Condition(filter: .equals(.plain(.role), .text("assistant")), sql: "role = 'assistant'")
            default:
                let user = users[number(0..<users.count)]
                return Condition(filter: .equals(.user, .identifier(user)), sql: "user_id = '\(user)'")
            }
        }

        mutating func termCondition() -> Condition {
            let least = number(1..<4)
            return Condition(filter: .range(.plain(.frequency), Filter.Bounds(lower: .integer(Int64(least)))), sql: "frequency >= \(least)")
        }

        mutating func conversationCondition() -> Condition {
            let user = users[number(0..<users.count)]
            return Condition(filter: .equals(.user, .identifier(user)), sql: "user_id = '\(user)'")
        }
    }

    @Test("searches of every kind, with filters and without, name the rows and scores that SQL does", arguments: SharedHouse.addresses)
    func oracle(address: String) async throws {
        let house = try SharedHouse(address)
        let sql = try PostgresConnection(house.configuration.address, secondsMax: 60)
        try sql.script("SET search_path = \(house.configuration.schema), public")
        var source = try await fill(house.one)
        for _ in 0..<60 {
            for kind in Kind.searchable {
                let condition = source.number(0..<4) > 0 ? source.condition(of: kind) : nil
                try await compare(kind, condition, source.vector(), k: source.number(1..<40), house.one, sql)
            }
        }
    }

    private func compare(_ kind: Kind, _ condition: Condition?, _ vector: [Float], k: Int, _ house: House, _ sql: PostgresConnection) async throws {
        var request = SearchRequest(kind, query: .vector(vector), k: k, withContent: false)
        request.exact = true
        request.filter = condition?.filter
        let hits = try await house.search(request).entries.map(\.hit)
        let hidden =
            switch kind {
            case .conversation: " AND deleted_at IS NULL"
            case .message: " AND deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM conversations AS c WHERE c.id = conversation_id AND c.deleted_at IS NOT NULL)"
            default: ""
            }
        let text = "[\(vector.map { "\($0)" }.joined(separator: ","))]"
        let found = try sql.ask(
            """
            SELECT id, 1 - (embedding <=> '\(text)') AS score FROM \(Table.of(kind).name)
            WHERE organization_id = '\(house.first.organization)' AND embedding IS NOT NULL\(hidden) AND (\(condition?.sql ?? "true"))
            ORDER BY embedding <=> '\(text)', id LIMIT \(k)
            """)
        let wanted = (0..<found.count).map { (id: found.identifier($0, 0), score: found.number($0, 1) ?? .nan) }
        let isSame =
            hits.count == wanted.count && zip(hits, wanted).allSatisfy { abs(Double($0.score) - $1.score) < 1e-5 }
            && wanted.allSatisfy { row in hits.contains { $0.id == row.id } || abs(row.score - (wanted.last?.score ?? 0)) < 1e-5 }
        #expect(isSame, "\(kind) \(condition?.sql ?? "all"), k \(k): \(hits.map(\.score)) for \(wanted.map(\.score))")
    }

    private func fill(_ house: House) async throws -> Source {
        func ids(_ drafts: [RecordDraft]) async throws -> [Identifier] {
            guard case .written(let receipt) = try await house.perform(.create(drafts)).get() else { throw House.Unexpected() }
            return receipt.rows.map(\.id)
        }
        let agents = [try await house.agent("a"), try await house.agent("b"), try await house.agent("c")]
        let users = try await ids((0..<3).map { RecordDraft(.user, [.email: .text("u\($0)@example.com"), .name: .text("u")]) })
        var source = Source(generator: SystemRandomNumberGenerator(), agents: agents, conversations: [], users: users)
        var memories: [MemoryDraft] = []
        for number in 0..<400 {
            let metadata: JSON = number % 3 == 0 ? ["n": .integer(Int64(number % 4))] : .emptyObject
            memories.append(
                MemoryDraft(
                    agent: agents[source.number(0..<3)], session: number % 5 == 0 ? Identifier(high: 1, low: UInt64(number)) : nil,
                    type: MemoryType.allCases[number % MemoryType.allCases.count], content: "m \(number)", importance: Double(source.number(0..<11)) / 10,
                    tags: (0..<source.number(0..<3)).map { "t\($0 + number % 3)" }, metadata: metadata, vector: number % 20 == 7 ? nil : source.vector()))
        }
        _ = try await house.remember(memories)
        var titled: [RecordDraft] = []
        for number in 0..<30 { titled.append(RecordDraft(.conversation, [.user: .identifier(users[number % 3]), .title: .text("c \(number)")], vector: source.vector())) }
        let conversations = try await ids(titled)
        source = Source(generator: source.generator, agents: agents, conversations: conversations, users: users)
        var messages: [RecordDraft] = []
        for number in 0..<300 {
            messages.append(
                RecordDraft(
                    .message,
                    [.conversation: .identifier(conversations[source.number(0..<30)]), .role: .text(number % 2 == 0 ? "user" : "assistant"), .content: .text("x \(number)")],
                    vector: source.vector()))
        }
        let said = try await ids(messages)
        _ = try await house.perform(.remove(.message, Array(said.prefix(20)))).get()
        _ = try await house.perform(.remove(.conversation, [conversations[0]])).get()
        var terms: [RecordDraft] = []
        for number in 0..<100 {
            terms.append(RecordDraft(.term, [.user: .identifier(users[number % 3]), .term: .text("term \(number)"), .definition: .text("d")], vector: source.vector()))
        }
        let kept = try await ids(terms)
        for _ in 0..<3 { _ = try await house.perform(.use(.term, kept.filter { _ in source.number(0..<2) == 0 })).get() }
        return source
    }
}
