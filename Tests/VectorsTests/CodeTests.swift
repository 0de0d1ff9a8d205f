import Testing
import Vectors

@Suite("Codes")
struct CodeTests {
    static let dimensions = [1, 5, 47, 48, 49, 96, 100, 384, 500]

    /// A list of random residuals around the zero vector, and what it is made of.
    private static func filled(_ layout: CodeLayout, _ count: Int, seed: UInt64) -> (CodeDirectory, [[Float]]) {
        var generator = SeededGenerator(seed: seed)
        let list = CodeList(layout, capacity: count)
        let residual = FloatBlock(count: layout.dimensions), centre = FloatBlock(count: layout.dimensions)
        var rows: [[Float]] = []
        for row in 0..<count {
            let values = generator.vector(layout.dimensions)
            residual.copy(values)
            let code = Code(residual: residual, start: 0, centre: centre, centreStart: 0, dimensions: layout.dimensions, centreProduct: 0)
            list.append(code, residual: residual, start: 0, row: UInt32(row * 3))
            rows.append(values)
        }
        return (CodeDirectory([list]), rows)
    }

    private func estimates(_ scan: CodeScan, _ directory: CodeDirectory, base: Float) -> [UInt32: Float] {
        scan.begin(k: scan.capacity, admitted: nil, rowCount: .max >> 1)
        scan.visit(0, of: directory, base: base)
        return Dictionary(uniqueKeysWithValues: (0..<scan.count).map { (scan.row($0), scan.score($0)) })
    }

    @Test("with the same tables every kernel's estimates are the portable one's, for any number of rows", arguments: CodeKernels.available, dimensions)
    func scanAgrees(kernels: CodeKernels, dimension: Int) {
        let layout = CodeLayout(kernels, dimensions: dimension), plain = CodeLayout(.portable(like: kernels), dimensions: dimension)
        var generator = SeededGenerator(seed: UInt64(dimension))
        for count in [1, 63, 64, 65, 200] {
            let (directory, _) = CodeTests.filled(layout, count, seed: 9)
            let scan = CodeScan(layout, capacity: 256, listsMax: 1), portable = CodeScan(plain, capacity: 256, listsMax: 1)
            let query = FloatBlock(count: layout.dimensions)
            query.copy(generator.vector(layout.dimensions))
            portable.prepare(query)
            scan.copyTables(of: portable)
            let (found, expected) = (estimates(scan, directory, base: 0.25), estimates(portable, directory, base: 0.25))
            #expect(found.count == count && expected.count == count)
            for (row, score) in expected {
                // Sums of as many sizes as there are dimensions, each rounded once or twice.
                #expect(abs((found[row] ?? .nan) - score) <= 2e-7 * Float(layout.dimensions), "\(kernels.name), row \(row)")
            }
        }
    }

