import Columns
@testable import Engine
import Records
import Testing
import VectorIndex

@Suite("The indexes agree with the store")
struct VerifyTests {
    @Test("what is in memory is compared with what is stored, row by row, and mended")
    func verification() async throws {
        let house = try House()
        let agent = try await house.agent()
        let kept = try await house.remember((0..<5).map { MemoryDraft(agent: agent, content: "m\($0)", tags: ["z", "t\(5 - $0)", "a"], metadata: ["n": .integer($0)], vector: [1, Float($0)]) })
        _ = try await house.remember([MemoryDraft(agent: agent, content: "waits for nothing")])
        func verify() async throws -> JSON {
            guard case .verified(let facts) = try await house.perform(.verify).get() else { throw House.Unexpected() }
            return facts
        }
        func counts(_ differing: Int64) -> JSON { ["stored": 5, "indexed": 5, "differing": .integer(differing), "mended": .integer(differing), "unusable": 0] }
        var facts = try await verify()
        #expect(facts["is_same"] == true && facts["kinds"]?["memories"] == counts(0))
        let partition = try #require(house.engine.partitions[house.first.organization, .memory])
        let ids = kept.rows.map(\.id)
        let known = partition.index.attributes(of: ids)
        // One is missing, one has another vector, one other columns, and one is too many.
        var (turned, changed, other) = (try #require(known[ids[1]]), try #require(known[ids[2]]), try #require(known[ids[3]]))
        turned.id = ids[1]
        changed.tags = ["else"]
        other.id = house.first.organization
        partition.index.apply([.remove(ids[0]), .put(turned, vector: [-1, 0]), .put(changed, vector: [1, 2]), .put(other, vector: [1, 0])])
        facts = try await verify()
        #expect(facts["is_same"] == false && facts["kinds"]?["memories"] == counts(4))
        facts = try await verify()
        #expect(facts["is_same"] == true && facts["kinds"]?["memories"] == counts(0))
        #expect(partition.index.attributes(of: ids) == known)
        #expect(try await house.search(SearchRequest(query: .vector([1, 0]), k: 10)).entries.map(\.hit.id) == ids)
        // Whoever sees a part only is not told how much there is.
        let narrowed = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(kinds: [.memory]))
        #expect(await house.perform(.verify, as: narrowed) == .failure(.forbidden(.jobsRun)))
    }
}
