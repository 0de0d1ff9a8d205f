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

    let unit: [Float]
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
    /// What counts beside cosines.
    let ranks: RowRanks?
    /// Cosines that are as good as one of 0 for equal shares of the rows; nil without priors.
    private let lifts: [Float]?
    let query: QueryScratch
    /// How far scores that lists without codes give can lie from what they are.
    var scoresErrBy: Float = 0
    private(set) var outcome = Outcome()
    /// Where lists are not looked at, what the recall allows.
    private(set) var siftingMargin: Float?
    /// More rows were nearly as good as the k-th best than there was room for: those with lower estimates are lost.
    private(set) var leastKept: Float?
    /// The query lies farther from all centres, or from its k-th best, than hardly any row that calibration asked for.
    private(set) var isForeign: Bool
    /// The k-th best estimate turned out so low, too late to have kept all that could then matter.
    private(set) var provedForeign = false
    /// Lists of the ranking that were visited, from the first on.
    private var visited = 0
    /// So many times as many rows were expected to be better than the k-th best as are.
    private var proportion: Float = 1
    private static let proportionMin: Float = 0.1
    private static let listsFirst = 4
    /// Of the lists that a search visits on average, how many are visited before it is asked for the first time how many are needed.
    private static let firstShare = 0.4
    private static let listsAtOnce = 64
    /// What a search without a look at lists may lose at the least.
    static let lostMin: Float = 1e-5
    private static let rowsAtOnce = 1_024
    /// The sooner the first are ranked, the more of the others are left out by their estimates.
    private static let liftedAtOnce = 128

    init(
        unit: [Float], lists: Lists, k: Int, setting: Calibration.Setting, recall: Double, probes: Int?, admitted: RowSet, matching: Int, isFiltered: Bool,
        ranks: RowRanks? = nil, isForeign: Bool = false, query: QueryScratch
    ) {
        self.unit = unit
        self.lists = lists
        self.k = k
        self.setting = setting
        self.recall = recall
        self.probes = probes
        self.admitted = admitted
        self.matching = matching
        self.isFiltered = isFiltered
        self.ranks = ranks
        self.isForeign = isForeign
        lifts = ranks.flatMap { $0.hasPrior ? $0.levels(below: lists.trainedRows) : nil }
        self.query = query
    }

    /// Leaves the rows that matter, each once, in `scratch.rows`, and their exact scores in `scratch.scores`; false when it was stopped.
    mutating func run(_ scratch: ListScratch, shouldStop: () -> Bool) -> Bool {
        guard look(scratch, shouldStop: shouldStop) else { return false }
        select(scratch)
        return true
    }

    /// Looks through the lists that matter, and leaves what was found in `query`; false when it was stopped.
    mutating func look(_ scratch: ListScratch, shouldStop: () -> Bool = { false }) -> Bool {
        var next: Range<Int>? = begin(scratch)
        while let places = next {
            for start in stride(from: places.lowerBound, to: places.upperBound, by: ListSearch.listsAtOnce) {
                if shouldStop() { return false }
                let some = start..<min(start + ListSearch.listsAtOnce, places.upperBound)
                switch lists.style {
                case .codes: query.codes.visit(query.ranked, some, of: lists.directory)
                case .flat: for place in some { compare(query.ranked.list(place), scratch) }
                }
            }
            next = goOn(scratch)
        }
        return true
    }

    /// The same for those rows alone, by the codes of single rows and without a look at lists.
    mutating func sift(_ rows: [UInt32], _ scratch: ListScratch, shouldStop: () -> Bool) -> Bool {
        let product = lists.prepareSigns(unit, query, scratch)
        outcome.error = lists.geometry.error(meanProduct: product)
        prepareFound()
        // Of what is normal, at most e^(−m² / 2) / 2 lies more than m standard deviations above.
        let lost = min(0.4, max(ListSearch.lostMin, Float(1 - recall)))
        siftingMargin = (-2 * log(2 * lost)).squareRoot()
        found.setMargin(margin * outcome.error)
        for start in stride(from: 0, to: rows.count, by: ListSearch.rowsAtOnce) {
            if shouldStop() { return false }
            let some = start..<min(start + ListSearch.rowsAtOnce, rows.count)
            lists.signs.estimate(scratch.signs, rows: rows, some, base: product, into: scratch.scores)
            query.codes.offer(scratch.scores, rows: rows, some)
        }
        query.codes.passOn()
        (outcome.rowsScanned, outcome.listsVisited) = (rows.count, lists.count)
        select(scratch)
        return true
    }

    // MARK: Lists

    /// The places in the ranking of the lists that must be visited first.
    mutating func begin(_ scratch: ListScratch) -> Range<Int> {
        let geometry = lists.geometry
        query.vector.copy(unit)
        query.forgetVisited()
        geometry.turn.apply(query.vector, into: scratch.turned, scratch: scratch.turning)
        query.codes.prepare(scratch.turned)
        scanCentres(scratch)
        prepareFound()
        if let probes {
            choose(max(2 * probes, setting.ranked), scratch)
            noteDistance()
            return reach(min(probes, query.ranked.count))
        }
        choose(ranked, scratch)
        noteDistance()
        if isForeign { choose(ListSearch.foreignRanked * ranked, scratch) }
        return reach(min(max(ListSearch.listsFirst, Int(setting.lists * ListSearch.firstShare)), query.ranked.count))
    }

    private mutating func noteDistance() { isForeign = isForeign || query.ranked.count > 0 && query.ranked.nearness[0] * lists.calibration.farthest < 1 }

    private func prepareFound() {
        query.codes.begin(k: 2 * k, admitted: admitted, rowCount: 0)
        if let ranks, lifts != nil {
            query.lifted.begin(k: 2 * k, admitted: nil, rowCount: .max)
            query.codes.pass(to: query.lifted, rowsMax: ListSearch.liftedAtOnce, liftMax: ranks.liftMax) { ranks.lift(of: $0) }
        }
    }

    /// After those were visited: which to visit next; nil when enough were.
    mutating func goOn(_ scratch: ListScratch) -> Range<Int>? {
        query.codes.passOn()
        if lists.style == .codes { outcome.rowsScanned = query.codes.scannedCount }
        if probes != nil {
            outcome.missed = query.ranked.missed(lists.calibration.rates, kths: cosines(of: kthBest() ?? -1), from: visited)
            return nil
        }
        outcome.missed = 0
        let isAll = visited == query.ranked.count
        if isAll, outcome.listsVisited == lists.count { return nil }
        var next = 2 * visited
        if found.count >= 2 * k, let kth = kthBest() {
            let kths = cosines(of: kth)
            // In all lists together are k rows that are better: what is expected is right in proportion, of which the nearest lists give the measure.
            if outcome.listsVisited == visited { proportion = max(ListSearch.proportionMin, query.ranked.missed(lists.calibration.rates, kths: kths, from: 0) / Float(k)) }
            let plan = query.ranked.plan(lists.calibration.rates, kths: kths, budget: proportion * budget)
            outcome.missed = plan.missed / proportion
            if plan.needed <= visited, !isAll || plan.needed < visited, !isMoreBeyond(kth) { return nil }
            // As the k-th best rises fewer lists are needed: at most twice as many, before asking again.
            if plan.needed > visited { next = min(plan.needed, next) } else { next = query.ranked.count }
        }
        if isAll {
            // Farther than was thought: those that were visited are left out, and the others ranked.
            for place in 0..<visited { query.note(query.ranked.list(place)) }
            chooseFarther(scratch)
            next = outcome.listsVisited
        }
        return reach(min(next, query.ranked.count))
    }

    /// Visits will go from where they are up to that place. Estimates of rows in these lists err by the distance of the query to their centres.
    private mutating func reach(_ end: Int) -> Range<Int> {
        let range = visited..<end
        for place in range {
            let list = query.ranked.list(place)
            outcome.weight += query.ranked.weights[place]
            outcome.rows += lists.bounds[list + 1] - lists.bounds[list]
            if lists.style == .flat { outcome.rowsScanned += lists.bounds[list + 1] - lists.bounds[list] + lists.tails[list].count }
            if lists.style == .codes, query.ranked.weights[place] > 0 { outcome.error = max(outcome.error, lists.geometry.error / query.ranked.nearness[place]) }
        }
        outcome.listsVisited += range.count
        visited = end
        found.setMargin(lists.style == .codes ? margin * outcome.error : flatMargin)
        return range
    }

    /// What was found, by what counts.
    private var found: CodeScan { lifts == nil ? query.codes : query.lifted }

    /// The cosines that rows need, each an equal share of them, to be as good as the k-th best.
    private func cosines(of kth: Float) -> [Float] { lifts?.map { kth - $0 } ?? [kth] }

    /// With codes some of the best were found in two lists, and count twice.
    private func kthBest() -> Float? {
        lists.style == .codes ? found.kthBest(k + k / 2, slack: k / 16) : found.kthBest(k)
    }

    /// Whether lists that were not ranked may hold too much of what a filter admits: where it admits more of them than of those that are near, as calibration,
    /// which knew no filter, could not foresee.
    private func isMoreBeyond(_ kth: Float) -> Bool {
        let last = query.ranked.count - 1
        guard isFiltered, last >= 0, outcome.listsVisited + query.ranked.count - visited < lists.count else { return false }
        var (known, rows) = (outcome.weight, outcome.rows)
        for place in visited..<query.ranked.count {
            let list = query.ranked.list(place)
            known += query.ranked.weights[place]
            rows += lists.bounds[list + 1] - lists.bounds[list]
        }
        let beyond = Float(admitted.count(in: 0..<lists.trainedRows)) - known
        guard beyond * Float(rows) > ListSearch.fartherDensity * known * Float(lists.trainedRows - rows) else { return false }
        let rate = lists.calibration.rates.rate(of: (kth - (lifts?.last ?? 0) - query.ranked.scores[last]) * query.ranked.nearness[last])
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

    /// What a filter admits, or a prior lifts, can lie far away, where many rows are nearly as good as the best: three and a half times the error loses few of them.
    private static let unlikeMarginMin: Float = 3.5

    /// What is far from all lists is nearly as far from many.
    private static let foreignRanked = 4

    /// Whether calibration knew nothing like it.
    var isUnlike: Bool { isFiltered || isForeign || lifts != nil }

    /// Of what is far from all rows, many are nearly as good as the best, and estimates err by more than where a residual looks like others.
    private static let foreignMarginMin: Float = 4

    private var margin: Float {
        siftingMargin ?? max(setting.margin, isForeign ? ListSearch.foreignMarginMin : isUnlike ? ListSearch.unlikeMarginMin : 0)
    }

    /// How many rows better than the k-th may be expected in the lists that are left out. That fewer are lost than are expected, as may have
    /// been learnt without a filter, need not be so among the rows that one admits.
    private var budget: Float { Float(k) * (isUnlike ? min(setting.budget, Float(1 - recall)) : setting.budget) }

    /// Estimates how near every centre is.
    private func scanCentres(_ scratch: ListScratch) {
        scratch.centreCodes.copyTables(of: query.codes)
        scratch.centreCodes.begin(k: lists.count, admitted: nil, rowCount: .max)
        guard lists.count > 1 else { return }
        scratch.centreCodes.visit(0, of: lists.geometry.codes, base: Kernels.best.dot(lists.geometry.mean, unit))
    }

    /// Takes about `count` lists that the codes of their centres find nearest, in order.
    private func choose(_ count: Int, _ scratch: ListScratch) {
        query.ranked.take(min(count, lists.count), of: lists.count, from: scratch.centreCodes, query: query.vector, centres: lists.geometry.bytes, halves: lists.geometry.centres.halves)
        weigh()
    }

    /// Ranks four times as many lists as were visited, and leaves out these.
    private mutating func chooseFarther(_ scratch: ListScratch) {
        scanCentres(scratch)
        choose(4 * outcome.listsVisited, scratch)
        query.ranked.drop { query.wasVisited($0) }
        weigh()
        visited = 0
    }

    private func weigh() {
        let (isFiltered, admitted, bounds) = (isFiltered, admitted, lists.bounds)
        query.ranked.weigh(halves: lists.geometry.centres.halves) { list in
            let range = bounds[list]..<bounds[list + 1]
            return Float(isFiltered ? admitted.count(in: range) : range.count)
        }
    }

    /// Every row of a list, without codes.
    func compare(_ list: Int, _ scratch: ListScratch) {
        for start in stride(from: lists.bounds[list], to: lists.bounds[list + 1], by: ListSearch.rowsAtOnce) {
            let range = start..<min(start + ListSearch.rowsAtOnce, lists.bounds[list + 1])
            lists.rows.score(of: query.vector, range: range, with: Kernels.best, into: scratch.scores)
            query.codes.offer(scratch.scores, rows: range.lowerBound, count: range.count)
        }
        compareTail(list, scratch)
    }

    /// The rows that came since the training.
    func compareTail(_ list: Int, _ scratch: ListScratch) {
        let tail = lists.tails[list]
        for start in stride(from: 0, to: tail.count, by: ListSearch.rowsAtOnce) {
            // Rows that are not of this snapshot may have no address in it.
            scratch.rows = tail[start..<min(start + ListSearch.rowsAtOnce, tail.count)].filter { Int($0) < admitted.count && admitted[Int($0)] }
            lists.rows.score(of: query.vector, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
            query.codes.offer(scratch.scores, rows: scratch.rows)
        }
    }

    // MARK: Rows

    /// Compares exactly what its estimate does not rule out.
    mutating func select(_ scratch: ListScratch) {
        pick(scratch)
        compare(scratch)
    }

    /// Leaves in `scratch` what its estimate does not rule out, and the estimates. A row that was found in two lists counts once, by its better estimate.
    mutating func pick(_ scratch: ListScratch) {
        let found = found
        let margin = lists.style == .codes ? margin * outcome.error : flatMargin
        // Among twice as many entries there are k rows.
        let surely = lists.style == .codes ? found.kthBest(2 * k, slack: k / 4) : found.kthBest(k)
        let least = surely.map { $0 - margin } ?? -.infinity
        leastKept = found.leastKept.flatMap { $0 > least ? $0 : nil }
        found.takeRows(atLeast: least, scratch.seen, into: scratch.scores, &scratch.rows)
        if lists.style == .codes, scratch.rows.count > k {
            let kth = lists.geometry.layout.kernels.kthLargest(scratch.scores, count: scratch.rows.count, k: k)
            provedForeign = !isUnlike && siftingMargin == nil && kth < lists.calibration.leastKth(k: k)
            var kept = 0
            for place in 0..<scratch.rows.count where scratch.scores[place] >= kth - margin {
                scratch.rows[kept] = scratch.rows[place]
                scratch.scores[kept] = scratch.scores[place]
                kept += 1
            }
            scratch.rows.removeLast(scratch.rows.count - kept)
        }
    }

    /// Leaves the scores of what was picked, and of what was named.
    private mutating func compare(_ scratch: ListScratch) {
        if let ranks, !ranks.named.isEmpty {
            scratch.rows.removeAll { ranks.named[Int($0)] != nil }
            for number in ranks.named.keys where number < admitted.count && admitted[number] { scratch.rows.append(UInt32(number)) }
        }
        if lists.style == .codes { outcome.rowsScored = scratch.rows.count } else { (outcome.rowsScored, outcome.error) = (outcome.rowsScanned, 1) }
        lists.rows.score(of: query.vector, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
    }

    /// Without codes rows were compared; what was added to their cosines may be rounded otherwise later.
    private var flatMargin: Float { 2 * scoresErrBy + 1e-6 }
}
