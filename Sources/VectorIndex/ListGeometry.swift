import Vectors

/// What training fixes of a partition's lists: where their centres lie, and how codes of what is left are made.
final class ListGeometry: Sendable {
    let centres: Centres
    let layout: CodeLayout
    let turn: Turn
    /// Every centre, turned: row i begins at i · layout.dimensions.
    let turned: FloatBlock
    /// The centres again, for scores of single ones, and the codes of all of them as one list, whose own centre is `mean`.
    let matrix: RowMatrix
    let codes: CodeDirectory
    let mean: [Float]
    /// The mean, turned, its square, and how far rows are from it, as a root of the mean square.
    private let middle: FloatBlock
    private let spread: Float
    private let square: Float
    private let meanRow: RowMatrix
    /// The centres in bytes, for the order of the lists.
    let bytes: ByteRows
    /// The products of every centre with all.
    let between: Rows

    /// What an estimate errs by where the query is one away from the centre, as a standard deviation: |r| · √(1 − o²) / (o √m), where o, the cosine of a
    /// residual and its signs, is about √(2/π).
    let error: Float

    var count: Int { centres.count }
    var dimension: Int { centres.dimension }

    var byteCount: Int {
        let floats = centres.rows.block.count + centres.halves.count + turned.count + between.block.count
        return 4 * floats + matrix.byteCount + bytes.byteCount + codes.lists.reduce(0) { $0 + $1.byteCount }
    }

    /// With `axes`, codes are made of what rows have along them.
    init(_ centres: Centres, axes: ByteRows? = nil, kernels: CodeKernels, seed: UInt64) {
        let (count, dimension) = (centres.count, centres.dimension)
        self.centres = centres
        layout = CodeLayout(kernels, dimensions: axes?.count ?? dimension)
        turn = Turn(layout, inputs: dimension, axes: axes, seed: seed)
        turned = FloatBlock(count: count * layout.dimensions)
        matrix = RowMatrix(dimension: dimension, capacity: count)
        var mean = [Float](repeating: 0, count: dimension)
        let (straight, scratch) = (FloatBlock(count: max(layout.dimensions, centres.rows.stride)), turn.makeScratch())
        for place in 0..<count {
            let row = (0..<dimension).map { centres.rows[place, $0] }
            matrix.append(row)
            for (column, value) in row.enumerated() {
                mean[column] += value / Float(count)
                straight[column] = value
            }
            turn.apply(straight, into: turned, outStart: place * layout.dimensions, scratch: scratch)
        }
        self.mean = mean
        for (column, value) in mean.enumerated() { straight[column] = value }
        middle = FloatBlock(count: layout.dimensions)
        turn.apply(straight, into: middle, scratch: scratch)
        square = mean.reduce(0) { $0 + $1 * $1 }
        spread = max(0.01, 1 - square).squareRoot()
        meanRow = RowMatrix(dimension: dimension, capacity: 1)
        meanRow.append(mean)
        var squares: Float = 0
        for place in 0..<count { squares += 2 * centres.halves[place] / Float(count) }
        error = 0.75 * max(0.01, 1 - squares).squareRoot() / Float(layout.dimensions).squareRoot()
        bytes = ByteRows(centres.rows, count: count, dimension: dimension)
        between = Rows(FloatBlock(count: count * count), stride: count)
        BLAS.multiply(centres.rows, 0..<count, byTransposed: centres.rows, 0..<count, width: dimension, into: between)
        codes = CodeDirectory([ListGeometry.codes(of: turned, mean, middle, centres, layout)])
    }

