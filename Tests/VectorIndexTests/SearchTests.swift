import Columns
import Records
import Testing
import VectorIndex

@Suite("Search")
struct SearchTests {
    private func filled(_ count: Int, dimension: Int, seed: UInt64) -> (CosineIndex, IndexModel, RowMaker) {
        var maker = RowMaker(generator: SeededGenerator(seed: seed), dimension: dimension)
        let index = CosineIndex(dimension: dimension)
        var model = IndexModel(dimension: dimension)
        let changes = (0..<count).map { maker.put($0) }
        #expect(index.apply(changes).isEmpty)
        model.apply(changes)
        return (index, model, maker)
    }

    @Test("answers equal brute force, bit for bit, with ties, filters and expiry", arguments: [0, 1, 5, 1_023, 1_024, 1_025, 3_000])
    func equalsBruteForce(count: Int) throws {
        var (index, model, maker) = filled(count, dimension: 19, seed: UInt64(count))
        for round in 0..<40 {
            let (filter, admits) = RowMaker.filters[round % RowMaker.filters.count]
            let vector = maker.vector()
            let k = [1, 2, 10, 100, 5_000][maker.int(0...4)]
            let answer = try index.search(IndexQuery(vector: vector, k: k, filter: filter, time: RowMaker.now))
            let expected = model.search(vector, k: k, time: RowMaker.now, admits: admits)
            #expect(answer.hits == expected, "\(count) rows, round \(round)")
            let matching = model.search(vector, k: .max, time: RowMaker.now, admits: admits).count
            #expect(answer.report.rowsMatching == matching && answer.report.rowsTotal == count)
            #expect(answer.report.isExact && answer.report.recallEstimate == 1 && answer.report.listsTotal == 0)
        }
    }

    @Test("a batch answers exactly as single searches do, whatever its size and mixture", arguments: [1, 3, 8, 20, 150])
    func batchEqualsSingle(size: Int) throws {
        var (index, _, maker) = filled(2_500, dimension: 33, seed: 7)
        index.apply((0..<2_500).filter { $0 % 9 == 0 }.map { .remove(RowMaker.identifier($0)) })
        for mixture in [1, RowMaker.filters.count] {
            let queries = (0..<size).map { place in
                IndexQuery(
                    vector: place % 17 == 16 ? [1] : maker.vector(), k: [1, 10, 3_000][place % 3], filter: RowMaker.filters[place % mixture].filter,
                    time: Timestamp(microseconds: 1_000 + Int64(place % mixture % 2)))
            }
            let answers = index.search(queries)
            #expect(answers.count == size)
            for (query, answer) in zip(queries, answers) {
                #expect(answer == Result { () throws(IndexError) in try index.search(query) })
            }
        }
    }

    @Test("the stored vectors' lengths do not matter, and a score is never beyond 1")
    func lengths() throws {
        let index = CosineIndex(dimension: 3)
        var maker = RowMaker(generator: SeededGenerator(seed: 3), dimension: 3)
        for (number, scale) in [Float(1e-20), 1, 3, 1e20].enumerated() {
            index.apply([.put(maker.attributes(number + 10), vector: [0.1 * scale, 0.7 * scale, -0.3 * scale])])
        }
        let hits = try index.search(IndexQuery(vector: [0.1, 0.7, -0.3], k: 10, time: Timestamp(microseconds: 0))).hits
        #expect(hits.count == 4)
        #expect(hits.allSatisfy { $0.score <= 1 && $0.score > 0.999_999 })
        let opposite = try index.search(IndexQuery(vector: [-0.1, -0.7, 0.3], k: 10, time: Timestamp(microseconds: 0))).hits
        #expect(opposite.allSatisfy { $0.score >= -1 && $0.score < -0.999_999 })
    }

    @Test("queries that cannot be used are refused, each with its reason, alone and in a batch")
    func refused() {
        let (index, _, _) = filled(10, dimension: 4, seed: 1)
        let time = RowMaker.now
        let cases: [(IndexQuery, IndexError)] = [
            (IndexQuery(vector: [1, 2], time: time), .wrongDimension(found: 2, expected: 4)),
            (IndexQuery(vector: [], time: time), .wrongDimension(found: 0, expected: 4)),
            (IndexQuery(vector: [0, 0, 0, 0], time: time), .refused(FieldError("vector", .zeroVector))),
            (IndexQuery(vector: [0, .nan, 0, 1], time: time), .refused(FieldError("vector", .notFinite(position: 1)))),
            (IndexQuery(vector: [1, 0, 0, .infinity], time: time), .refused(FieldError("vector", .notFinite(position: 3)))),
            (IndexQuery(vector: [1, 0, 0, 0], k: 0, time: time), .refused(FieldError("k", .outOfRange("at least 1")))),
            (IndexQuery(vector: [1, 0, 0, 0], k: -1, time: time), .refused(FieldError("k", .outOfRange("at least 1")))),
        ]
        for (query, error) in cases { #expect(throws: error) { try index.search(query) } }
        #expect(index.search(cases.map(\.0)) == cases.map { .failure($0.1) })
        let wrongFilter = IndexQuery(vector: [1, 0, 0, 0], filter: .equals(.agent, .integer(1)), time: time)
        #expect(throws: IndexError.self) { try index.search(wrongFilter) }
        #expect(index.search([]).isEmpty)
        #expect(index.search(Array(repeating: IndexQuery(vector: [1, 0, 0, 0], k: 3, time: time), count: 9)).allSatisfy { (try? $0.get().hits.count) == 3 })
    }

    @Test("a search stops when it is told to, before the next block")
    func stops() {
        let (index, _, _) = filled(5_000, dimension: 4, seed: 2)
        let asked = Counter()
        let query = IndexQuery(vector: [1, 0, 0, 0], time: RowMaker.now) { asked.increment() == 3 }
        #expect(throws: IndexError.stopped) { try index.search(query) }
        #expect(asked.current == 3)
        let never = IndexQuery(vector: [1, 0, 0, 0], time: RowMaker.now)
        let always = IndexQuery(vector: [1, 0, 0, 0], time: RowMaker.now) { true }
        let answers = index.search((0..<12).map { $0 == 5 ? always : never })
        for (place, answer) in answers.enumerated() { #expect((answer == .failure(.stopped)) == (place == 5)) }
    }

    @Test("an index of no dimension takes nothing and answers with an error", arguments: [0, -1])
    func noDimension(dimension: Int) {
        let index = CosineIndex(dimension: dimension)
        var maker = RowMaker(generator: SeededGenerator(seed: 1), dimension: 1)
        #expect(index.apply([.put(maker.attributes(1), vector: [])]) == [RowMaker.identifier(1)])
        #expect(throws: IndexError.self) { try index.search(IndexQuery(vector: [], time: RowMaker.now)) }
    }
}
