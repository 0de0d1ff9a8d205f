import Columns
import Records
import Vectors

/// How the cosines of a query with the rows that a filter admits are spread about their mean.
public struct CosineSpread: Hashable, Sendable {
    /// Rows that the filter admits.
    public let count: Int
    public let mean: Double
    public let deviation: Double
}

extension CosineIndex {
    /// Of so many rows at least it is measured, and of no more than about twice as many.
    private static let sampleRows = 512

    /// From a sample that depends on which rows there are, by their identifiers, and not on where they lie or what was asked before.
    public func spread(of query: IndexQuery) throws(IndexError) -> CosineSpread? {
        guard query.vector.count == dimension, let unit = normalized(query.vector) else { return nil }
        let snapshot = current
        let search = IndexSearch(query: query, unit: unit, expression: query.filter.map { Expression($0, on: kind, tags: snapshot.tags) }, snapshot: snapshot)
        let scopes = try search.scopes()
        let count = scopes.reduce(0) { $0 + $1.rows.count }
        guard count > 0 else { return nil }
        var rarity = 0
        while count >> (rarity + 1) >= CosineIndex.sampleRows { rarity += 1 }
        var (sampled, sum, squares) = (0, 0.0, 0.0)
        var (selected, scores): ([UInt32], [Float]) = ([], [Float](repeating: 0, count: Chunk.capacity))
        for (_, chunk, rows) in scopes {
            selected.removeAll(keepingCapacity: true)
            chunk.columns.sample(rarity: rarity, among: rows).append(to: &selected)
            Kernels.best.score(of: unit, selected: selected, in: chunk.matrix, into: &scores)
            for cosine in scores[..<selected.count] {
                sampled += 1
                sum += Double(cosine)
                squares += Double(cosine) * Double(cosine)
            }
        }
        guard sampled > 0 else { return CosineSpread(count: count, mean: 0, deviation: 0) }
        let mean = sum / Double(sampled)
        return CosineSpread(count: count, mean: mean, deviation: max(0, squares / Double(sampled) - mean * mean).squareRoot())
    }
}

extension IndexSearch {
    /// The rows that the filter admits, by chunk.
    func scopes() throws(IndexError) -> [(slot: Int, chunk: Chunk, rows: Bitmap)] {
        var scopes: [(slot: Int, chunk: Chunk, rows: Bitmap)] = []
        guard let lists = snapshot.lists else {
            snapshot.chunks.forEach { slot, chunk in scopes.append((slot, chunk, chunk.matching(expression, at: query.moment))) }
            return scopes
        }
        let admitted = try admit(lists)
        snapshot.chunks.forEach { slot, chunk in
            let rows = admitted.map { admitted in Bitmap { admitted.rows.word(slot * (Chunk.capacity / 64) + $0) } } ?? chunk.live
            scopes.append((slot, chunk, rows))
        }
        return scopes
    }
}
