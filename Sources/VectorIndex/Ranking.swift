public import Columns
public import Records

/// What makes a row better or worse beside its cosine: its score is weight · cosine + prior.
public struct Ranking: Sendable {
    /// Above 0.
    public var weight: Float
    /// A prior of every row.
    public var prior: (any RowPrior)?
    /// More of it, and never less than nothing, for the rows of these identifiers.
    public var named: [Identifier: Float]

    public init(weight: Float = 1, prior: (any RowPrior)? = nil, named: [Identifier: Float] = [:]) {
        self.weight = weight
        self.prior = prior
        self.named = named
    }

    func check() throws(FieldError) {
        guard weight.isFinite, weight > 0 else { throw FieldError("weight", .outOfRange("a finite number above 0")) }
        if let range = prior?.range, !range.lowerBound.isFinite || !range.upperBound.isFinite { throw FieldError("prior", .outOfRange("within finite bounds")) }
        guard named.values.allSatisfy({ $0.isFinite && $0 >= 0 }) else { throw FieldError("named", .outOfRange("finite numbers from 0 on")) }
    }
}

/// What the columns of a row say for it, at the moment that a query asks about.
public protocol RowPrior: Sendable {
    /// Within which every row's prior lies. The narrower it is, the more rows are left out before their own is asked for.
    var range: ClosedRange<Float> { get }

    /// The same for a row whenever it is asked for.
    func prior(of row: Int, in columns: ColumnChunk) -> Float

    /// No less than the row's prior, and known sooner.
    func most(of row: Int, in columns: ColumnChunk) -> Float

    /// The rows among `candidates` whose prior is at least that, and maybe a few whose prior is a little less.
    func rows(of columns: ColumnChunk, among candidates: Bitmap, atLeast least: Float) -> Bitmap
}

extension RowPrior {
    public func most(of row: Int, in columns: ColumnChunk) -> Float { range.upperBound }

    public func rows(of columns: ColumnChunk, among candidates: Bitmap, atLeast least: Float) -> Bitmap {
        var rows = Bitmap()
        candidates.forEach { row in if prior(of: row, in: columns) >= least { rows[row] = true } }
        return rows
    }
}

/// A ranking of the rows of one snapshot, by number.
struct RowRanks: Sendable {
    private let weight: Float
    private let prior: (any RowPrior)?
    /// What the named rows have more than others.
    let named: [Int: Float]
    private let namedOfSlot: [Int: [Int]]
    private let chunks: ChunkTable
    private let bounds: ClosedRange<Float>

    /// Rows whose priors say how those of all are spread.
    private static let sampleMax = 64
    private static let levels = 8

    init(_ ranking: Ranking, _ snapshot: Snapshot) {
        weight = ranking.weight
        prior = ranking.prior
        chunks = snapshot.chunks
        bounds = ranking.prior?.range ?? 0...0
        var (named, ofSlot): ([Int: Float], [Int: [Int]]) = ([:], [:])
        for (id, value) in ranking.named {
            guard let number = snapshot.number(of: id) else { continue }
            named[number] = value
            ofSlot[number / Chunk.capacity, default: []].append(number)
        }
        self.named = named
        namedOfSlot = ofSlot
    }

    /// A row's prior without its name.
    func prior(of number: Int) -> Float {
        guard let prior, let columns = chunks.columns(of: number) else { return 0 }
        return bounded(prior.prior(of: number % Chunk.capacity, in: columns))
    }

    /// What a prior has above the least, by how much more its cosine would have to be.
    func lift(of number: Int) -> Float { (prior(of: number) - bounds.lowerBound) / weight }

    var liftMax: Float { (bounds.upperBound - bounds.lowerBound) / weight }

    /// Whether two rows can differ by more than any two cosines.
    var outweighsCosine: Bool { liftMax > 2 }

    var hasPrior: Bool { prior != nil }

    func score(cosine: Float, prior: Float) -> Float { weight * min(max(cosine, -1), 1) + prior }

    func score(of number: Int, cosine: Float) -> Float { score(cosine: cosine, prior: prior(of: number) + (named[number] ?? 0)) }

    /// Makes cosines of a chunk's rows their scores.
    func rank(_ rows: Bitmap, of chunk: Chunk, slot: Int, _ values: inout [Float]) {
        let more = namedOfSlot[slot] ?? []
        let alone = more.filter { rows[$0 % Chunk.capacity] }.map { ($0 % Chunk.capacity, score(of: $0, cosine: values[$0 % Chunk.capacity])) }
        rows.forEach { row in values[row] = score(cosine: values[row], prior: prior.map { bounded($0.prior(of: row, in: chunk.columns)) } ?? 0) }
        for (row, value) in alone { values[row] = value }
    }

    /// Lifts of some rows of all, as many as stand for equal shares of them, ascending.
    func levels(below count: Int) -> [Float] {
        guard prior != nil, count > 0 else { return [0] }
        let step = max(1, count / RowRanks.sampleMax)
        let lifts = stride(from: 0, to: count, by: step).map { lift(of: $0) }.sorted()
        // The best of each share stands for it, so that what is left out is not thought too little.
        return (1...RowRanks.levels).map { lifts[max(0, $0 * lifts.count / RowRanks.levels - 1)] }
    }

    /// One that breaks its promise, or is not a number, would be left out here and found there.
    private func bounded(_ value: Float) -> Float { value >= bounds.lowerBound ? min(value, bounds.upperBound) : bounds.lowerBound }
}
