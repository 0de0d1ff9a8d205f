import Columns
import Records
import Vectors

/// One query on its way to an answer: over lists where there are some and they pay, else over every row that matches.
struct IndexSearch {
    /// Where no more rows match, each is compared: reading them costs less than finding out which lists could be left out.
    private static let comparedRowsMax = 512

    let query: IndexQuery
    let unit: [Float]
    let expression: Expression?
    let snapshot: Snapshot

    func answer() throws(IndexError) -> IndexAnswer {
        guard let lists = snapshot.lists, !query.exact, query.probes.map({ $0 < lists.count }) ?? true else { return try compareAll() }
        guard let admitted = try admit(lists) else { return try answer(over: lists, among: lists.live, matching: snapshot.rows) }
        guard admitted.matching > max(IndexSearch.comparedRowsMax, query.k) else { return try compare(admitted.bitmaps) }
        return try answer(over: lists, among: admitted.set(count: lists.live.count), matching: admitted.matching)
    }

    // MARK: Rows that match

    private struct Admitted {
        var bitmaps: [(slot: Int, rows: Bitmap)] = []
        var matching = 0

        func set(count: Int) -> RowSet {
            let set = RowSet(count: count)
            for (slot, rows) in bitmaps {
                for word in 0..<Chunk.capacity / 64 { set.setWord(slot * (Chunk.capacity / 64) + word, rows.word(word)) }
            }
            return set
        }
    }

    /// Nil when all that are alive match.
    private func admit(_ lists: Lists) throws(IndexError) -> Admitted? {
        let hasExpired = snapshot.firstExpiry.map { $0 <= query.time } ?? false
        guard expression != nil || hasExpired else { return nil }
        var admitted = Admitted()
        try snapshot.chunks.forEach { (slot, chunk) throws(IndexError) in
            if query.shouldStop() { throw .stopped }
            let rows = chunk.matching(expression, at: query.time)
            admitted.bitmaps.append((slot, rows))
            admitted.matching += rows.count
        }
        return admitted
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

    private func compare(_ bitmaps: [(slot: Int, rows: Bitmap)]) throws(IndexError) -> IndexAnswer {
        var scan = Scan(unit: unit, k: query.k)
        for (slot, rows) in bitmaps where !rows.isEmpty {
            if query.shouldStop() { throw .stopped }
            if let chunk = snapshot.chunks[slot] { scan.visit(chunk, matching: rows) }
        }
        return finish(scan)
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
            lists: lists, k: wanted, setting: setting, recall: query.recallTarget, probes: query.probes, admitted: admitted, isFiltered: isFiltered)
        guard let outcome = search.run(unit: unit, scratch, shouldStop: query.shouldStop) else { throw .stopped }
        guard scratch.rows.count >= wanted else { return try compareAll() }
        let lostPerMissed = isFiltered ? max(1, setting.lostPerMissed) : setting.lostPerMissed
        let expected = setting.lostByCodes + lostPerMissed * Double(outcome.missed) / Double(wanted)
        let report = SearchReport(
            rowsTotal: snapshot.rows, rowsMatching: matching, rowsVisited: outcome.rowsScanned, rowsScored: outcome.rowsScored, listsTotal: lists.count, listsVisited: outcome.listsVisited,
            recallEstimate: max(0, 1 - expected), isExact: false)
        return IndexAnswer(hits: best(wanted, scratch), report: report)
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
