import Glibc
import Records
import Vectors

/// One query over the lists of a partition: which lists, which rows of them, and their exact scores.
struct ListSearch {
    struct Outcome {
        var listsVisited = 0
        var rowsScanned = 0
        var rowsScored = 0
        /// Rows better than the k-th that the lists left out are expected to have.
        var missed: Float = 0
        /// Rows that may be found in the lists that were visited.
        var weight: Float = 0
        /// All rows that these lists were trained with.
        var rows = 0
        /// What an estimate of a row in the farthest of these lists errs by.
        var error: Float = 0
    }

    let lists: Lists
    let k: Int
    let setting: Calibration.Setting
    /// What was asked for.
    let recall: Double
    let probes: Int?
    let admitted: RowSet
    /// How many rows it has.
    let matching: Int
    /// Whether `admitted` leaves out rows that are alive.
    let isFiltered: Bool
    private static let listsFirst = 4
    /// Of the lists that a search visits on average, how many are visited before it is asked for the first time how many are needed.
    private static let firstShare = 0.4
    private static let listsAtOnce = 64
    private static let rowsAtOnce = 1_024

    /// Leaves the rows that matter, each once, in `scratch.rows`, and their exact scores in `scratch.scores`; nil when it was stopped.
    func run(unit: [Float], _ scratch: ListScratch, keepingEstimates: Bool = false, shouldStop: () -> Bool = { false }) -> Outcome? {
        let geometry = lists.geometry
        var outcome = Outcome()
        scratch.query.copy(unit)
        geometry.turn.apply(scratch.query, into: scratch.turned, scratch: scratch.turning)
        scratch.centreCodes.prepare(scratch.turned)
        scratch.codes.copyTables(of: scratch.centreCodes)
        scratch.centreCodes.begin(k: 1, admitted: nil, rowCount: geometry.count)
        if geometry.count > 1 { scratch.centreCodes.visit(0, of: geometry.codes, base: Kernels.best.dot(geometry.mean, unit)) }
        scratch.codes.begin(k: 2 * k, admitted: admitted, rowCount: 0)
        defer { if scratch.hasVisited { scratch.forgetVisited() } }
        guard visit(scratch, &outcome, shouldStop) else { return nil }
        select(scratch, &outcome, keepingEstimates)
        return outcome
    }

    // MARK: Lists

    private func visit(_ scratch: ListScratch, _ outcome: inout Outcome, _ shouldStop: () -> Bool) -> Bool {
        if let probes {
            choose(max(2 * probes, setting.ranked), scratch)
            guard visit(0..<min(probes, scratch.ranked.count), scratch, &outcome, shouldStop) else { return false }
            let kth = kthBest(scratch) ?? -1
            outcome.missed = scratch.ranked.missed(lists.calibration.rates, kth: kth, from: outcome.listsVisited)
            return true
        }
        choose(ranked, scratch)
        var visited = 0
        var next = max(ListSearch.listsFirst, Int(setting.lists * ListSearch.firstShare))
        while true {
            next = min(next, scratch.ranked.count)
            guard visit(visited..<next, scratch, &outcome, shouldStop) else { return false }
            visited = next
            outcome.missed = 0
            let isAll = visited == scratch.ranked.count
            if isAll, outcome.listsVisited == lists.count { return true }
            next = 2 * visited
            if scratch.codes.count >= 2 * k, let kth = kthBest(scratch) {
                let plan = scratch.ranked.plan(lists.calibration.rates, kth: kth, budget: budget)
                outcome.missed = plan.missed
                if plan.needed <= visited, !isAll || plan.needed < visited, !isMoreBeyond(visited, kth, scratch, outcome) { return true }
                // As the k-th best rises fewer lists are needed: at most twice as many, before asking again.
                if plan.needed > visited { next = min(plan.needed, next) } else { next = scratch.ranked.count }
            }
            if isAll {
                // Farther than was thought: those that were visited are left out, and the others ranked.
                for place in 0..<visited { scratch.visit(scratch.ranked.list(place)) }
                choose(4 * outcome.listsVisited, scratch)
                scratch.ranked.drop { scratch.wasVisited($0) }
                weigh(scratch)
                (visited, next) = (0, outcome.listsVisited)
            }
        }
    }

