import Columns
import Dispatch
import Records
import Synchronization
import Testing
import VectorIndex
import Vectors

/// Rows around centres, as embeddings lie, and the exact answers beside what lists find.
@Suite("Lists")
struct ListTests {
    static let dimension = 64
    static let now = RowMaker.now

    /// `count` rows of 60 clusters, every tenth of which are all of one user; the user of the others is any of ten.
    struct Clusters {
        var generator: SeededGenerator
        let centres: [[Float]]
        let dimension: Int

        init(seed: UInt64, dimension: Int = ListTests.dimension) {
            generator = SeededGenerator(seed: seed)
            self.dimension = dimension
            var random = generator
            centres = (0..<60).map { _ in random.vector(dimension) }
            generator = random
        }

        mutating func vector() -> [Float] {
            let centre = centres[Int.random(in: 0..<centres.count, using: &generator)]
            let deviation = generator.vector(dimension)
            return zip(centre, deviation).map { $0 + 0.8 * $1 }
        }

        static func user(_ number: Int) -> Identifier { Identifier(high: 1, low: UInt64(number)) }

        /// `rare` and `rarer` are tags of one row in a hundred and in a thousand.
        mutating func put(_ number: Int) -> IndexChange {
            let vector = vector()
            let far = zip(vector, centres[0]).reduce(0) { $0 + $1.0 * $1.1 } < -1
            let tags = [(2, "half"), (10, "tenth"), (100, "rare"), (1_000, "rarer")].filter { number % $0.0 == 0 }.map(\.1) + (far ? ["far"] : [])
            let time = Timestamp(microseconds: Int64(number))
            return .put(Attributes(id: RowMaker.identifier(number), agent: nil, type: .fact, tags: tags, createdAt: time, updatedAt: time), vector: vector)
        }
    }

    /// Shared by the tests that only ask.
    static let large = filled(6_000, lists: 64, questions: 320)

