import Columns
import Records
import Testing
import VectorIndex

/// Rows and questions that are unlike those from which the lists learnt how far to look.
extension ListTests {
    /// Rows of which thousands are so alike that their codes cannot tell them apart.
    enum Alike: CaseIterable { case equal, nearlyEqual, tight, flattened }

    private func alike(_ kind: Alike) -> (CosineIndex, asked: [[Float]]) {
        var random = SeededGenerator(seed: 11)
        let dimension = 32
        let some = (0..<8).map { _ in random.vector(dimension) }
        let vectors = (0..<6_000).map { number -> [Float] in
            let noise = random.vector(dimension)
            return switch kind {
            case .equal: number < 3_000 ? some[0] : noise
            case .nearlyEqual: number < 2_500 ? zip(some[0], noise).map { $0 + 0.001 * $1 } : noise
            case .tight: zip(some[number % 8], noise).map { $0 + 0.003 * $1 }
            case .flattened: noise.enumerated().map { $1 / Float(($0 + 1) * ($0 + 1)) }
            }
        }
        let index = CosineIndex(dimension: dimension)
        index.apply(vectors.enumerated().map { .put(attributes($0), vector: $1) })
        #expect(index.train(questions: 64) && index.statistics.lists == 1)
        return (index, (0..<30).map { vectors[$0 * 197 % 6_000] } + (0..<10).map { _ in zip(some[0], random.vector(dimension)).map { $0 + 0.01 * $1 } })
    }

    @Test("where thousands of rows are alike, nothing of the best is lost for want of room", arguments: Alike.allCases)
    func manyAlike(kind: Alike) throws {
        let (index, asked) = alike(kind)
        var found = 0.0
        for vector in asked { found += try recall(index, IndexQuery(vector: vector, k: 10, time: ListTests.now)).found / Double(asked.count) }
        #expect(found >= 0.98)
    }

    @Test("as much is found of hundreds and thousands of answers", arguments: [200, 900, 1_500])
    func manyAnswers(k: Int) throws {
        var (index, clusters) = ListTests.large
        var (found, claimed) = (0.0, 0.0)
        for _ in 0..<20 {
            let (share, estimate) = try recall(index, IndexQuery(vector: clusters.vector(), k: k, time: ListTests.now))
            found += share / 20
            claimed += estimate / 20
        }
        #expect(found >= 0.92 && claimed <= found + 0.05)
        if k > 1_000 { #expect(found > 0.999_999) }
    }

    @Test("a query far from all rows is answered as well, and a number of lists under a filter promises no more than it finds")
    func foreign() throws {
        var (index, clusters) = ListTests.large
        var found = 0.0
        for _ in 0..<40 { found += try recall(index, IndexQuery(vector: clusters.generator.vector(ListTests.dimension), k: 10, time: ListTests.now)).found / 40 }
        #expect(found >= 0.93)
        let query = { (vector: [Float]) in IndexQuery(vector: vector, k: 10, filter: .equals(.tags, .text("far")), time: ListTests.now, probes: 4) }
        var (shares, claimed) = (0.0, 0.0)
        for _ in 0..<40 {
            let (share, estimate) = try recall(index, query(clusters.centres[0]))
            shares += share / 40
            claimed += estimate / 40
        }
        #expect(claimed <= shares + 0.1)
    }

    @Test("rows that expire leave at their moment and no other, and are forgotten with the last of them")
    func expiries() throws {
        var (index, clusters) = ListTests.filled(4_200, lists: nil)
        let vector = clusters.vector()
        func put(_ number: Int, until seconds: Int64) -> IndexChange {
            .put(
                Attributes(
                    id: RowMaker.identifier(number), agent: nil, type: .fact, createdAt: ListTests.now, updatedAt: ListTests.now,
                    expiresAt: ListTests.now.adding(seconds: seconds)), vector: vector)
        }
        index.apply([put(90_001, until: 10), put(90_002, until: 20)])
        #expect(index.train(questions: 64))
        func found(after seconds: Int64, _ filter: Filter? = nil) throws -> Set<Identifier> {
            let query = IndexQuery(vector: vector, k: 5, filter: filter, time: ListTests.now.adding(seconds: seconds))
            return Set(try index.search(query).hits.map(\.id)).intersection([90_001, 90_002, 90_003].map(RowMaker.identifier))
        }
        for _ in 0..<2 {
            #expect(try found(after: 9) == Set([90_001, 90_002].map(RowMaker.identifier)))
            #expect(try found(after: 10) == [RowMaker.identifier(90_002)])
            #expect(try found(after: 19, .equals(.type, .text("fact"))) == [RowMaker.identifier(90_002)])
            #expect(try found(after: 20).isEmpty)
        }
        index.apply([put(90_003, until: 15)])
        #expect(try found(after: 12) == Set([90_002, 90_003].map(RowMaker.identifier)))
        #expect(try found(after: 15) == [RowMaker.identifier(90_002)])
        index.apply([90_001, 90_002, 90_003].map { .remove(RowMaker.identifier($0)) })
        let report = try index.search(IndexQuery(vector: vector, k: 5, time: ListTests.now.adding(seconds: 30))).report
        #expect(report.rowsMatching == 4_200 && report.rowsTotal == 4_200)
    }

    @Test("where hardly any rows are left the lists go, and with the last row all that belonged to them")
    func dropped() throws {
        let (index, _) = ListTests.filled(4_200, lists: 16)
        #expect(!index.hasTooFewForLists)
        index.apply((0..<2_200).map { .remove(RowMaker.identifier($0)) })
        #expect(index.hasTooFewForLists)
        let query = IndexQuery(vector: Array(repeating: 1, count: ListTests.dimension), k: 50, time: ListTests.now, exact: true)
        let before = try index.search(query).hits
        index.dropLists()
        #expect(index.statistics.lists == 0 && index.statistics.rows == 2_000 && index.statistics.deadRows == 0 && !index.hasTooFewForLists)
        var asked = query
        asked.exact = false
        let after = try index.search(asked)
        #expect(after.hits == before && after.report.isExact && after.report.listsTotal == 0)
        index.apply((2_200..<4_200).map { .remove(RowMaker.identifier($0)) })
        #expect(index.statistics.rows == 0 && index.statistics.bytesCodes == 0 && index.statistics.bytesVectors == 0)
    }
}
