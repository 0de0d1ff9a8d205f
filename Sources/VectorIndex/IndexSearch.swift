import Columns
import Records
import Vectors

/// One query on its way to an answer: over lists where there are some and they pay, else over every row that matches.
struct IndexSearch {
    /// Where no more rows match, each is compared: reading them costs less than finding out which could be left out.
    private static let comparedRowsMax = 160
    private static let comparedRowsMaxWithoutCodes = 1_536
    /// Where no more match, and hardly more than one part in so many of all, each is estimated by its own code.
    private static let siftedRowsMax = MatchingRows.numberedMax
    private static let siftedShareDivisor = 16

    let query: IndexQuery
    let unit: [Float]
    let expression: Expression?
    let snapshot: Snapshot
    private let ranks: RowRanks?

    init(query: IndexQuery, unit: [Float], expression: Expression?, snapshot: Snapshot) {
        self.query = query
        self.unit = unit
        self.expression = expression
        self.snapshot = snapshot
        ranks = query.ranking.map { RowRanks($0, snapshot) }
    }

    func answer() throws(IndexError) -> IndexAnswer {
        guard let lists = listsToVisit else { return try compareAll() }
        let admitted = try admit(lists)
        let few = admitted.flatMap { isWorthLists($0, lists) ? nil : $0.numbers }
        if let few, lists.style == .flat || few.count <= max(IndexSearch.comparedRowsMax, query.k) { return try compare(few, lists) }
        var (room, isForeign) = (rowsToRank, false)
        while true {
            switch try look(lists, admitted, few, roomFor: room, isForeign) {
            case .answer(let answer): return answer
            case .foreign: isForeign = true
            case .crowded where room < ScratchPools.wideK: room = ScratchPools.wideK
            case .crowded: return try compareAll()
            }
        }
    }

    private enum Look {
        case answer(IndexAnswer)
        /// More rows were nearly as good as the best than there was room for.
        case crowded
        /// More had to be kept of what was found.
        case foreign
    }

    private func look(_ lists: Lists, _ admitted: MatchingRows?, _ few: [UInt32]?, roomFor room: Int, _ isForeign: Bool) throws(IndexError) -> Look {
        let scratch = lists.scratches.threads.take(k: room)
        defer { lists.scratches.threads.giveBack(scratch) }
        var search = search(over: lists, among: admitted, roomFor: room, isForeign)
        defer { lists.scratches.queries.giveBack(search.query) }
        let isDone = few.map { search.sift($0, scratch, shouldStop: query.shouldStop) } ?? search.run(scratch, shouldStop: query.shouldStop)
        guard isDone else { throw .stopped }
        if search.provedForeign { return .foreign }
        return search.leastKept == nil ? .answer(try answer(search, scratch)) : .crowded
    }

    /// Nil where every row must be compared.
    var listsToVisit: Lists? {
        guard let lists = snapshot.lists, !query.exact, !(ranks?.outweighsCosine ?? false) else { return nil }
        // What no setting reaches is reached by comparing all.
        guard query.probes.map({ $0 < lists.count }) ?? (query.recallTarget <= lists.calibration.recallMax(k: query.k)) else { return nil }
        return lists
    }

    /// How many there must be room for.
    var rowsToRank: Int { query.k + (ranks?.named.count ?? 0) }

    func isWorthLists(_ admitted: MatchingRows?, _ lists: Lists) -> Bool {
        let sifted = max(IndexSearch.comparedRowsMax, min(IndexSearch.siftedRowsMax, lists.trainedRows / IndexSearch.siftedShareDivisor))
        return (admitted?.count ?? .max) > max(lists.style == .flat ? IndexSearch.comparedRowsMaxWithoutCodes : sifted, query.k)
    }

    // MARK: Rows that match

    /// Nil when all that are alive match.
    func admit(_ lists: Lists) throws(IndexError) -> MatchingRows? {
        let alive = snapshot.lifespan.mayHide(at: query.moment) ? lists.expiries.rows(of: snapshot, live: lists.live, at: query.moment) : nil
        guard let expression else { return alive }
        guard let rows = lists.filters.rows(expression, of: snapshot, live: lists.live, shouldStop: query.shouldStop) else { throw .stopped }
        return alive.map { rows.intersected(with: $0) } ?? rows
    }

    /// Whether what was admitted leaves out so much that it matters which lists have it.
    private func isNarrower(_ admitted: MatchingRows) -> Bool { expression != nil || admitted.count * 10 < snapshot.rows * 9 }

    // MARK: Ways to the answer