    static func filled(_ count: Int, lists: Int?, questions: Int = 64, seed: UInt64 = 5) -> (CosineIndex, Clusters) {
        var clusters = Clusters(seed: seed)
        let index = CosineIndex(dimension: dimension)
        index.apply((0..<count).map { clusters.put($0) })
        if let lists { #expect(index.train(lists: lists, questions: questions)) }
        return (index, clusters)
    }

    /// Shares of the exact answers that were found, counting what ties with the last one; and that the answer is as long as it can be, and matches.
    func recall(_ index: CosineIndex, _ query: IndexQuery) throws -> (found: Double, estimate: Double) {
        let answer = try index.search(query)
        var asked = query
        asked.exact = true
        let exact = try index.search(asked)
        #expect(exact.report.isExact && answer.hits.count == exact.hits.count)
        #expect(Set(answer.hits.map(\.id)).count == answer.hits.count)
        // What is found has the score that it always has.
        let scores = Dictionary(uniqueKeysWithValues: exact.hits.map { ($0.id, $0.score) })
        for hit in answer.hits { if let score = scores[hit.id] { #expect(score == hit.score) } }
        guard let last = exact.hits.last else { return (1, 1) }
        return (Double(answer.hits.filter { $0.score >= last.score }.count) / Double(exact.hits.count), answer.report.recallEstimate)
    }

    @Test("every recall that is asked for is reached on average, and the estimate says so", arguments: [0.8, 0.95, 0.99])
    func reachesTarget(target: Double) throws {
        var (index, clusters) = ListTests.large
        #expect(index.statistics.lists == 64 && index.statistics.trainedRows == 6_000)
        for k in [1, 10, 40] {
            // A single answer is found or not: that takes more questions to tell chance from error, and calibration had as few.
            let questions = k == 1 ? 400 : 100
            var (sum, estimates) = (0.0, 0.0)
            for _ in 0..<questions {
                let (found, estimate) = try recall(index, IndexQuery(vector: clusters.vector(), k: k, time: ListTests.now, recallTarget: target))
                sum += found / Double(questions)
                estimates += estimate / Double(questions)
            }
            #expect(sum >= target - 0.02, "k \(k)")
            #expect(abs(estimates - sum) < 0.06, "k \(k): \(estimates) was said, and it was \(sum)")
        }
    }

    @Test("a search that visits all lists answers as one that compares all rows, ties included")
    func fullProbing() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        // A dozen rows of one vector.
        index.apply((9_000..<9_012).map { .put(attributes($0), vector: clusters.centres[3]) })
        for probes in [32, 33, 10_000] {
            for vector in [clusters.centres[3], clusters.vector()] {
                let all = try index.search(IndexQuery(vector: vector, k: 10, time: ListTests.now, probes: probes))
                let exact = try index.search(IndexQuery(vector: vector, k: 10, time: ListTests.now, exact: true))
                #expect(all.hits == exact.hits && all.report.isExact && all.report.listsVisited == 32 && all.report.rowsScored == 3_012)
            }
        }
    }

    @Test("more probes visit more lists and find no less, and the report counts them")
    func probes() throws {
        var (index, clusters) = ListTests.large
        var before = 0.0
        for probes in [1, 4, 16, 63] {
            var found = 0.0
            for _ in 0..<60 {
                let query = IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now, recallTarget: 0.999, probes: probes)
                let report = try index.search(query).report
                #expect(report.listsVisited == probes && report.listsTotal == 64 && !report.isExact)
                #expect(report.rowsScored >= 10 && report.rowsVisited >= report.rowsScored)
                found += try recall(index, query).found / 60
            }
            #expect(found > before - 0.03)
            before = found
        }
        #expect(before > 0.98)
    }

    @Test("a filter of any width, near the query or far from it, leaves nothing unfilled and the recall as it was",
        arguments: ["half", "tenth", "rare", "rarer", "far", "nowhere"])
    func filters(tag: String) throws {
        var (index, clusters) = ListTests.filled(6_000, lists: 64, questions: 320)
        var found = 0.0
        for _ in 0..<60 {
            // The far ones have nothing near this query.
            let vector = tag == "far" ? zip(clusters.centres[0], clusters.vector()).map { $0 + 0.2 * $1 } : clusters.vector()
            found += try recall(index, IndexQuery(vector: vector, k: 10, filter: .equals(.tags, .text(tag)), time: ListTests.now)).found / 60
        }
        #expect(found >= 0.94)
    }

    @Test("rows that expired are not found, nor do they take the place of others")
    func expiry() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        let vector = clusters.vector()
        let best = try index.search(IndexQuery(vector: vector, k: 20, time: ListTests.now, exact: true)).hits
        for hit in best.prefix(10) {
            var row = attributes(Int(hit.id.low))
            row.expiresAt = Timestamp(microseconds: 500)
            index.apply([.put(row, vector: vector)])
        }
        let answer = try index.search(IndexQuery(vector: vector, k: 10, time: ListTests.now, recallTarget: 0.999))
        #expect(answer.hits.count == 10 && answer.report.rowsMatching == 2_990)
        #expect(Set(answer.hits.map(\.id)).isDisjoint(with: best.prefix(10).map(\.id)))
        #expect(try index.search(IndexQuery(vector: vector, k: 10, time: Timestamp(microseconds: 100))).hits.allSatisfy { $0.score > 0.999 })
    }

    func attributes(_ number: Int) -> Attributes {
        let time = Timestamp(microseconds: Int64(number))
        return Attributes(id: RowMaker.identifier(number), agent: nil, type: .fact, createdAt: time, updatedAt: time)
    }