    @Test("every kernel's own tables give estimates that differ from the portable ones' by a few steps of rounding", arguments: CodeKernels.available)
    func tablesAgree(kernels: CodeKernels) {
        let layout = CodeLayout(kernels, dimensions: 384), plain = CodeLayout(.portable(like: kernels), dimensions: 384)
        let (directory, _) = CodeTests.filled(layout, 300, seed: 4)
        let scan = CodeScan(layout, capacity: 512, listsMax: 1), portable = CodeScan(plain, capacity: 512, listsMax: 1)
        var generator = SeededGenerator(seed: 12)
        let query = FloatBlock(count: layout.dimensions)
        query.copy(generator.vector(layout.dimensions))
        scan.prepare(query)
        portable.prepare(query)
        let (found, expected) = (estimates(scan, directory, base: 0), estimates(portable, directory, base: 0))
        for (row, score) in expected { #expect(abs((found[row] ?? .nan) - score) < 0.2) }
    }

    @Test("estimates are right on average, and as far off as one bit a dimension lets them be")
    func estimatesAreUnbiased() {
        let layout = CodeLayout(.best, dimensions: 384)
        let (directory, rows) = CodeTests.filled(layout, 2_000, seed: 3)
        let scan = CodeScan(layout, capacity: 4_096, listsMax: 1)
        var generator = SeededGenerator(seed: 8)
        let values = generator.vector(layout.dimensions)
        let query = FloatBlock(count: layout.dimensions)
        query.copy(values)
        scan.prepare(query)
        let found = estimates(scan, directory, base: 0)
        let unit = (Double(values.reduce(0) { $0 + $1 * $1 }) * Double(384) / 3).squareRoot()
        let errors = rows.enumerated().map { row, vector in
            (Double(found[UInt32(row * 3)] ?? .nan) - zip(values, vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }) / unit
        }
        let mean = errors.reduce(0, +) / Double(errors.count), spread = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
        #expect(abs(mean) < 0.004 && spread < 0.05, "mean \(mean), spread \(spread)")
    }

    @Test("only rows of the set are found, and those after the last row never are", arguments: CodeKernels.available)
    func admission(kernels: CodeKernels) {
        let layout = CodeLayout(kernels, dimensions: 96)
        let (directory, _) = CodeTests.filled(layout, 150, seed: 2)
        let scan = CodeScan(layout, capacity: 256, listsMax: 1)
        let query = FloatBlock(count: layout.dimensions)
        scan.prepare(query)
        let set = RowSet(count: 300)
        for row in stride(from: 0, to: 300, by: 6) { set[row] = true }
        scan.begin(k: 10, admitted: set, rowCount: 0)
        scan.visit(0, of: directory, base: 0)
        #expect(Set((0..<scan.count).map { Int(scan.row($0)) }) == Set(stride(from: 0, to: 300, by: 6)))
    }

    @Test("when more is found than there is room for, the best stay", arguments: CodeKernels.available)
    func keepsTheBest(kernels: CodeKernels) {
        let layout = CodeLayout(kernels, dimensions: 96)
        let (directory, _) = CodeTests.filled(layout, 3_000, seed: 6)
        let wide = CodeScan(layout, capacity: 4_096, listsMax: 1), narrow = CodeScan(layout, capacity: 128, listsMax: 1)
        var generator = SeededGenerator(seed: 1)
        let query = FloatBlock(count: layout.dimensions)
        query.copy(generator.vector(layout.dimensions))
        wide.prepare(query)
        narrow.copyTables(of: wide)
        let all = estimates(wide, directory, base: 0)
        narrow.begin(k: 10, admitted: nil, rowCount: .max >> 1)
        narrow.setMargin(0.5)
        narrow.visit(0, of: directory, base: 0)
        let kept = Set((0..<narrow.count).map { narrow.row($0) })
        let best = all.sorted { $0.value > $1.value }
        #expect(kept.count <= 128 + 64 && Set(best.prefix(10).map(\.key)).isSubset(of: kept))
        // All within the margin of the tenth, as far as there is room.
        let near = best.filter { $0.value >= best[9].value - 0.5 }.prefix(40).map(\.key)
        #expect(Set(near).isSubset(of: kept))
    }

    @Test("codes row by row give the same estimate through every set of instructions, right on average", arguments: [48, 96, 144, 384, 480])
    func signs(dimensions: Int) {
        let layout = CodeLayout(.best, dimensions: dimensions)
        var generator = SeededGenerator(seed: 61)
        let (count, unit) = (2_500, Float(dimensions).squareRoot())
        let pieces = SignPiece.pieces(layout, count: 3)
        let (residual, centre, query) = (FloatBlock(count: layout.dimensions), FloatBlock(count: layout.dimensions), FloatBlock(count: layout.dimensions))
        var vectors: [[Float]] = []
        for row in 0..<count {
            vectors.append(generator.vector(layout.dimensions))
            residual.copy(vectors[row])
            let code = Code(residual: residual, start: 0, centre: centre, centreStart: 0, dimensions: layout.dimensions, centreProduct: 0)
            pieces[row / SignPiece.rows].put(code, residual: residual, row: row % SignPiece.rows)
        }
        let asked = generator.vector(layout.dimensions)
        query.copy(asked)
        let directory = SignDirectory(pieces)
        let rows = (0..<count).shuffled(using: &generator).map { UInt32($0) }
        let portable = FloatBlock(count: 1_000)
        for (number, kernels) in SignKernels.available.enumerated() {
            let (signs, scores) = (SignQuery(layout, kernels: kernels), FloatBlock(count: 1_000))
            signs.take(query)
            directory.estimate(signs, rows: rows, 700..<1_700, base: 0.25, into: number == 0 ? portable : scores)
            if number > 0 { #expect((0..<1_000).allSatisfy { scores[$0] == portable[$0] }, "\(kernels.name)") }
        }
        let errors = (0..<1_000).map { place -> Float in
            let product = zip(vectors[Int(rows[700 + place])], asked).reduce(0) { $0 + $1.0 * $1.1 }
            return (portable[place] - 0.25 - product) / unit
        }
        let mean = errors.reduce(0, +) / 1_000, spread = (errors.reduce(0) { $0 + $1 * $1 } / 1_000).squareRoot()
        // Values of the vectors are even from −1 to 1: a product's own spread is a third of this unit.
        #expect(abs(mean) < 0.03 && spread > 0.05 && spread < 0.3, "mean \(mean), spread \(spread)")
    }

    @Test("the k-th largest is reached by k values and hardly more", arguments: CodeKernels.available)
    func kthLargest(kernels: CodeKernels) {
        var generator = SeededGenerator(seed: 44)
        for count in [1, 2, 15, 16, 17, 100, 1_000] {
            let values = FloatBlock(count: count)
            let random = generator.vector(count)
            values.copy(random)
            let sorted = random.sorted(by: >)
            for k in [1, 2, 10, count / 2 + 1, count, count + 5] {
                let least = kernels.kthLargest(values, count: count, k: k)
                let reached = random.filter { $0 >= least }.count
                #expect(reached == min(k, count) && least <= sorted[min(k, count) - 1])
                let loose = kernels.kthLargest(values, count: count, k: k, slack: 5)
                #expect((min(k, count)...min(k, count) + 5).contains(random.filter { $0 >= loose }.count))
            }
            values.copy(Array(repeating: 2, count: count))
            #expect(kernels.kthLargest(values, count: count, k: 1) == 2)
        }
    }

    @Test("a turn keeps lengths and products, with and without axes")
    func turn() {
        var generator = SeededGenerator(seed: 21)
        for dimension in [3, 48, 100, 384, 1_000] {
            let layout = CodeLayout(.best, dimensions: dimension)
            let turn = Turn(layout, inputs: dimension, seed: 1)
            let scratch = turn.makeScratch()
            let (a, b) = (generator.vector(dimension), generator.vector(dimension))
            let turned = [a, b].map { vector -> [Float] in
                let (block, out) = (FloatBlock(count: layout.dimensions), FloatBlock(count: layout.dimensions))
                block.copy(vector)
                turn.apply(block, into: out, scratch: scratch)
                return out[0..<layout.dimensions]
            }
            let product = { (x: [Float], y: [Float]) in zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
            #expect(abs(product(a, b) - product(turned[0], turned[1])) < 1e-4 * Double(dimension))
            #expect(abs(product(a, a) - product(turned[0], turned[0])) < 1e-4 * Double(dimension))
        }
    }

    @Test("principal axes are orthonormal and hold what varies")
    func axes() {
        var generator = SeededGenerator(seed: 5)
        let (count, dimension) = (400, 60)
        let rows = Rows(FloatBlock(count: count * dimension), stride: dimension)
        // Four directions matter; the others are noise.
        let directions = (0..<4).map { _ in generator.vector(dimension) }
        for row in 0..<count {
            let weights = generator.vector(4), noise = generator.vector(dimension)
            for column in 0..<dimension {
                rows[row, column] = 0.01 * noise[column] + zip(weights, directions).reduce(0) { $0 + $1.0 * $1.1[column] }
            }
        }
        var random = SplitMix(3)
        let (axes, share) = PrincipalAxes.find(4, in: rows, count: count, dimension: dimension, random: &random)
        #expect(share > 0.999)
        for a in 0..<4 {
            for b in 0..<4 {
                let product = (0..<dimension).reduce(Float(0)) { $0 + axes[a, $1] * axes[b, $1] }
                #expect(abs(product - (a == b ? 1 : 0)) < 1e-4)
            }
        }
    }

    @Test("every kernel finds the nearest centre and the second list that a plain loop finds", arguments: ListKernels.available)
    func lists(kernels: ListKernels) {
        var generator = SeededGenerator(seed: 77)
        for count in [2, 3, 15, 16, 17, 100, 129] {
            let products = Rows(FloatBlock(count: count), stride: count), halves = FloatBlock(count: count)
            let centres = Rows(FloatBlock(count: count * count), stride: count)
            products.block.copy(generator.vector(count))
            halves.copy(generator.vector(count).map { abs($0) })
            centres.block.copy(generator.vector(count * count))
            let losses = (0..<count).map { halves[$0] - products[0, $0] }
            let nearest = kernels.nearest(products, row: 0, halves: halves)
            #expect(losses[nearest.place] == losses.min() && nearest.value == -(losses.min() ?? 0))
            let (own, squares) = (Float(0.3), Float(0.7))
            let seconds = (0..<count).map { place -> Float in
                let across = own - products[0, place] + centres[nearest.place, place]
                return place == nearest.place ? .infinity : 2 * (halves[place] - products[0, place]) + across * across / squares
            }
            let second = kernels.second(products, row: 0, halves: halves, centres: centres, nearest: nearest.place, own: own, squares: squares)
            #expect(second != nearest.place && abs(seconds[second] - (seconds.min() ?? 0)) < 1e-5)
        }
    }
}