    private func compareAll() throws(IndexError) -> IndexAnswer {
        var scan = Scan(unit: unit, k: query.k, ranks: ranks)
        try snapshot.chunks.forEach { (slot, chunk) throws(IndexError) in
            if query.shouldStop() { throw .stopped }
            scan.visit(chunk, slot: slot, matching: chunk.matching(expression, at: query.moment))
        }
        return overAll(scan.answer(rowsTotal: snapshot.rows))
    }

    /// Compares the rows of a small set.
    private func compare(_ rows: [UInt32], _ lists: Lists) throws(IndexError) -> IndexAnswer {
        if query.shouldStop() { throw .stopped }
        let (scratch, room) = (lists.scratches.threads.take(k: query.k), lists.scratches.queries.take(k: query.k))
        defer {
            lists.scratches.threads.giveBack(scratch)
            lists.scratches.queries.giveBack(room)
        }
        room.vector.copy(unit)
        let count = rows.count
        scratch.rows = rows
        lists.rows.score(of: room.vector, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
        let report = SearchReport(
            rowsTotal: snapshot.rows, rowsMatching: count, rowsVisited: count, rowsScored: count, listsTotal: lists.count, listsVisited: lists.count)
        return IndexAnswer(hits: count == 0 ? [] : best(min(query.k, count), scratch), report: report)
    }

    /// Tells of the lists too, where all rows were compared though there are some.
    func overAll(_ answer: IndexAnswer) -> IndexAnswer {
        guard let lists = snapshot.lists else { return answer }
        var answer = answer
        (answer.report.listsTotal, answer.report.listsVisited) = (lists.count, lists.count)
        return answer
    }

    /// On the way over lists, among those rows or all that are alive; its room must be given back.
    func search(over lists: Lists, among admitted: MatchingRows?, roomFor room: Int, _ isForeign: Bool = false) -> ListSearch {
        let matching = admitted?.count ?? snapshot.rows
        let k = max(1, min(query.k, matching))
        return ListSearch(
            unit: unit, lists: lists, k: k, setting: query.probes.map { lists.calibration.setting(lists: $0, k: k) } ?? lists.setting(for: query.recallTarget, k: k),
            recall: query.recallTarget, probes: query.probes, admitted: admitted?.rows ?? lists.live, matching: matching, isFiltered: admitted.map(isNarrower) ?? false,
            ranks: ranks, isForeign: isForeign, query: lists.scratches.queries.take(k: room))
    }

    /// What came of it.
    func answer(_ search: ListSearch, _ scratch: ListScratch) throws(IndexError) -> IndexAnswer {
        let (lists, outcome, wanted) = (search.lists, search.outcome, min(query.k, search.matching))
        guard wanted > 0, scratch.rows.count >= wanted, search.leastKept == nil else { return try compareAll() }
        let estimate: Double
        if search.siftingMargin != nil {
            estimate = min(query.recallTarget, 1 - Double(ListSearch.lostMin))
        } else {
            // What so many lists found was learnt without a filter.
            estimate = query.probes.map { search.isUnlike ? min(lists.calibration.recall(lists: $0, k: wanted), expected(search)) : lists.calibration.recall(lists: $0, k: wanted) } ?? expected(search)
        }
        let report = SearchReport(
            rowsTotal: snapshot.rows, rowsMatching: search.matching, rowsVisited: outcome.rowsScanned, rowsScored: outcome.rowsScored, listsTotal: lists.count,
            listsVisited: outcome.listsVisited, recallEstimate: estimate, isExact: false)
        return IndexAnswer(hits: best(wanted, scratch), report: report)
    }

    /// What was lost with lists for each row that was expected in them: under a filter at least that, since what was learnt without one may not hold.
    private func expected(_ search: ListSearch) -> Double {
        let lostPerMissed = search.isUnlike ? max(1, search.setting.lostPerMissed) : search.setting.lostPerMissed
        return max(0, 1 - search.setting.lostByCodes - lostPerMissed * Double(search.outcome.missed) / Double(search.k))
    }

    /// The best of the rows that were compared.
    private func best(_ k: Int, _ scratch: ListScratch) -> [Hit] {
        if let ranks {
            for (place, row) in scratch.rows.enumerated() { scratch.scores[place] = ranks.score(of: Int(row), cosine: scratch.scores[place]) }
        }
        let least = CodeKernels.best.kthLargest(scratch.scores, count: scratch.rows.count, k: k)
        var top = TopK<Identifier>(k: k)
        for (place, row) in scratch.rows.enumerated() where scratch.scores[place] >= least {
            let score = ranks == nil ? min(max(scratch.scores[place], -1), 1) : scratch.scores[place]
            guard score >= top.threshold, let id = snapshot.chunks.identifier(Int(row)) else { continue }
            top.offer(score: score, id: id)
        }
        return top.sorted.map { Hit(id: $0.id, score: $0.score) }
    }
}