    @Test("what is put is found by the next search and what is removed by none, however often lists outgrow their room")
    func living() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        for round in 0..<400 {
            let number = 20_000 + round
            // All of them near each other, so that a few lists take them.
            let vector = zip(clusters.centres[7], clusters.vector()).map { $0 + 0.1 * $1 }
            index.apply([.put(attributes(number), vector: vector), .remove(RowMaker.identifier(round))])
            let hits = try index.search(IndexQuery(vector: vector, k: 3, time: ListTests.now)).hits
            #expect(hits.first?.id == RowMaker.identifier(number) && !hits.contains { $0.id == RowMaker.identifier(round) })
        }
        #expect(index.statistics.rows == 3_000 && index.statistics.changedRows == 800)
        // Another vector under the same id: the old one is not found any more.
        let old = clusters.vector(), new = old.map { -$0 }
        index.apply([.put(attributes(77_777), vector: old)])
        index.apply([.put(attributes(77_777), vector: new)])
        #expect(try index.search(IndexQuery(vector: new, k: 1, time: ListTests.now)).hits.first?.id == RowMaker.identifier(77_777))
        #expect(try index.search(IndexQuery(vector: old, k: 5, time: ListTests.now, exact: true)).hits.allSatisfy { $0.id != RowMaker.identifier(77_777) })
        #expect(try index.search(IndexQuery(vector: old, k: 5, time: ListTests.now)).hits.allSatisfy { $0.id != RowMaker.identifier(77_777) })
    }

    @Test("while lists are trained, changes go on and searches find what was acknowledged; afterwards nothing is lost")
    func changesMeanwhile() throws {
        let (index, _) = ListTests.filled(5_000, lists: nil)
        var clusters = Clusters(seed: 5)
        var model = IndexModel(dimension: ListTests.dimension)
        model.apply((0..<5_000).map { clusters.put($0) })
        let isOver = Atomic<Bool>(false)
        let trainer = DispatchQueue(label: "trainer")
        let done = DispatchGroup()
        trainer.async(group: done) {
            for seed in 1...2 { index.train(lists: 32, questions: 64, seed: UInt64(seed)) }
            isOver.store(true, ordering: .releasing)
        }
        var number = 30_000
        while !isOver.load(ordering: .acquiring) {
            let change = clusters.put(number)
            index.apply([change, .remove(RowMaker.identifier(number - 30_000))])
            model.apply([change, .remove(RowMaker.identifier(number - 30_000))])
            guard case .put(_, let vector) = change else { continue }
            #expect(try index.search(IndexQuery(vector: vector, k: 1, time: ListTests.now)).hits.first?.id == RowMaker.identifier(number))
            number += 1
        }
        done.wait()
        #expect(index.statistics.rows == model.rows.count && index.statistics.lists == 32)
        for _ in 0..<20 {
            let vector = clusters.vector()
            #expect(try index.search(IndexQuery(vector: vector, k: 50, time: ListTests.now, exact: true)).hits == model.search(vector, k: 50, time: ListTests.now))
            #expect(try recall(index, IndexQuery(vector: vector, k: 10, time: ListTests.now, recallTarget: 0.999)).found >= 0.9)
        }
    }

    @Test("a second call to train while one is at work does nothing, and an index without rows has nothing to train")
    func trainOnce() {
        #expect(!CosineIndex(dimension: 4).train())
        let vast = CosineIndex(dimension: 12_289)
        vast.apply([.put(attributes(1), vector: Array(repeating: 1, count: 12_289))])
        #expect(!vast.train() && !vast.wantsTraining && vast.statistics.rows == 1)
        let (index, _) = ListTests.filled(4_500, lists: nil)
        #expect(index.wantsTraining)
        let trained = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 3) { _ in if index.train(lists: 16, questions: 64) { trained.add(1, ordering: .relaxed) } }
        #expect(trained.load(ordering: .relaxed) >= 1 && index.statistics.lists == 16)
        #expect(!index.wantsTraining)
    }

    @Test("a partition under some thousand rows wants no lists; up to some ten thousand one list of codes serves it")
    func sizes() throws {
        let (small, _) = ListTests.filled(4_095, lists: nil)
        #expect(!small.wantsTraining && small.statistics.lists == 0)
        var (middle, clusters) = ListTests.filled(4_200, lists: nil)
        #expect(middle.wantsTraining && middle.train(questions: 100))
        #expect(middle.statistics.lists == 1)
        var found = 0.0
        for _ in 0..<60 {
            found += try recall(middle, IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now)).found / 60
        }
        #expect(found >= 0.995)
    }

    @Test("the same rows and the same seed give the same lists: equal answers, visit for visit")
    func reproducible() throws {
        var (first, clusters) = ListTests.filled(3_000, lists: 32)
        let (second, _) = ListTests.filled(3_000, lists: 32)
        for _ in 0..<50 {
            let query = IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now, recallTarget: 0.9)
            #expect(try first.search(query) == second.search(query))
        }
    }

    @Test("fewer rows than lists, one row, equal rows and more asked than there are: all are answered")
    func corners() throws {
        for (count, lists) in [(1, 8), (5, 8), (70, 70), (200, 1)] {
            let (index, _) = ListTests.filled(count, lists: lists)
            let answer = try index.search(IndexQuery(vector: Array(repeating: 1, count: ListTests.dimension), k: 500, time: ListTests.now))
            #expect(answer.hits.count == count)
        }
        let index = CosineIndex(dimension: 3)
        index.apply((0..<500).map { .put(attributes($0), vector: [1, 2, 3]) })
        #expect(index.train(lists: 16, questions: 64))
        let answer = try index.search(IndexQuery(vector: [1, 2, 3], k: 7, time: ListTests.now))
        #expect(answer.hits.count == 7 && answer.hits.allSatisfy { $0.score > 0.999 })
        index.apply((0..<500).map { .remove(RowMaker.identifier($0)) })
        #expect(try index.search(IndexQuery(vector: [1, 2, 3], k: 7, time: ListTests.now)).hits.isEmpty)
    }

    @Test("lists without codes find as much as is asked for, compare what they visit, and take changes")
    func flat() throws {
        var clusters = Clusters(seed: 8)
        let index = CosineIndex(dimension: ListTests.dimension, style: .flat)
        index.apply((0..<5_000).map { clusters.put($0) })
        #expect(index.train(lists: 48, questions: 200) && index.statistics.style == .flat)
        for target in [0.8, 0.95] {
            var found = 0.0
            for _ in 0..<80 {
                let query = IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now, recallTarget: target)
                let report = try index.search(query).report
                #expect(report.rowsScored == report.rowsVisited && report.listsVisited < 48)
                found += try recall(index, query).found / 80
            }
            #expect(found >= target - 0.03)
        }
        let tagged = IndexQuery(vector: clusters.vector(), k: 10, filter: .equals(.tags, .text("half")), time: ListTests.now)
        #expect(try recall(index, tagged).found >= 0.9)
        for number in 50_000..<50_300 {
            let vector = zip(clusters.centres[2], clusters.vector()).map { $0 + 0.1 * $1 }
            index.apply([.put(attributes(number), vector: vector)])
            #expect(try index.search(IndexQuery(vector: vector, k: 1, time: ListTests.now)).hits.first?.id == RowMaker.identifier(number))
            if number % 2 == 0 { index.apply([.remove(RowMaker.identifier(number))]) }
        }
        let all = try index.search(IndexQuery(vector: clusters.centres[2], k: 200, time: ListTests.now, probes: 48))
        #expect(try all.hits == index.search(IndexQuery(vector: clusters.centres[2], k: 200, time: ListTests.now, exact: true)).hits)
    }

    @Test("an index that is to keep something else is trained anew, and answers as before")
    func style() throws {
        var (index, clusters) = ListTests.filled(4_100, lists: 16)
        #expect(!index.wantsTraining && index.statistics.style == .codes)
        index.use(.flat)
        #expect(index.wantsTraining && index.train(lists: 16, questions: 64))
        #expect(index.statistics.style == .flat && !index.wantsTraining)
        #expect(try recall(index, IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now, recallTarget: 0.999)).found >= 0.9)
    }

    @Test("a filter that comes again is answered from what is known of it, and never out of date")
    func filtersAgain() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        let vector = clusters.vector()
        let query = IndexQuery(vector: vector, k: 400, filter: .equals(.tags, .text("tenth")), time: ListTests.now)
        for round in 0..<30 {
            let number = 40_000 + 10 * round
            // One more row that the filter admits, one that it does not, and one less.
            index.apply([clusters.put(number), clusters.put(number + 1), .remove(RowMaker.identifier(10 * round))])
            var exact = query
            exact.exact = true
            let (answer, expected) = (try index.search(query), try index.search(exact))
            #expect(answer.hits == expected.hits && answer.report.rowsMatching == 300)
        }
    }

    @Test("a batch answers as single searches do, on one thread or several")
    func batches() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        let queries = (0..<70).map { place in
            IndexQuery(
                vector: clusters.vector(), k: 5, filter: place % 3 == 0 ? .equals(.tags, .text("half")) : nil, time: ListTests.now, exact: place % 5 == 0)
        }
        let alone = try queries.map { try index.search($0) }
        for threads in [1, 2, 7] { #expect(try index.search(queries, threads: threads).map { try $0.get() } == alone) }
    }

    @Test("a batch over lists without codes finds as much as single searches do, with the same scores")
    func flatBatches() throws {
        var clusters = Clusters(seed: 15)
        let index = CosineIndex(dimension: ListTests.dimension, style: .flat)
        index.apply((0..<5_000).map { clusters.put($0) })
        #expect(index.train(lists: 40, questions: 64))
        index.apply((5_000..<5_200).map { clusters.put($0) })
        let queries = (0..<90).map { place in
            IndexQuery(vector: clusters.vector(), k: 10, filter: place % 3 == 0 ? .equals(.tags, .text("half")) : nil, time: ListTests.now)
        }
        var same = 0
        for (query, answer) in zip(queries, index.search(queries, threads: 2)) {
            let (together, alone) = (try answer.get(), try index.search(query))
            #expect(together.hits.count == alone.hits.count)
            // Where rounding decides whether one more list is visited, a hit may differ.
            same += together.hits == alone.hits ? 1 : 0
        }
        #expect(same >= 88)
    }

    @Test("a query that may not go on is stopped, over lists as well")
    func stops() throws {
        var (index, clusters) = ListTests.filled(3_000, lists: 32)
        #expect(throws: IndexError.stopped) {
            try index.search(IndexQuery(vector: clusters.vector(), k: 10, time: ListTests.now, shouldStop: { true }))
        }
    }
}
