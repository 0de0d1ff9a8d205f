import Columns
import Records
import Testing
import VectorIndex

/// A row's importance, and how young it is.
private struct Importance: RowPrior {
    var share: Float = 0.3
    var now = RankingTests.now
    var range: ClosedRange<Float> { 0...1.5 * share }

    func prior(of row: Int, in columns: ColumnChunk) -> Float {
        let age = Float(now.microseconds - columns.createdAt(row).microseconds)
        return share * (Float(columns.use(row).importance) + 0.5 / (1 + age / 1_000))
    }
}

/// Rows whose scores are more than their cosines, and the same worked out row by row.
@Suite("Ranking")
struct RankingTests {
    static let now = Timestamp(microseconds: 1_000_000)
    private static let dimension = 48

    private struct Row {
        let attributes: Attributes
        let vector: [Float]
        var id: Identifier { attributes.id }
    }

    private struct House {
        var rows: [Row] = []
        let index: CosineIndex
        var generator = SeededGenerator(seed: 31)
        private var centres: [[Float]] = []

        init(_ count: Int, lists: Int?, style: ListStyle = .codes) {
            index = CosineIndex(dimension: RankingTests.dimension, style: style)
            centres = (0..<40).map { _ in generator.vector(RankingTests.dimension) }
            for number in 0..<count {
                let time = Timestamp(microseconds: Int64.random(in: 900_000...999_999, using: &generator))
                let attributes = Attributes(
                    id: RowMaker.identifier(number), agent: nil, type: .fact, tags: number % 3 == 0 ? ["third"] : [],
                    importance: Double.random(in: 0...1, using: &generator), createdAt: time, updatedAt: time)
                rows.append(Row(attributes: attributes, vector: vector()))
            }
            index.apply(rows.map { .put($0.attributes, vector: $0.vector) })
            if let lists { #expect(index.train(lists: lists, questions: 64)) }
        }

        mutating func vector() -> [Float] {
            let centre = centres[Int.random(in: 0..<centres.count, using: &generator)]
            return zip(centre, generator.vector(RankingTests.dimension)).map { $0 + 0.8 * $1 }
        }

        /// The best by the scores that the definition gives.
        func best(_ query: IndexQuery, prior: (Row) -> Float) -> [(id: Identifier, score: Float)] {
            let length = { (vector: [Float]) in vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            return rows.filter { query.filter == nil || $0.attributes.tags == ["third"] }.map { row in
                let cosine = zip(query.vector, row.vector).reduce(0) { $0 + $1.0 * $1.1 } / length(query.vector) / length(row.vector)
                return (row.id, (query.ranking?.weight ?? 1) * cosine + prior(row))
            }.sorted { $0.1 > $1.1 }.prefix(query.k).map { ($0.0, $0.1) }
        }
    }

    private static func prior(_ row: Row, share: Float = 0.3) -> Float {
        share * (Float(row.attributes.importance) + 0.5 / (1 + Float(now.microseconds - row.attributes.createdAt.microseconds) / 1_000))
    }

    private func agree(_ answer: IndexAnswer, _ best: [(id: Identifier, score: Float)]) -> Bool {
        answer.hits.count == best.count && zip(answer.hits, best).allSatisfy { abs($0.score - $1.score) < 1e-5 }
            && Set(answer.hits.map(\.id)).symmetricDifference(best.map(\.id)).count <= 2
    }

    @Test("with every row compared the answer is what the definition gives", arguments: [nil, 30], [nil, Filter.equals(.tags, .text("third"))])
    func exactly(lists: Int?, filter: Filter?) throws {
        var house = House(3_000, lists: lists)
        for _ in 0..<20 {
            let named = Dictionary((0..<30).map { _ in (house.rows[Int.random(in: 0..<3_000, using: &house.generator)].id, Float(0.4)) }) { first, _ in first }
            var query = IndexQuery(vector: house.vector(), k: 15, filter: filter, time: RankingTests.now, exact: true)
            query.ranking = Ranking(weight: 0.7, prior: Importance(), named: named)
            let best = house.best(query) { RankingTests.prior($0) + (named[$0.id] ?? 0) }
            #expect(agree(try house.index.search(query), best))
            #expect(try house.index.search([query, query], threads: 2).allSatisfy { agree(try $0.get(), best) })
        }
    }

    @Test("over lists the recall that is asked for is reached, and every score is exact", arguments: [ListStyle.codes, .flat], [0.9, 0.99])
    func reachesTarget(style: ListStyle, target: Double) throws {
        var house = House(6_000, lists: 64, style: style)
        var (found, visited) = (0.0, 0)
        for round in 0..<60 {
            var query = IndexQuery(vector: house.vector(), k: 10, time: RankingTests.now, recallTarget: target)
            query.ranking = Ranking(weight: round % 2 == 0 ? 1 : 0.6, prior: Importance(share: 0.15))
            let answer = try house.index.search(query)
            let best = house.best(query) { RankingTests.prior($0, share: 0.15) }
            #expect(!answer.report.isExact && answer.hits.count == 10)
            visited += answer.report.listsVisited
            found += Double(answer.hits.filter { $0.score >= best[9].score - 1e-5 }.count) / 10
            query.exact = true
            let exact = Dictionary(uniqueKeysWithValues: try house.index.search(query).hits.map { ($0.id, $0.score) })
            for hit in answer.hits { if let score = exact[hit.id] { #expect(score == hit.score) } }
        }
        #expect(found / 60 >= target - 0.01)
        // Something is left out, or the plan would be worth nothing.
        if target < 0.95 { #expect(visited < 60 * 50) }
    }

    @Test("a row that is named comes up wherever it lies, unless it is gone, not admitted or unknown")
    func named() throws {
        let house = House(6_000, lists: 64)
        for round in 0..<30 {
            let (far, gone, refused) = (house.rows[3 * round], house.rows[3_000 + 3 * round], house.rows[3 * round + 1])
            house.index.apply([.remove(gone.id)])
            var query = IndexQuery(vector: far.vector.map { -$0 }, k: 5, filter: .equals(.tags, .text("third")), time: RankingTests.now)
            query.ranking = Ranking(named: [far.id: 3, gone.id: 3, refused.id: 3, RowMaker.identifier(99_999): 3])
            let hits = try house.index.search(query).hits
            #expect(hits.first?.id == far.id && abs((hits.first?.score ?? 0) - 2) < 1e-5)
            #expect(hits.count == 5 && !hits.contains { [gone.id, refused.id].contains($0.id) })
        }
    }

    @Test("a replaced row is named as it is now")
    func replaced() throws {
        let house = House(5_000, lists: 40)
        let row = house.rows[17]
        for step in 1...40 {
            house.index.apply([.put(row.attributes, vector: house.rows[17 + step].vector)])
            var query = IndexQuery(vector: house.rows[17 + step].vector, k: 1, time: RankingTests.now)
            query.ranking = Ranking(named: [row.id: 1])
            let hit = try #require(try house.index.search(query).hits.first)
            #expect(hit.id == row.id && abs(hit.score - 2) < 1e-5)
        }
    }

    @Test("a prior that leaves its range, or is no number, counts as the range's end", arguments: [nil, 30])
    func bounded(lists: Int?) throws {
        struct Wild: RowPrior {
            let range: ClosedRange<Float> = 0...0.1
            func prior(of row: Int, in columns: ColumnChunk) -> Float { columns.use(row).importance < 0.3 ? .nan : columns.use(row).importance > 0.7 ? 50 : 0.05 }
        }
        var house = House(3_000, lists: lists)
        for exact in [true, false] {
            var query = IndexQuery(vector: house.vector(), k: 10, time: RankingTests.now, exact: exact, recallTarget: 0.99)
            query.ranking = Ranking(prior: Wild())
            let best = house.best(query) { $0.attributes.importance < 0.3 ? 0 : $0.attributes.importance > 0.7 ? 0.1 : 0.05 }
            #expect(try house.index.search(query).hits.first.map { abs($0.score - best[0].score) < 1e-5 } ?? false)
        }
    }

    @Test("where priors outweigh every cosine all rows are compared")
    func outweighs() throws {
        var house = House(3_000, lists: 30)
        var query = IndexQuery(vector: house.vector(), k: 10, time: RankingTests.now)
        query.ranking = Ranking(weight: 0.1, prior: Importance(share: 1))
        let answer = try house.index.search(query)
        #expect(answer.report.isExact && agree(answer, house.best(query) { RankingTests.prior($0, share: 1) }))
    }

    @Test("what cannot be ranked by is refused", arguments: [Ranking(weight: 0), Ranking(weight: -1), Ranking(weight: .nan), Ranking(named: [RowMaker.identifier(1): -0.1]),
        Ranking(named: [RowMaker.identifier(1): .infinity])])
    func refuses(ranking: Ranking) {
        let house = House(10, lists: nil)
        #expect(throws: IndexError.self) { try house.index.search(IndexQuery(vector: house.rows[0].vector, time: RankingTests.now, ranking: ranking)) }
    }
}
