import Columns
import Records
import Testing
import VectorIndex

@Suite("Changes")
struct ChangeTests {
    @Test("after random puts, replaces and removes the index is what a dictionary would be", arguments: 0..<4)
    func modelTest(round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var maker = RowMaker(generator: SeededGenerator(seed: seed), dimension: 9)
        let index = CosineIndex(dimension: 9)
        var model = IndexModel(dimension: 9)
        let ids = [50, 500, 3_000, 6_000][round]
        for step in 0..<120 {
            let isShrinking = step % 40 > 25
            let changes = (0..<maker.int(0...[20, 200, 400, 600][round])).map { _ -> IndexChange in
                let number = maker.int(0...ids)
                return maker.int(0...9) < (isShrinking ? 8 : 3) ? .remove(RowMaker.identifier(number)) : maker.put(number)
            }
            #expect(index.apply(changes).isEmpty)
            model.apply(changes)
            let statistics = index.statistics
            #expect(statistics.rows == model.rows.count, "seed \(seed), step \(step)")
            let (filter, admits) = RowMaker.filters[step % RowMaker.filters.count]
            let vector = maker.vector()
            let answer = try index.search(IndexQuery(vector: vector, k: 20, filter: filter, time: RowMaker.now))
            #expect(answer.hits == model.search(vector, k: 20, time: RowMaker.now, admits: admits), "seed \(seed), step \(step)")
        }
        index.apply(model.rows.keys.map { .remove($0) })
        let empty = IndexStatistics(rows: 0, deadRows: 0, bytesVectors: 0, bytesColumns: 0, dimension: 9, chunks: 0)
        #expect(index.statistics == empty)
    }

    @Test("removing what is not there changes nothing, and changes of one call act in order")
    func order() throws {
        var maker = RowMaker(generator: SeededGenerator(seed: 1), dimension: 2)
        let index = CosineIndex(dimension: 2)
        var row = maker.attributes(1)
        row.expiresAt = nil
        index.apply([.remove(row.id), .put(row, vector: [1, 0]), .remove(row.id), .put(row, vector: [0, 1]), .remove(RowMaker.identifier(2))])
        #expect(try index.search(IndexQuery(vector: [0, 1], time: RowMaker.now)).hits == [Hit(id: row.id, score: 1)])
        index.apply([])
        #expect(index.statistics.rows == 1)
    }

    @Test("a vector that cannot be searched is refused by id, takes its old row away and harms nothing else")
    func refused() throws {
        var maker = RowMaker(generator: SeededGenerator(seed: 2), dimension: 2)
        let index = CosineIndex(dimension: 2)
        index.apply([maker.put(1)])
        let bad: [[Float]] = [[0, 0], [1], [1, 2, 3], [.nan, 1], [.infinity, 0], []]
        var good = maker.attributes(9)
        good.expiresAt = nil
        let refused = index.apply(bad.enumerated().map { .put(maker.attributes($0 + 1), vector: $1) } + [.put(good, vector: [1, 1])])
        #expect(refused == (1...6).map { RowMaker.identifier($0) })
        #expect(try index.search(IndexQuery(vector: [1, 1], time: RowMaker.now)).hits.map(\.id) == [good.id])
    }

    @Test("one row replaced for ever takes no more than two chunks")
    func replacing() {
        var maker = RowMaker(generator: SeededGenerator(seed: 3), dimension: 2)
        let index = CosineIndex(dimension: 2)
        for _ in 0..<5_000 {
            index.apply([maker.put(1)])
            #expect(index.statistics.chunks <= 2 && index.statistics.rows == 1)
        }
    }

