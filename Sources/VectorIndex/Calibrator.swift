import Columns
import Records
import Vectors

/// Tries settings on some of the partition's own rows, each of them a question to which it is itself no answer.
struct Calibrator {
    /// Enough for the mean of their recalls to err by some thousandths; without codes each takes so long that a hundredth must do.
    static func questions(_ style: ListStyle) -> Int { style == .flat ? 96 : 960 }

    /// For so many answers there are settings; beyond the last of them every row is compared.
    private static let ks = [1, 10, 30, 100, 1_000]
    /// The more answers a question has, the less its recall says by chance, and the fewer are needed.
    private static let shares = [1, 0.6, 0.4, 0.25, 0.034]
    private static let questionsMin = 16
    /// How many of the nearest rows are known of each question; of the first ones, that are asked for most answers, more.
    private static let depth = 100
    private static let (budgetFirst, budgetLeast): (Float, Float) = (0.6, 1e-7)
    /// From one budget to the next: a large step where hardly anyone asks for so little, a small one where the last cost many lists more.
    private static let (largeStep, step, smallStep): (Float, Float, Float) = (2, 1.4, 1.15)
    private static let (recallCoarse, steep) = (0.7, 1.2)
    /// Beyond, questions take longest and differ least: a half of them, and a quarter, say as much as all do before.
    private static let (recallOfHalf, recallOfQuarter) = (0.992, 0.997)
    /// In units of the error that is expected of an estimate.
    private static let margins: [Float] = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 5]
    /// What a search costs is the bytes that it reads: so many more for each list, and twice as many of rows, which lie here and there.
    private static let bytesOfList = 1_000.0
    private static let recallEnough = 0.9998
    /// Without codes a search reads so much that what comes near to all rows is not tried.
    private static let recallEnoughFlat = 0.995
    /// As many times as many lists are ranked as the last budget needed, but few times as many as were ranked for it: where all that are ranked are needed, a
    /// search costs and finds as much more as there are more of them.
    private static let (rankedMin, rankedShare, rankedGrowth) = (32, 2.5, 1.25)

    private static let gapFirst: Float = -0.4
    private static let gapStep: Float = 0.025
    private static let gaps = 80
    /// Rows of which a rate is believed.
    private static let hitsMin = 8.0

    private struct Question: Sendable {
        let unit: [Float]
        let row: Int
        /// The best others, best first.
        let best: [TopK<Int>.Entry]
        /// Their places in that order, by number.
        let places: [(number: Int, place: Int)]

        init(unit: [Float], row: Int, best: [TopK<Int>.Entry]) {
            self.unit = unit
            self.row = row
            self.best = best
            places = best.enumerated().map { ($1.id, $0) }.sorted { $0.number < $1.number }
        }

        /// Where a row stands among the best.
        func place(of number: Int) -> Int? {
            let next = places.firstPlace { $0.number >= number }
            return next < places.count && places[next].number == number ? places[next].place : nil
        }
    }

    /// What came of a search, for each margin.
    private struct Trial: Sendable {
        var recalls: [Double]
        var scored: [Double]
        var lists = 0.0
        var scanned = 0.0
        var missed = 0.0

        init() {
            recalls = Array(repeating: 0, count: Calibrator.margins.count)
            scored = recalls
        }

        mutating func add(_ other: Trial, share: Double) {
            for place in recalls.indices {
                recalls[place] += other.recalls[place] * share
                scored[place] += other.scored[place] * share
            }
            lists += other.lists * share
            scanned += other.scanned * share
            missed += other.missed * share
        }
    }

    let product: ListBuilder.Product
    let live: RowSet
    let rows: RowDirectory
    let questionCount: Int
    let seed: UInt64
    let threads: Int

    func calibrate() -> Calibration {
        let questions = ask()
        let all = Calibration.Setting(budget: 0, margin: 100, ranked: product.geometry.count, lists: Double(product.geometry.count), recall: 1)
        let products = products(of: questions)
        var calibration = Calibration(rates: missRates(questions, products), classes: [Calibration.Class(k: 1, settings: [all])])
        guard questions.contains(where: { !$0.best.isEmpty }) else { return calibration }
        let lists = Lists(
            geometry: product.geometry, style: product.style, directory: product.directory, signs: product.signs, tails: ListTails(lists: product.geometry.count), bounds: product.bounds, calibration: calibration, live: live, rows: rows,
            scratches: ScratchPools(product.geometry), filters: FilterCache(), expiries: ExpiryCache(), changes: 0)
        let classes = zip(Calibrator.ks, Calibrator.shares).compactMap { k, share -> Calibration.Class? in
            let some = questions.prefix(count(share, of: questions.count))
            guard some.allSatisfy({ $0.best.count >= k }) else { return nil }
            let kths = some.map { $0.best[k - 1].score }.sorted(by: >)
            return Calibration.Class(k: k, leastKth: kths[kths.count * Calibrator.knownPermille / 1_000], settings: settings(some, lists, k: k))
        }
        if !classes.isEmpty { calibration.classes = classes }
        calibration.farthest = farthest(questions.count, products)
        return calibration
    }

    private func count(_ share: Double, of questions: Int) -> Int {
        min(questions, max(Calibrator.questionsMin, Int(Double(questions) * (product.style == .flat && share > 0.1 ? 1 : share))))
    }

    /// Those than which none is both cheaper and better.
    private func settings(_ questions: ArraySlice<Question>, _ lists: Lists, k: Int) -> [Calibration.Setting] {
        var tried: [(setting: Calibration.Setting, cost: Double)] = []
        var typical = 16.0
        var recall = 0.0
        var budget = lists.count == 1 ? 0 : Calibrator.budgetFirst
        var ranked = Calibrator.rankedMin
        repeat {
            let isCoarse = recall < Calibrator.recallCoarse || k > Calibrator.depth
            ranked = max(Calibrator.rankedMin, min(Int(Calibrator.rankedShare * typical), isCoarse ? .max : Int(Calibrator.rankedGrowth * Double(ranked))))
            let widest = Calibrator.margins[Calibrator.margins.count - 1]
            let enough = questions.prefix(recall < Calibrator.recallOfHalf ? questions.count : recall < Calibrator.recallOfQuarter ? (questions.count + 1) / 2 : (questions.count + 3) / 4)
            let trial = run(enough, lists, Calibration.Setting(budget: budget, margin: widest, ranked: ranked, lists: typical, recall: 0), k: k)
            let best = trial.recalls[Calibrator.margins.count - 1]
            // Where all lists were visited, what is lost was lost by the codes.
            let reached = trial.lists > Double(lists.count) - 0.5 ? 1 : best
            for (place, margin) in Calibrator.margins.enumerated() {
                let setting = Calibration.Setting(
                    budget: budget, margin: margin, ranked: ranked, lists: typical, visited: trial.lists, recall: trial.recalls[place], lostByCodes: max(0, reached - trial.recalls[place]),
                    lostPerMissed: trial.missed > 0 ? (1 - best) * Double(k) / trial.missed : 0)
                tried.append((setting, cost(trial, place)))
            }
            if best > (lists.style == .flat ? Calibrator.recallEnoughFlat : Calibrator.recallEnough) { break }
            budget /= isCoarse ? Calibrator.largeStep : trial.lists > Calibrator.steep * typical ? Calibrator.smallStep : Calibrator.step
            recall = best
            typical = trial.lists
        } while budget > Calibrator.budgetLeast
        var result: [Calibration.Setting] = []
        for (setting, _) in tried.sorted(by: { ($0.cost, -$0.setting.recall) < ($1.cost, -$1.setting.recall) }) {
            if setting.recall > result.last?.recall ?? -1 { result.append(setting) }
        }
        return result
    }

    private func cost(_ trial: Trial, _ margin: Int) -> Double {
        let row = 4 * RowMatrix.stride(dimension: product.geometry.dimension)
        let scanned = trial.scanned * Double(product.style == .codes ? product.geometry.layout.rowBytes : row)
        return scanned + 2 * trial.scored[margin] * Double(row) + trial.lists * Calibrator.bytesOfList
    }

    /// The mean over the questions.
    private func run(_ questions: ArraySlice<Question>, _ lists: Lists, _ setting: Calibration.Setting, k: Int) -> Trial {
        let trials = Slots<Trial>(count: questions.count)
        Workers.forEachRange(below: questions.count, size: 16, threads: threads) { range, _ in
            let others = RowSet(live, count: live.count)
            for place in range {
                let question = questions[questions.startIndex + place]
                others[question.row] = false
                defer { others[question.row] = true }
                trials[place] = trial(question, lists, setting, k, others, roomFor: k) ?? trial(question, lists, setting, k, others, roomFor: ScratchPools.wideK, isLast: true) ?? Trial()
            }
        }
        var mean = Trial()
        let all = trials.all
        for trial in all { mean.add(trial, share: 1 / Double(max(1, all.count))) }
        return mean
    }

    /// Nil when there was not room enough, though more can be had.
    private func trial(
        _ question: Question, _ lists: Lists, _ setting: Calibration.Setting, _ k: Int, _ others: RowSet, roomFor room: Int, isLast: Bool = false
    ) -> Trial? {
        let (scratch, query) = (lists.scratches.threads.take(k: max(k, room)), lists.scratches.queries.take(k: max(k, room)))
        defer {
            lists.scratches.threads.giveBack(scratch)
            lists.scratches.queries.giveBack(query)
        }
        var search = ListSearch(
            unit: question.unit, lists: lists, k: k, setting: setting, recall: 1, probes: nil, admitted: others, matching: lists.trainedRows, isFiltered: false, query: query)
        guard search.look(scratch) else { return nil }
        search.pick(scratch)
        return search.leastKept == nil || isLast ? trial(search, question, scratch, k) : nil
    }

    private func trial(_ search: ListSearch, _ question: Question, _ scratch: ListScratch, _ k: Int) -> Trial {
        let outcome = search.outcome
        var trial = Trial()
        (trial.lists, trial.scanned, trial.missed) = (Double(outcome.listsVisited), Double(outcome.rowsScanned), Double(outcome.missed))
        guard !scratch.rows.isEmpty else { return trial }
        let wanted = min(k, question.best.count)
        // What ties with the last of them is as good as it; the sums of both scores were rounded in different orders.
        let least = (question.best.prefix(k).last?.score ?? 0) - BLAS.roundingBound(dimension: question.unit.count)
        let kth = CodeKernels.best.kthLargest(scratch.scores, count: scratch.rows.count, k: k)
        // Each under the first margin that reaches down to it; then every wider one has it too.
        let (margins, share) = (Calibrator.margins, 1 / Double(max(1, wanted)))
        for row in 0..<scratch.rows.count {
            let below = (kth - scratch.scores[row]) / outcome.error
            var margin = 0
            while margin < margins.count, margins[margin] < below { margin += 1 }
            guard margin < margins.count else { continue }
            trial.scored[margin] += 1
            if isGood(Int(scratch.rows[row]), question, least) { trial.recalls[margin] += share }
        }
        for margin in 1..<margins.count {
            trial.scored[margin] += trial.scored[margin - 1]
            trial.recalls[margin] += trial.recalls[margin - 1]
        }
        for margin in trial.recalls.indices { trial.recalls[margin] = min(1, trial.recalls[margin]) }
        // Where a margin reaches down to what there was no room for, all rows are compared.
        if let least = search.leastKept {
            for margin in margins.indices where kth - margins[margin] * outcome.error < least { (trial.recalls[margin], trial.scored[margin]) = (1, Double(product.bounds.last ?? 0)) }
        }
        return trial
    }

    /// Whether a row's score is `least` or more. If the farthest that is known is no better, there may be others like it, as where rows are there twice.
    private func isGood(_ number: Int, _ question: Question, _ least: Float) -> Bool {
        if let place = question.place(of: number) { return question.best[place].score >= least }
        guard let last = question.best.last, last.score >= least, let chunk = product.chunks[number / Chunk.capacity] else { return false }
        return Kernels.best.score(of: question.unit, row: number % Chunk.capacity, in: chunk.matrix) >= least
    }

    // MARK: What is known

    /// Rows to ask for, in no order.
    private func choose() -> [Int] {
        var random = SplitMix(seed ^ 0x5EED)
        let all = product.bounds.last ?? 0
        var numbers = product.unlearnt.count >= questionCount
            ? Training.sample(questionCount, of: product.unlearnt.count, &random).map { product.unlearnt[$0] }
            : Training.sample(min(questionCount, all), of: all, &random)
        for place in numbers.indices { numbers.swapAt(place, place + random.below(numbers.count - place)) }
        return numbers
    }

    private func ask() -> [Question] {
        let numbers = choose()
        let made = Slots<[Question]>(count: numbers.count)
        let size = 40
        Workers.forEachRange(below: numbers.count, size: size, threads: threads) { range, _ in
            let units = range.map { place -> [Float] in
                guard let chunk = product.chunks[numbers[place] / Chunk.capacity] else { return [] }
                return chunk.matrix.row(numbers[place] % Chunk.capacity)
            }
            let queries = units.flatMap { $0 }
            let deep = count(Calibrator.shares[Calibrator.shares.count - 1], of: numbers.count)
            var tops = range.map { TopK<Int>(k: $0 < deep ? Calibrator.ks[Calibrator.ks.count - 1] : Calibrator.depth) }
            var scores = [Float](repeating: 0, count: units.count * Chunk.capacity)
            product.chunks.forEach { slot, chunk in
                BLAS.multiply(
                    queries: queries, queryCount: units.count, rowsBelow: chunk.count, of: chunk.matrix, into: &scores, scoresStride: Chunk.capacity)
                for query in tops.indices {
                    let own = numbers[range.lowerBound + query] - slot * Chunk.capacity
                    var threshold = tops[query].threshold
                    for row in 0..<chunk.count where scores[query * Chunk.capacity + row] > threshold && row != own {
                        tops[query].offer(score: scores[query * Chunk.capacity + row], id: slot * Chunk.capacity + row)
                        threshold = tops[query].threshold
                    }
                }
            }
            made[range.lowerBound] = range.indices.map { Question(unit: units[$0 - range.lowerBound], row: numbers[$0], best: tops[$0 - range.lowerBound].sorted) }
        }
        return made.all.flatMap { $0 }
    }

    /// Those of every question with all centres.
    private func products(of questions: [Question]) -> Rows {
        let centres = product.geometry.centres
        let products = Rows(FloatBlock(count: max(1, questions.count) * centres.count), stride: centres.count)
        let units = Rows(FloatBlock(count: max(1, questions.count) * centres.rows.stride), stride: centres.rows.stride)
        for (row, question) in questions.enumerated() { for (column, value) in question.unit.enumerated() { units[row, column] = value } }
        BLAS.multiply(units, 0..<questions.count, byTransposed: centres.rows, 0..<centres.count, width: centres.dimension, into: products)
        return products
    }

    /// Hardly any is farther from its nearest centre: the share of foreign ones among what is asked later is that of the rows.
    private func farthest(_ count: Int, _ products: Rows) -> Float {
        let centres = product.geometry.centres
        let distances = (0..<count).map { row in
            (0..<centres.count).map { centres.distance(of: $0, product: products[row, $0]) }.min() ?? 0
        }.sorted()
        return distances.isEmpty ? .infinity : distances[distances.count * Calibrator.knownPermille / 1_000]
    }

    private static let knownPermille = 994

    /// The share of a list's rows that are better than the k-th best, by how far the list's centre is below it.
    private func missRates(_ questions: [Question], _ products: Rows) -> MissRates {
        let centres = product.geometry.centres
        var hits = [Double](repeating: 0, count: Calibrator.gaps), rows = hits
        let place = { (gap: Float) in min(Calibrator.gaps - 1, max(0, Int((gap - Calibrator.gapFirst) / Calibrator.gapStep))) }
        for (row, question) in questions.enumerated() {
            for depth in Calibrator.ks where question.best.count >= depth {
                let kth = question.best[depth - 1].score
                for list in 0..<centres.count { rows[place((kth - products[row, list]) / centres.distance(of: list, product: products[row, list]))] += Double(product.bounds[list + 1] - product.bounds[list]) }
                for entry in question.best.prefix(depth) {
                    let list = product.bounds.firstPlace { $0 > entry.id } - 1
                    hits[place((kth - products[row, list]) / centres.distance(of: list, product: products[row, list]))] += 1
                }
            }
        }
        var rates = zip(hits, rows).map { hits, rows in Float(hits >= Calibrator.hitsMin && rows > 0 ? min(1, hits / rows) : -1) }
        // Nearer than was seen: as the nearest seen. Farther: on along the line of the last two rates, on a logarithmic scale.
        let seen = rates.indices.filter { rates[$0] > 0 }
        guard let first = seen.first, let last = seen.last else { return MissRates([1], first: Calibrator.gapFirst, step: Calibrator.gapStep) }
        for gap in 0..<first { rates[gap] = rates[first] }
        let before = max(first, last - 4)
        let decay: Float = last > before && rates[before] > 0 ? min(0.8, pow(rates[last] / rates[before], by: last - before)) : 0.5
        for gap in first..<rates.count where rates[gap] <= 0 { rates[gap] = gap > last ? rates[gap - 1] * decay : rates[gap - 1] }
        return MissRates(rates, first: Calibrator.gapFirst, step: Calibrator.gapStep)
    }

    /// The `root`-th root.
    private func pow(_ value: Float, by root: Int) -> Float {
        // Newton's steps from above; a few digits are enough.
        var x: Float = 1
        for _ in 0..<60 {
            var power: Float = 1
            for _ in 0..<root - 1 { power *= x }
            guard power > 0 else { break }
            x -= (x * power - value) / (Float(root) * power)
        }
        return x
    }
}
