import Records
import Testing

@testable import Engine

@Suite("Large partitions get lists by themselves")
struct IndexTests {
    private func index(_ house: House) async throws -> JSON {
        guard case .status(let status) = try await house.perform(.status).get(), let index = status["indexes"]?["memories"] else { throw House.Unexpected() }
        return index
    }

    /// Training runs in the background, so it is over some time after the write that asks for it.
    private func wait(_ house: House, until isSo: (JSON) -> Bool) async throws -> JSON {
        for _ in 0..<30_000 {
            let index = try await index(house)
            if isSo(index) { return index }
            try await Task.sleep(nanoseconds: 2_000_000)
        }
        return try await index(house)
    }

    @Test("lists are trained after enough writes, searches say how they went, and a setting of the organization chooses what lists keep")
    func lists() async throws {
        let house = try House()
        let agent = try await house.agent()
        var state: UInt32 = 7
        let vector = { () -> [Float] in
            (0..<12).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 23) - 1
            }
        }
        for part in 0..<5 { _ = try await house.remember((0..<1_000).map { MemoryDraft(agent: agent, content: "m \(part) \($0)", vector: vector()) }) }
        let trained = try await wait(house) { $0["kind"]?.text == "lists" }
        #expect(trained["kind"]?.text == "lists" && trained["style"]?.text == "codes" && trained["lists"]?.integer == 1)
        #expect(trained["code_bytes"]?.integer ?? 0 > 0 && trained["trained_rows"]?.integer ?? 0 >= 4_096)

        let asked = vector()
        let exact = try await house.search(SearchRequest(query: .vector(asked), k: 10, exact: true, withContent: false))
        let whole = try await house.search(SearchRequest(query: .vector(asked), k: 10, recall: 1, withContent: false))
        #expect(exact.report.isExact && exact == whole)
        let quick = try await house.search(SearchRequest(query: .vector(asked), k: 10, recall: 0.99, withContent: false))
        #expect(!quick.report.isExact && quick.report.listsTotal == 1 && quick.report.rowsVisited == 5_000 && quick.report.rowsScored < 5_000)
        #expect(quick.entries.count == 10 && quick.report.recallEstimate > 0.9)

        for (request, field) in [
            (SearchRequest(query: .vector(asked), recall: 0), "recall"), (SearchRequest(query: .vector(asked), recall: 1.01), "recall"),
            (SearchRequest(query: .vector(asked), recall: .nan), "recall"), (SearchRequest(query: .vector(asked), probes: 0), "probes"),
        ] {
            guard case .failure(.field(let error)) = await house.perform(.search(request)) else {
                Issue.record("\(field) was taken")
                continue
            }
            #expect(error.field == field)
        }

        let wrong = RecordPatch(.organization, id: house.first.organization, [.settings: .json(["index": "round"])])
        guard case .failure(.field(let error)) = await house.perform(.change(wrong)) else { throw House.Unexpected() }
        #expect(error.field == "settings.index")
        _ = try await house.perform(.change(RecordPatch(.organization, id: house.first.organization, [.settings: .json(["index": "flat"])]))).get()
        let flat = try await wait(house) { $0["style"]?.text == "flat" }
        #expect(flat["style"]?.text == "flat" && flat["lists"]?.integer ?? 0 > 1)
        #expect(try await house.search(SearchRequest(query: .vector(asked), k: 10, exact: true, withContent: false)).entries == exact.entries)
    }
}
