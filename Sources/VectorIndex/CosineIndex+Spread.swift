import Columns
public import Records
import Vectors

/// How the cosines of a query with the rows that a filter admits are spread about their mean.
public struct CosineSpread: Hashable, Sendable {
    /// Rows that the filter admits.
    public let count: Int
    public let mean: Double
    public let deviation: Double
}

extension CosineIndex {
    /// Of so many rows it is measured, where there are more.
    private static let sampleRows = 512

    /// From a sample that depends on which rows there are, by their identifiers, and not on where they lie or what was asked before.
    public func spread(of vector: [Float], filter: Filter?, at time: Timestamp) -> CosineSpread? {
        guard vector.count == dimension, let unit = normalized(vector) else { return nil }
        let snapshot = current
        let expression = filter.map { Expression($0, on: kind, tags: snapshot.tags) }
        var (count, scopes) = (0, [(chunk: Chunk, rows: Bitmap)]())
        snapshot.chunks.forEach { _, chunk in
            let rows = chunk.matching(expression, at: time)
            guard !rows.isEmpty else { return }
            count += rows.count
            scopes.append((chunk, rows))
        }
        guard count > 0 else { return nil }
        let bound = count <= CosineIndex.sampleRows ? UInt64.max : UInt64(Double(CosineIndex.sampleRows) / Double(count) * 0x1p64)
        var (sampled, sum, squares) = (0, 0.0, 0.0)
        for (chunk, rows) in scopes {
            rows.forEach { row in
                guard CosineIndex.place(of: chunk.columns.identifier(row)) <= bound else { return }
                let cosine = Double(Kernels.best.score(of: unit, row: row, in: chunk.matrix))
                sampled += 1
                sum += cosine
                squares += cosine * cosine
            }
        }
        guard sampled > 0 else { return CosineSpread(count: count, mean: 0, deviation: 0) }
        let mean = sum / Double(sampled)
        return CosineSpread(count: count, mean: mean, deviation: max(0, squares / Double(sampled) - mean * mean).squareRoot())
    }

    /// Spread evenly over all numbers, and the same in every process.
    private static func place(of id: Identifier) -> UInt64 {
        var bits = id.low ^ id.high &* 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}