    private static func codes(of turned: FloatBlock, _ mean: [Float], _ middle: FloatBlock, _ centres: Centres, _ layout: CodeLayout) -> CodeList {
        let list = CodeList(layout, capacity: centres.count)
        let residual = FloatBlock(count: layout.dimensions)
        for place in 0..<centres.count {
            // The query's product with the centre, less half of its square: the greater the nearer.
            var product = -centres.halves[place]
            for column in 0..<centres.dimension { product += mean[column] * (centres.rows[place, column] - mean[column]) }
            for column in 0..<layout.dimensions { residual[column] = turned[place * layout.dimensions + column] - middle[column] }
            let code = Code(residual: residual, start: 0, centre: middle, centreStart: 0, dimensions: layout.dimensions, centreProduct: product)
            list.append(code, residual: residual, start: 0, row: UInt32(place))
        }
        return list
    }

    /// Room in which one thread makes codes.
    final class Bench: Sendable {
        let straight: FloatBlock
        let turned: FloatBlock
        let residual: FloatBlock
        let scratch: Turn.Scratch
        let products: Rows

        init(_ geometry: ListGeometry) {
            straight = FloatBlock(count: max(geometry.layout.dimensions, RowMatrix.stride(dimension: geometry.dimension)))
            turned = FloatBlock(count: geometry.layout.dimensions)
            residual = FloatBlock(count: geometry.layout.dimensions)
            scratch = geometry.turn.makeScratch()
            products = Rows(FloatBlock(count: geometry.count), stride: geometry.count)
        }
    }

    /// A list for a row, and the product of its centre with the row.
    struct Choice: Sendable {
        let list: Int
        let product: Float
    }

    /// The lists of a row: the nearest, and one where the residual to that one points elsewhere, if there is another.
    func lists(of row: Int, of matrix: RowMatrix, _ bench: Bench) -> (Choice, Choice?) {
        Kernels.best.score(row: row, of: matrix, rowsBelow: count, in: self.matrix, into: bench.products.block)
        let nearest = ListKernels.best.nearest(bench.products, row: 0, halves: centres.halves)
        let first = Choice(list: nearest.place, product: bench.products[0, nearest.place])
        guard count > 1 else { return (first, nil) }
        let squares = max(0, 1 - 2 * nearest.value)
        let own = 1 - first.product
        let second = ListKernels.best.second(bench.products, row: 0, halves: centres.halves, centres: between, nearest: first.list, own: own, squares: squares)
        return (first, Choice(list: second, product: bench.products[0, second]))
    }

    /// Turns a row, of which the codes of any list can then be made.
    func take(row: Int, of matrix: RowMatrix, _ bench: Bench) {
        bench.straight.copy(row: row, of: matrix)
        turn.apply(bench.straight, into: bench.turned, scratch: bench.scratch)
    }

    /// Adds the row that was taken, whose product with the list's centre is `product`.
    func append(to codes: CodeList, of list: Int, product: Float, row: UInt32, _ bench: Bench) {
        let start = list * layout.dimensions
        bench.residual.subtract(bench.turned, less: turned, from: start, count: layout.dimensions)
        let code = Code(
            residual: bench.residual, start: 0, centre: turned, centreStart: start, dimensions: layout.dimensions,
            centreProduct: product - 2 * centres.halves[list])
        codes.append(code, residual: bench.residual, start: 0, row: row)
    }
    /// Puts the row that was taken, whose vector is `row` of a matrix, into a piece.
    func put(row: Int, of matrix: RowMatrix, into piece: SignPiece, at place: Int, _ bench: Bench) {
        bench.residual.subtract(bench.turned, less: middle, from: 0, count: layout.dimensions)
        let product = Kernels.best.dot(row: row, of: matrix, row: 0, of: meanRow) - square
        let code = Code(residual: bench.residual, start: 0, centre: middle, centreStart: 0, dimensions: layout.dimensions, centreProduct: product)
        piece.put(code, residual: bench.residual, row: place)
    }

    /// What an estimate of such a row errs by, as a standard deviation, for a query whose product with the mean that is.
    func error(meanProduct: Float) -> Float {
        0.75 * spread * max(0.01, 1 - 2 * meanProduct + square).squareRoot() / Float(layout.dimensions).squareRoot()
    }
}
