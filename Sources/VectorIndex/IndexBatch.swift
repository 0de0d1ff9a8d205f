import Records

/// Queries for the same rows of one snapshot, at one time, on their way to their answers together; each is what it would be alone.
struct IndexBatch {
    let searches: [IndexSearch]

    func answers() -> [Result<IndexAnswer, IndexError>] {
        guard searches.count > 1, let first = searches.first, let lists = first.snapshot.lists, lists.style == .flat else { return searches.map(IndexBatch.alone) }
        let admitted: MatchingRows?
        do throws(IndexError) { admitted = try first.admit(lists) } catch { return searches.map(IndexBatch.alone) }
        var results: [Result<IndexAnswer, IndexError>?] = Array(repeating: nil, count: searches.count)
        let together = searches.indices.filter { searches[$0].listsToVisit != nil && searches[$0].isWorthLists(admitted, lists) }
        let scratch = lists.scratches.threads.take(k: together.map { searches[$0].rowsToRank }.max() ?? 1)
        defer { lists.scratches.threads.giveBack(scratch) }
        var batch = ListBatch(together.map { searches[$0].search(over: lists, among: admitted, roomFor: searches[$0].rowsToRank) }, lists)
        defer { for search in batch.searches { lists.scratches.queries.giveBack(search.query) } }
        for place in together { results[place] = .failure(.stopped) }
        batch.run(scratch) { searches[together[$0]].query.shouldStop() } found: { number, search in
            let place = together[number]
            results[place] = Result { () throws(IndexError) in try searches[place].answer(search, scratch) }
        }
        return results.enumerated().map { place, result in result ?? IndexBatch.alone(searches[place]) }
    }

    private static func alone(_ search: IndexSearch) -> Result<IndexAnswer, IndexError> {
        Result { () throws(IndexError) in try search.answer() }
    }
}
