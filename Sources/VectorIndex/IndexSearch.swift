import Columns
import Records
import Vectors

/// One query on its way to an answer: over lists where there are some and they pay, else over every row that matches.
struct IndexSearch {
    /// Where no more rows match, each is compared: reading them costs less than finding out which lists could be left out.
    private static let comparedRowsMax = 1_536

    let query: IndexQuery
    let unit: [Float]
    let expression: Expression?
    let snapshot: Snapshot

    func answer() throws(IndexError) -> IndexAnswer {
        guard let lists = snapshot.lists, !query.exact, query.probes.map({ $0 < lists.count }) ?? true else { return try compareAll() }
        guard let admitted = try admit(lists) else { return try answer(over: lists, among: lists.live, matching: snapshot.rows) }
        guard admitted.count > max(IndexSearch.comparedRowsMax, query.k) else { return try compare(admitted.rows, lists) }
        return try answer(over: lists, among: admitted.rows, matching: admitted.count)
    }

    // MARK: Rows that match

    /// Nil when all that are alive match.
    private func admit(_ lists: Lists) throws(IndexError) -> MatchingRows? {
        let hasExpired = snapshot.firstExpiry.map { $0 <= query.time } ?? false
        guard hasExpired else {
            guard let expression else { return nil }
            guard let rows = lists.filters.rows(expression, of: snapshot, live: lists.live, shouldStop: query.shouldStop) else { throw .stopped }
            return rows
        }
        let rows = RowSet(count: lists.live.count)
        var count = 0
        try snapshot.chunks.forEach { (slot, chunk) throws(IndexError) in
            if query.shouldStop() { throw .stopped }
            let matching = chunk.matching(expression, at: query.time)
            count += matching.count
            for word in 0..<Chunk.capacity / 64 { rows.setWord(slot * (Chunk.capacity / 64) + word, matching.word(word)) }
        }
        return MatchingRows(rows, count: count)
    }

    // MARK: Ways to the answer

    private func compareAll() throws(IndexError) -> IndexAnswer {
        var scan = Scan(unit: unit, k: query.k)
        try snapshot.chunks.forEach { (_, chunk) throws(IndexError) in
            if query.shouldStop() { throw .stopped }
            scan.visit(chunk, matching: chunk.matching(expression, at: query.time))
        }
        return finish(scan)
    }

    /// Compares the rows of a small set.
    private func compare(_ rows: RowSet, _ lists: Lists) throws(IndexError) -> IndexAnswer {
        if query.shouldStop() { throw .stopped }
        let scratch = lists.scratches.take(k: query.k)
        defer { lists.scratches.giveBack(scratch) }
        scratch.query.copy(unit)
        rows.list(into: &scratch.rows)
        let count = scratch.rows.count
        lists.rows.score(of: scratch.query, rows: scratch.rows, with: Kernels.best, pointers: scratch.pointers, into: scratch.scores)
        let report = SearchReport(
            rowsTotal: snapshot.rows, rowsMatching: count, rowsVisited: count, rowsScored: count, listsTotal: lists.count, listsVisited: lists.count)
        return IndexAnswer(hits: count == 0 ? [] : best(min(query.k, count), scratch), report: report)
    }

    private func finish(_ scan: Scan) -> IndexAnswer {
        var answer = scan.answer(rowsTotal: snapshot.rows)
        if let lists = snapshot.lists {
            answer.report.listsTotal = lists.count
            answer.report.listsVisited = lists.count
        }
        return answer
    }

    private func answer(over lists: Lists, among admitted: RowSet, matching: Int) throws(IndexError) -> IndexAnswer {
        let wanted = min(query.k, matching)
        guard wanted > 0 else { return try compareAll() }
        let setting = query.probes.map { lists.calibration.setting(lists: $0, k: wanted) } ?? lists.setting(for: query.recallTarget, k: wanted)
        let scratch = lists.scratches.take(k: wanted)
        defer { lists.scratches.giveBack(scratch) }
        let isFiltered = admitted !== lists.live
        let search = ListSearch(
            lists: lists, k: wanted, setting: setting, recall: query.recallTarget, probes: query.probes, admitted: admitted, matching: matching, isFiltered: isFiltered)
        guard let outcome = search.run(unit: unit, scratch, shouldStop: query.shouldStop) else { throw .stopped }
        guard scratch.rows.count >= wanted else { return try compareAll() }
        let estimate = query.probes.map { lists.calibration.recall(lists: $0, k: wanted) } ?? expected(outcome, setting, wanted, isFiltered)
        let report = SearchReport(
            rowsTotal: snapshot.rows, rowsMatching: matching, rowsVisited: outcome.rowsScanned, rowsScored: outcome.rowsScored, listsTotal: lists.count, listsVisited: outcome.listsVisited,
            recallEstimate: estimate, isExact: false)
        return IndexAnswer(hits: best(wanted, scratch), report: report)
    }

    /// What was lost with lists for each row that was expected in them: under a filter at least that, since what was learnt without one may not hold.
    private func expected(_ outcome: ListSearch.Outcome, _ setting: Calibration.Setting, _ k: Int, _ isFiltered: Bool) -> Double {
        let lostPerMissed = isFiltered ? max(1, setting.lostPerMissed) : setting.lostPerMissed
        return max(0, 1 - setting.lostByCodes - lostPerMissed * Double(outcome.missed) / Double(k))
    }

    /// The best of the rows that were compared.
    private func best(_ k: Int, _ scratch: ListScratch) -> [Hit] {
        let least = CodeKernels.best.kthLargest(scratch.scores, count: scratch.rows.count, k: k)
        var top = TopK<Identifier>(k: k)
        for (place, row) in scratch.rows.enumerated() where scratch.scores[place] >= least {
            let score = min(max(scratch.scores[place], -1), 1)
            guard score >= top.threshold, let id = snapshot.chunks.identifier(Int(row)) else { continue }
            top.offer(score: score, id: id)
        }
        return top.sorted.map { Hit(id: $0.id, score: $0.score) }
    }
}
