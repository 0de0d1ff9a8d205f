import Vectors

/// The centres of lists, with half of each one's square.
struct Centres: Sendable {
    let rows: Rows
    let dimension: Int
    let count: Int
    private(set) var halves: FloatBlock

    /// `rows` holds the centres and nothing else.
    init(_ rows: Rows, count: Int, dimension: Int) {
        self.rows = rows
        self.count = count
        self.dimension = dimension
        halves = FloatBlock(count: count)
        for place in 0..<count {
            var squares: Float = 0
            for column in 0..<dimension { squares += rows[place, column] * rows[place, column] }
            halves[place] = squares / 2
        }
    }

    /// How far a row of length one is from a centre, from their product; never quite nothing.
    func distance(of centre: Int, product: Float) -> Float { RankedLists.distance(product: product, half: halves[centre]) }

    /// For every row, in blocks on all cores: its products with all centres, handed to `body` with the block's first row and who works.
    func forEachBlock(of points: Rows, count pointCount: Int, threads: Int, _ body: @Sendable (_ products: Rows, _ block: Range<Int>, _ worker: Int) -> Void) {
        let size = Centres.blockRows(count)
        let blocks = (0..<max(1, threads)).map { _ in Rows(FloatBlock(count: size * count), stride: count) }
        Workers.forEachRange(below: pointCount, size: size, threads: threads) { block, worker in
            BLAS.multiply(points, block, byTransposed: rows, 0..<count, width: dimension, into: blocks[worker])
            body(blocks[worker], block, worker)
        }
    }

    /// Rows whose products with all centres stay in the cache for who reads them next.
    private static func blockRows(_ count: Int) -> Int { max(64, min(2_048, 1_000_000 / max(1, count))) }
}
