import Columns
import Records
import Vectors

/// Queries that search the same rows, on their way through a snapshot together: each block of rows is read once for all of them.
///
/// The products of a block come from BLAS and choose candidates; these are scored again by the kernel, so that each answer is the one that the
/// query would get alone.
struct BatchScan {
    /// Queries from which reading rows together is faster than one search after the other.
    static let queriesMin = 8
    /// Queries whose products with one block are held at a time: half a megabyte.
    static let queriesMax = 128
    /// One part in so many of a chunk's rows must match, or each query scores just those.
    private static let matchingDivisor = 4

    private let expression: Expression?
    private let moment: Moment
    private let stops: [@Sendable () -> Bool]
    private let units: [Float]
    private let bound: Float
    private var scans: [Scan]
    private var isStopped: [Bool]
    private var estimates: [Float]

    /// `units` are the queries' vectors, of length one.
    init(_ queries: [IndexQuery], units: [[Float]], expression: Expression?, moment: Moment, dimension: Int) {
        self.expression = expression
        self.moment = moment
        stops = queries.map(\.shouldStop)
        self.units = units.flatMap { $0 }
        bound = BLAS.roundingBound(dimension: dimension)
        scans = zip(queries, units).map { Scan(unit: $1, k: $0.k) }
        isStopped = Array(repeating: false, count: queries.count)
        estimates = Array(repeating: 0, count: queries.count * Chunk.capacity)
    }

    mutating func run(_ snapshot: Snapshot) -> [Result<IndexAnswer, IndexError>] {
        snapshot.chunks.forEach { _, chunk in visit(chunk) }
        return scans.indices.map { isStopped[$0] ? .failure(.stopped) : .success(scans[$0].answer(rowsTotal: snapshot.rows)) }
    }

    private mutating func visit(_ chunk: Chunk) {
        for query in scans.indices where !isStopped[query] { isStopped[query] = stops[query]() }
        guard isStopped.contains(false) else { return }
        let matching = chunk.matching(expression, at: moment)
        let count = matching.count
        guard count > 0 else { return }
        guard count * BatchScan.matchingDivisor >= chunk.count else {
            for query in scans.indices where !isStopped[query] { scans[query].visit(chunk, matching: matching) }
            return
        }
        BLAS.multiply(
            queries: units, queryCount: scans.count, rowsBelow: chunk.count, of: chunk.matrix, into: &estimates, scoresStride: Chunk.capacity)
        for query in scans.indices where !isStopped[query] {
            scans[query].visit(chunk, matching: matching, estimates: estimates, offset: query * Chunk.capacity, bound: bound)
        }
    }
}
