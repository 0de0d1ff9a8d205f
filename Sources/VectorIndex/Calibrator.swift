import Columns
import Records
import Vectors

/// Tries settings on some of the partition's own rows, each of them a question to which it is itself no answer.
struct Calibrator {
    private static let questions = 320
    private static let k = 10
    /// How many of the nearest rows tell how lists are left out; more than k, since what is far down is rarer.
    private static let depth = 100
    private static let budgets: [Float] = (0..<44).map { 0.6 / Float(1 << ($0 / 2)) / ($0 % 2 == 0 ? 1 : 1.4) }
    /// In units of the error that is expected of an estimate.
    private static let margins: [Float] = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4]
    /// What a search costs is the bytes that it reads: so many more for each list, and twice as many of rows, which lie here and there.
    private static let bytesOfList = 1_000.0
    /// Where no lists are left out, codes alone decide what is lost.
    private static let wideMargins: [Float] = [1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8]
    private static let rankedMin = 32

    private static let gapFirst: Float = -0.3
    private static let gapStep: Float = 0.02
    private static let gaps = 66
    /// Rows of which a rate is believed.
    private static let hitsMin = 8.0

    private struct Question: Sendable {
        let unit: [Float]
        let row: Int
        /// The best others, best first.
        let best: [TopK<Int>.Entry]
    }

    private struct Trial: Sendable {
        var recall = 0.0
        var lists = 0.0
        var scanned = 0.0
        var scored = 0.0
        var missed = 0.0

        static func + (a: Trial, b: Trial) -> Trial {
            Trial(
                recall: a.recall + b.recall, lists: a.lists + b.lists, scanned: a.scanned + b.scanned, scored: a.scored + b.scored, missed: a.missed + b.missed)
        }

        func divided(by count: Int) -> Trial {
            let n = Double(max(1, count))
            return Trial(recall: recall / n, lists: lists / n, scanned: scanned / n, scored: scored / n, missed: missed / n)
        }
    }

    let product: ListBuilder.Product
    let live: RowSet
    let rows: RowDirectory
    let seed: UInt64
    let threads: Int

    func calibrate() -> Calibration {
        let questions = ask()
        let rates = missRates(questions)
        var calibration = Calibration(rates: rates, settings: [Calibration.Setting(budget: 0, margin: 1, ranked: product.geometry.count, lists: Double(product.geometry.count), recall: 1)])
        guard !questions.isEmpty else { return calibration }
        let lists = Lists(
            geometry: product.geometry, directory: product.directory, bounds: product.bounds, calibration: calibration, live: live, rows: rows,
            scratches: ScratchPool(product.geometry), changes: 0)
        var settings: [(setting: Calibration.Setting, cost: Double)] = []
        let unit = errorOfEstimates()
        var typical = 16.0
        let isOneList = product.geometry.count == 1
        for budget in isOneList ? [0] : Calibrator.budgets {
            let ranked = max(Calibrator.rankedMin, Int(2.5 * typical))
            var trials: [(margin: Float, trial: Trial)] = []
            for margin in isOneList ? Calibrator.wideMargins : Calibrator.margins {
                let setting = Calibration.Setting(budget: budget, margin: margin * unit, ranked: ranked, lists: typical, recall: 0)
                trials.append((margin * unit, run(questions, lists, setting)))
                if trials.count > 3, trials[trials.count - 1].trial.recall - trials[trials.count - 2].trial.recall < 0.0003 { break }
            }
            guard let widest = trials.last?.trial else { continue }
            defer { typical = widest.lists }
            for (margin, trial) in trials {
                let setting = Calibration.Setting(
                    budget: budget, margin: margin, ranked: ranked, lists: typical, recall: trial.recall, lostByCodes: max(0, widest.recall - trial.recall),
                    lostPerMissed: widest.missed > 0 ? (1 - widest.recall) * Double(Calibrator.k) / widest.missed : 0)
                settings.append((setting, cost(trial)))
            }
            if widest.recall > 0.9998 { break }
        }
        calibration.settings = Calibrator.best(of: settings)
        return calibration
    }

    /// Those than which none is both cheaper and better.
    private static func best(of settings: [(setting: Calibration.Setting, cost: Double)]) -> [Calibration.Setting] {
        var result: [Calibration.Setting] = []
        for (setting, _) in settings.sorted(by: { ($0.cost, -$0.setting.recall) < ($1.cost, -$1.setting.recall) }) {
            if setting.recall > result.last?.recall ?? -1 { result.append(setting) }
        }
        return result
    }

    private func cost(_ trial: Trial) -> Double {
        let row = 4 * RowMatrix.stride(dimension: product.geometry.dimension)
        return trial.scanned * Double(product.geometry.layout.rowBytes) + 2 * trial.scored * Double(row) + trial.lists * Calibrator.bytesOfList
    }

    private func run(_ questions: [Question], _ lists: Lists, _ setting: Calibration.Setting) -> Trial {
        let trials = Slots<Trial>(count: questions.count)
        Workers.forEachRange(below: questions.count, size: 16, threads: threads) { range, _ in
            let scratch = lists.scratches.take(k: Calibrator.k)
            defer { lists.scratches.giveBack(scratch) }
            let others = RowSet(live, count: live.count)
            for place in range {
                let question = questions[place]
                others[question.row] = false
                defer { others[question.row] = true }
                let search = ListSearch(lists: lists, k: Calibrator.k, setting: setting, probes: nil, admitted: others, isFiltered: false)
                guard let outcome = search.run(unit: question.unit, scratch) else { continue }
                let wanted = question.best.prefix(Calibrator.k)
                // What ties with the last of them is as good as it; the sums of both scores were rounded in different orders.
                let least = (wanted.last?.score ?? 0) - BLAS.roundingBound(dimension: question.unit.count)
                let found = scratch.rows.indices.reduce(0) { $0 + (scratch.scores[$1] >= least ? 1 : 0) }
                trials[place] = Trial(
                    recall: min(1, Double(found) / Double(max(1, wanted.count))), lists: Double(outcome.listsVisited), scanned: Double(outcome.rowsScanned),
                    scored: Double(outcome.rowsScored), missed: Double(outcome.missed))
            }
        }
        let all = trials.all
        return all.reduce(Trial(), +).divided(by: all.count)
    }

    // MARK: What is known

    private func ask() -> [Question] {
        var random = SplitMix(seed ^ 0x5EED)
        let count = product.bounds.last ?? 0
        let numbers = Training.sample(min(Calibrator.questions, count), of: count, &random)
        let made = Slots<[Question]>(count: numbers.count)
        let size = 40
        Workers.forEachRange(below: numbers.count, size: size, threads: threads) { range, _ in
            let units = range.map { place -> [Float] in
                guard let chunk = product.chunks[numbers[place] / Chunk.capacity] else { return [] }
                return chunk.matrix.row(numbers[place] % Chunk.capacity)
            }
            let queries = units.flatMap { $0 }
            var tops = range.map { _ in TopK<Int>(k: Calibrator.depth) }
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

    /// The share of a list's rows that are better than the k-th best, by how far the list's centre is below it.
    private func missRates(_ questions: [Question]) -> MissRates {
        let centres = product.geometry.centres
        var hits = [Double](repeating: 0, count: Calibrator.gaps), rows = hits
        let place = { (gap: Float) in min(Calibrator.gaps - 1, max(0, Int((gap - Calibrator.gapFirst) / Calibrator.gapStep))) }
        let products = Rows(FloatBlock(count: max(1, questions.count) * centres.count), stride: centres.count)
        let units = Rows(FloatBlock(count: max(1, questions.count) * centres.rows.stride), stride: centres.rows.stride)
        for (row, question) in questions.enumerated() { for (column, value) in question.unit.enumerated() { units[row, column] = value } }
        BLAS.multiply(units, 0..<questions.count, byTransposed: centres.rows, 0..<centres.count, width: centres.dimension, into: products)
        for (row, question) in questions.enumerated() {
            for depth in [Calibrator.k, Calibrator.depth] where question.best.count >= depth {
                let kth = question.best[depth - 1].score
                for list in 0..<centres.count { rows[place(kth - products[row, list])] += Double(product.bounds[list + 1] - product.bounds[list]) }
                for entry in question.best.prefix(depth) {
                    let list = product.bounds.partitioningIndex { $0 > entry.id } - 1
                    hits[place(kth - products[row, list])] += 1
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

    /// What an estimate errs by, as a standard deviation: |q − c| · |r| · √(1 − o²) / (o √m), where o, the cosine of r and its signs, is about √(2/π).
    private func errorOfEstimates() -> Float {
        let centres = product.geometry.centres
        var squares: Float = 0
        for place in 0..<centres.count { squares += 2 * centres.halves[place] }
        return 0.75 * (1 - min(1, squares / Float(centres.count))) / Float(product.geometry.layout.dimensions).squareRoot()
    }
}

extension Array where Element == Int {
    /// The first place at which `isAfter` is true, where it is true of every later place.
    func partitioningIndex(_ isAfter: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
