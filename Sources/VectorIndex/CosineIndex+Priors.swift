import Columns
public import Records
import Vectors

extension CosineIndex {
    /// The rows that come to `scoreMin` by the query's ranking, with their cosines, when none of them has a higher one than `cosineMax`: those are compared whose priors
    /// and codes let them. Nil where the priors let more than `rowsMax`.
    public func rows(_ query: IndexQuery, scoreMin: Float, cosineMax: Float, rowsMax: Int) throws(IndexError) -> [Hit]? {
        guard let ranking = query.ranking, let prior = ranking.prior, query.vector.count == dimension, let unit = normalized(query.vector) else { return [] }
        let snapshot = current
        let search = IndexSearch(query: query, unit: unit, expression: query.filter.map { Expression($0, on: kind, tags: snapshot.tags) }, snapshot: snapshot)
        let least = scoreMin - ranking.weight * cosineMax
        var numbers: [UInt32] = []
        for (slot, chunk, rows) in try search.scopes() {
            if query.shouldStop() { throw .stopped }
            prior.rows(of: chunk.columns, among: rows, atLeast: least).forEach { numbers.append(UInt32(slot * Chunk.capacity + $0)) }
            guard numbers.count <= rowsMax else { return nil }
        }
        var priors: [Float] = []
        priors.reserveCapacity(numbers.count)
        snapshot.chunks.forEachRun(of: numbers) { chunk, _, rows in for row in rows { priors.append(prior.prior(of: Int(row), in: chunk.columns)) } }
        if let estimated = search.sift(numbers, where: { place, cosine in ranking.weight * cosine + priors[place] >= scoreMin }) {
            priors = estimated.map { priors[$0] }
            numbers = estimated.map { numbers[$0] }
        }
        var (hits, scores): ([Hit], [Float]) = ([], [Float](repeating: 0, count: Chunk.capacity))
        snapshot.chunks.forEachRun(of: numbers) { chunk, run, rows in
            Kernels.best.score(of: unit, selected: rows, in: chunk.matrix, into: &scores)
            for (place, row) in rows.enumerated() where ranking.weight * scores[place] + priors[run.lowerBound + place] >= scoreMin {
                hits.append(Hit(id: chunk.columns.identifier(Int(row)), score: min(max(scores[place], -1), 1)))
            }
        }
        return hits
    }
}

extension IndexSearch {
    private static let siftedAtOnce = 1_024
    /// Hardly one of a hundred thousand estimates lies farther off.
    private static let siftingMargin: Float = 4.3
    private static let siftedMin = 64

    /// The places of the rows that can matter, by the most that the cosine of each can be; nil where there are no codes to tell.
    fileprivate func sift(_ numbers: [UInt32], where canMatter: (_ place: Int, _ cosine: Float) -> Bool) -> [Int]? {
        guard let lists = snapshot.lists, lists.style == .codes, !query.exact, numbers.count > IndexSearch.siftedMin else { return nil }
        let (scratch, room) = (lists.scratches.threads.take(k: query.k), lists.scratches.queries.take(k: query.k))
        defer {
            lists.scratches.threads.giveBack(scratch)
            lists.scratches.queries.giveBack(room)
        }
        let product = lists.prepareSigns(unit, room, scratch)
        let margin = IndexSearch.siftingMargin * lists.geometry.error(meanProduct: product)
        var kept: [Int] = []
        for start in stride(from: 0, to: numbers.count, by: IndexSearch.siftedAtOnce) {
            let some = start..<min(start + IndexSearch.siftedAtOnce, numbers.count)
            lists.signs.estimate(scratch.signs, rows: numbers, some, base: product, into: scratch.scores)
            for place in some where canMatter(place, scratch.scores[place - start] + margin) { kept.append(place) }
        }
        return kept
    }
}