    /// With codes some of the best were found in two lists, and count twice.
    private func kthBest(_ scratch: ListScratch) -> Float? {
        lists.style == .codes ? scratch.codes.kthBest(k + k / 2, slack: k / 16) : scratch.codes.kthBest(k)
    }

    /// Whether lists that were not ranked may hold too much of what a filter admits: where it admits more of them than of those that are near, as calibration,
    /// which knew no filter, could not foresee.
    private func isMoreBeyond(_ visited: Int, _ kth: Float, _ scratch: ListScratch, _ outcome: Outcome) -> Bool {
        let last = scratch.ranked.count - 1
        guard isFiltered, last >= 0, outcome.listsVisited + scratch.ranked.count - visited < lists.count else { return false }
        var (known, rows) = (outcome.weight, outcome.rows)
        for place in visited..<scratch.ranked.count {
            let list = scratch.ranked.list(place)
            known += scratch.ranked.weights[place]
            rows += lists.bounds[list + 1] - lists.bounds[list]
        }
        let beyond = Float(admitted.count(in: 0..<lists.trainedRows)) - known
        guard beyond * Float(rows) > ListSearch.fartherDensity * known * Float(lists.trainedRows - rows) else { return false }
        let rate = lists.calibration.rates.rate(of: (kth - scratch.ranked.scores[last]) * scratch.ranked.nearness[last])
        return beyond * rate > budget
    }

    /// The fewer rows match the farther off is the k-th best, and the more lists matter: half as many again as were ranked without a filter for each halving.
    private var ranked: Int {
        guard isFiltered, matching > 0 else { return setting.ranked }
        let halvings = Float(lists.trainedRows) / Float(matching)
        return Int(Float(setting.ranked) * (1 + max(0, log2(halvings)) / 2))
    }

    /// How many times more of the rows beyond must match than of those that are near.
    private static let fartherDensity: Float = 2

    /// What a filter admits can lie far away, where many rows are nearly as good as the best: three and a half times the error loses few of them.
    private static let filteredMarginMin: Float = 3.5

    private var margin: Float { isFiltered ? max(setting.margin, ListSearch.filteredMarginMin) : setting.margin }

    /// How many rows better than the k-th may be expected in the lists that are left out. That fewer are lost than are expected, as may have
    /// been learnt without a filter, need not be so among the rows that one admits.
    private var budget: Float { Float(k) * (isFiltered ? min(setting.budget, Float(1 - recall)) : setting.budget) }

    /// Takes about `count` lists that the codes of their centres find nearest, in order.
    private func choose(_ count: Int, _ scratch: ListScratch) {
        scratch.ranked.take(min(count, lists.count), of: lists.count, from: scratch.centreCodes, query: scratch.query, centres: lists.geometry.bytes, halves: lists.geometry.centres.halves)
        weigh(scratch)
    }

    private func weigh(_ scratch: ListScratch) {
        for place in 0..<scratch.ranked.count {
            let list = scratch.ranked.list(place)
            let range = lists.bounds[list]..<lists.bounds[list + 1]
            scratch.ranked.weights[place] = Float(isFiltered ? admitted.count(in: range) : range.count)
            let distance = lists.geometry.centres.distance(of: list, product: scratch.ranked.scores[place])
            scratch.ranked.nearness[place] = 1 / distance
        }
    }