    @Test("after everything is gone the same rows can come again, as often as they like")
    func emptiedAgainAndAgain() throws {
        var maker = RowMaker(generator: SeededGenerator(seed: 12), dimension: 8)
        let index = CosineIndex(dimension: 8)
        // More than one group of chunks, and few.
        for count in [40, 70_000, 40, 3_000, 1] {
            index.apply((0..<count).map { maker.put($0) })
            #expect(index.statistics.rows == count)
            index.apply((0..<count).map { .remove(RowMaker.identifier($0)) })
            #expect(index.statistics.rows == 0 && index.statistics.chunks <= 1)
            #expect(try index.search(IndexQuery(vector: maker.vector(), time: RowMaker.now, ranking: Ranking(named: [RowMaker.identifier(0): 1]))).hits.isEmpty)
        }
    }

    @Test("scattered removal gives memory back: dead rows stay a small share")
    func givesMemoryBack() throws {
        var maker = RowMaker(generator: SeededGenerator(seed: 4), dimension: 4)
        let index = CosineIndex(dimension: 4)
        index.apply((0..<20_000).map { maker.put($0) })
        let full = index.statistics
        for number in 0..<20_000 where number % 10 != 0 {
            index.apply([.remove(RowMaker.identifier(number))])
            let statistics = index.statistics
            #expect(statistics.deadRows <= max(2 * 1_024, (statistics.rows + statistics.deadRows) / 3))
        }
        #expect(index.statistics.rows == 2_000)
        #expect(index.statistics.bytesVectors < full.bytesVectors / 4)
        #expect(index.statistics.bytesColumns < full.bytesColumns / 4)
        #expect(try index.search(IndexQuery(vector: [1, 0, 0, 0], k: 10_000, time: Timestamp(microseconds: 0))).hits.count == 2_000)
    }

    @Test("concurrent readers see each call's changes whole: of a pair that moves together, both or neither")
    func concurrentReaders() async {
        let pairs = 600
        let index = CosineIndex(dimension: 8)
        let done = Counter()
        var maker = RowMaker(generator: SeededGenerator(seed: 5), dimension: 8)
        var rows: [[Attributes]] = []
        for pair in 0..<pairs { rows.append((0..<2).map { var row = maker.attributes(pair * 2 + $0); row.expiresAt = nil; row.tags = []; return row }) }
        index.apply(rows.flatMap { $0 }.map { .put($0, vector: [1, 0, 0, 0, 0, 0, 0, 0]) })
        let fixed = rows
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                var generator = SeededGenerator(seed: 6)
                for version in 1...1_500 {
                    let pair = fixed[Int.random(in: 0..<pairs, using: &generator)]
                    // Both rows of a pair get the same vector and the same tag in one call, or are removed in one call.
                    let vector = generator.vector(8)
                    index.apply(
                        pair.map { row in
                            var row = row
                            row.tags = ["version \(version)"]
                            return version % 4 == 0 ? .remove(row.id) : .put(row, vector: vector)
                        })
                }
                done.increment()
                return true
            }
            for reader in 0..<2 {
                group.addTask {
                    var generator = SeededGenerator(seed: UInt64(reader) + 10)
                    var isConsistent = true
                    while done.current == 0 {
                        let query = IndexQuery(vector: generator.vector(8), k: pairs * 2, filter: reader == 0 ? nil : .exists(.tags), time: RowMaker.now)
                        let answers = reader == 0 ? index.search(Array(repeating: query, count: 9)) : [Result { () throws(IndexError) in try index.search(query) }]
                        for answer in answers { isConsistent = isConsistent && answer == answers[0] && ChangeTests.holdsWholePairs(answer) }
                    }
                    return isConsistent
                }
            }
            for await isConsistent in group { #expect(isConsistent) }
        }
    }

    /// Every row once, its partner there too and with the same score.
    private static func holdsWholePairs(_ answer: Result<IndexAnswer, IndexError>) -> Bool {
        guard case .success(let answer) = answer else { return false }
        var scores: [UInt64: [Float]] = [:]
        for hit in answer.hits { scores[hit.id.low / 2, default: []].append(hit.score) }
        return scores.values.allSatisfy { $0.count == 2 && $0[0] == $0[1] } && answer.report.rowsMatching == answer.hits.count
    }
}