    /// Visits those lists of the ranking, some at a time.
    private func visit(_ range: Range<Int>, _ scratch: ListScratch, _ outcome: inout Outcome, _ shouldStop: () -> Bool) -> Bool {
        reach(range, scratch, &outcome)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: ListSearch.listsAtOnce) {
            if shouldStop() { return false }
            let some = start..<min(start + ListSearch.listsAtOnce, range.upperBound)
            switch lists.style {
            case .codes: scratch.codes.visit(scratch.ranked, some, of: lists.directory)
            case .flat: for place in some { compare(scratch.ranked.list(place), scratch) }
            }
        }
        for place in range {
            let list = scratch.ranked.list(place)
            outcome.weight += scratch.ranked.weights[place]
            outcome.rows += lists.bounds[list + 1] - lists.bounds[list]
            outcome.rowsScanned += lists.style == .codes ? lists.directory.rowCount(list) : lists.bounds[list + 1] - lists.bounds[list] + lists.tails[list].count
        }
        outcome.listsVisited += range.count
        return true
    }

    /// Every row of a list, without codes.
    private func compare(_ list: Int, _ scratch: ListScratch) {
        for start in stride(from: lists.bounds[list], to: lists.bounds[list + 1], by: ListSearch.rowsAtOnce) {
            let range = start..<min(start + ListSearch.rowsAtOnce, lists.bounds[list + 1])
            lists.rows.score(of: scratch.query, range: range, with: Kernels.best, into: scratch.scores)
            scratch.codes.offer(scratch.scores, rows: range.lowerBound, count: range.count)
        }
        let tail = lists.tails[list]
        for start in stride(from: 0, to: tail.count, by: ListSearch.rowsAtOnce) {
            // Rows that are not of this snapshot may have no address in it.
            scratch.rows = tail[start..<min(start + ListSearch.rowsAtOnce, tail.count)].filter { Int($0) < admitted.count && admitted[Int($0)] }
            lists.rows.score(of: scratch.query, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
            scratch.codes.offer(scratch.scores, rows: scratch.rows)
        }
    }

    /// Estimates of rows in these lists err by the distance of the query to their centres.
    private func reach(_ range: Range<Int>, _ scratch: ListScratch, _ outcome: inout Outcome) {
        guard lists.style == .codes else { return }
        for place in range where scratch.ranked.weights[place] > 0 {
            outcome.error = max(outcome.error, lists.geometry.error / scratch.ranked.nearness[place])
        }
        scratch.codes.setMargin(margin * outcome.error)
    }

    private var kernels: CodeKernels { lists.geometry.layout.kernels }

    // MARK: Rows

    /// Compares exactly what its estimate does not rule out. A row that was found in two lists counts once, by its better estimate.
    private func select(_ scratch: ListScratch, _ outcome: inout Outcome, _ keepingEstimates: Bool) {
        let codes = scratch.codes
        guard lists.style == .codes else {
            // These are the scores.
            codes.takeRows(atLeast: codes.kthBest(k) ?? -.infinity, scratch.seen, into: scratch.scores, &scratch.rows)
            if keepingEstimates { for place in scratch.rows.indices { scratch.estimates[place] = scratch.scores[place] } }
            (outcome.rowsScored, outcome.error) = (outcome.rowsScanned, 1)
            return
        }
        let margin = margin * outcome.error
        // Among twice as many entries there are k rows.
        let surely = codes.kthBest(2 * k, slack: k / 4).map { $0 - margin } ?? -.infinity
        codes.takeRows(atLeast: surely, scratch.seen, into: scratch.scores, &scratch.rows)
        if scratch.rows.count > k {
            let kth = kernels.kthLargest(scratch.scores, count: scratch.rows.count, k: k)
            var kept = 0
            for place in 0..<scratch.rows.count where scratch.scores[place] >= kth - margin {
                scratch.rows[kept] = scratch.rows[place]
                scratch.scores[kept] = scratch.scores[place]
                kept += 1
            }
            scratch.rows.removeLast(scratch.rows.count - kept)
        }
        if keepingEstimates { for place in scratch.rows.indices { scratch.estimates[place] = scratch.scores[place] } }
        outcome.rowsScored = scratch.rows.count
        lists.rows.score(of: scratch.query, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
    }
}
