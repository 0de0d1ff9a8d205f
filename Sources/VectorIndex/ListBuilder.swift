import Columns
import Records
import Vectors

/// Makes lists of the rows of a snapshot: trains, finds two lists for every row, lays the rows anew in the order of their first list, and makes their codes.
struct ListBuilder {
    /// What was made: the rows under their new numbers, and the lists over them.
    struct Product {
        let chunks: ChunkTable
        let bounds: [Int]
        let geometry: ListGeometry
        let style: ListStyle
        /// Without lists where they have no codes.
        let directory: CodeDirectory
        let signs: SignDirectory
        /// Rows that no centre was learnt from, to which the lists are what they are to a query.
        let unlearnt: [Int]
    }

    /// A row of the snapshot.
    private struct Place {
        let chunk: Int32
        let row: Int32
    }

    let snapshot: Snapshot
    let dimension: Int
    let lists: Int
    let style: ListStyle
    let seed: UInt64
    let threads: Int
    private let chunks: [Chunk]
    private let places: [Place]

    init(_ snapshot: Snapshot, dimension: Int, lists: Int, style: ListStyle, seed: UInt64, threads: Int) {
        self.snapshot = snapshot
        self.dimension = dimension
        self.lists = lists
        self.style = style
        self.seed = seed
        self.threads = threads
        var chunks: [Chunk] = []
        var places: [Place] = []
        snapshot.chunks.forEach { _, chunk in
            chunk.live.forEach { places.append(Place(chunk: Int32(chunks.count), row: Int32($0))) }
            chunks.append(chunk)
        }
        self.chunks = chunks
        self.places = places
    }

    func build() -> Product {
        let stride = RowMatrix.stride(dimension: dimension)
        var isLearnt = [Bool](repeating: false, count: places.count)
        let centres = Training(seed: seed, threads: threads).centres(lists, of: places.count, dimension: dimension, stride: stride) { row, rows, place in
            isLearnt[row] = true
            rows.copy(row: Int(places[row].row), of: chunks[Int(places[row].chunk)].matrix, to: place)
        }
        let geometry = ListGeometry(centres, axes: axes(centres), kernels: .best, seed: seed)
        let (first, second) = assign(geometry)
        let (order, bounds) = ListBuilder.sort(first.array, lists: centres.count)
        let (table, matrices) = lay(order)
        let codes = style == .codes ? code(geometry, order, bounds, first, second, matrices) : []
        return Product(
            chunks: table, bounds: bounds, geometry: geometry, style: style, directory: CodeDirectory(codes),
            signs: SignDirectory(style == .codes ? sign(geometry, order.count, matrices) : []), unlearnt: order.indices.filter { !isLearnt[order[$0]] })
    }

    /// Dimensions from which codes of the principal axes of what centres leave over say as much in fewer bytes.
    private static let axesFrom = 768
    /// Beyond, finding them would take longer than all else.
    private static let axesTo = 4_096
    /// An estimate errs by the signs of few axes more than by leaving out the others: these must hold so much of the residuals' squares.
    private static let axesShareMin: Float = 0.7
    private static let axesRows = 8_192

    /// The axes to make codes of; nil for all dimensions as they are.
    private func axes(_ centres: Centres) -> ByteRows? {
        guard (ListBuilder.axesFrom...ListBuilder.axesTo).contains(dimension) else { return nil }
        var random = SplitMix(seed ^ 0xA7E5)
        let stride = RowMatrix.stride(dimension: dimension)
        let chosen = Training.sample(min(ListBuilder.axesRows, places.count), of: places.count, &random)
        let rows = Rows(FloatBlock(count: chosen.count * stride), stride: stride)
        for (place, number) in chosen.enumerated() { rows.copy(row: Int(places[number].row), of: chunks[Int(places[number].chunk)].matrix, to: place) }
        centres.forEachBlock(of: rows, count: chosen.count, threads: threads) { products, block, _ in
            for row in block {
                let nearest = ListKernels.best.nearest(products, row: row - block.lowerBound, halves: centres.halves).place
                rows.subtract(row: row, of: rows, less: nearest, of: centres.rows, to: row)
            }
        }
        for wanted in [384, 768] where 2 * wanted <= dimension {
            let (axes, share) = PrincipalAxes.find(wanted, in: rows, count: chosen.count, dimension: dimension, random: &random)
            if share >= ListBuilder.axesShareMin { return ByteRows(axes, count: wanted, dimension: dimension) }
        }
        return nil
    }

    /// The two lists of every row, by its place.
    private func assign(_ geometry: ListGeometry) -> (WholeNumbers, WholeNumbers) {
        let (first, second) = (WholeNumbers(count: places.count), WholeNumbers(count: places.count))
        let (centres, between) = (geometry.centres, geometry.between)
        var starts: [Int] = []
        var count = 0
        for chunk in chunks {
            starts.append(count)
            count += chunk.liveCount
        }
        let blocks = (0..<threads).map { _ in Rows(FloatBlock(count: Chunk.capacity * centres.count), stride: centres.count) }
        let (chunks, firstPlaces) = (self.chunks, starts)
        Workers.forEachRange(below: chunks.count, size: 1, threads: threads) { range, worker in
            let (chunk, products) = (chunks[range.lowerBound], blocks[worker])
            BLAS.multiply(rowsBelow: chunk.count, of: chunk.matrix, byTransposed: centres.rows, 0..<centres.count, into: products)
            var place = firstPlaces[range.lowerBound]
            chunk.live.forEach { row in
                let nearest = ListKernels.best.nearest(products, row: row, halves: centres.halves)
                first[place] = nearest.place
                second[place] = nearest.place
                if centres.count > 1 {
                    // Of rows of length one: r · x = 1 − c · x, and |r|² = 1 − 2 c · x + |c|².
                    let product = products[row, nearest.place]
                    second[place] = ListKernels.best.second(
                        products, row: row, halves: centres.halves, centres: between, nearest: nearest.place, own: 1 - product,
                        squares: max(0, 1 - 2 * nearest.value))
                }
                place += 1
            }
        }
        return (first, second)
    }

    /// Places in the order of their lists, and where each list begins.
    private static func sort(_ lists: [Int], lists count: Int) -> (order: [Int], bounds: [Int]) {
        var bounds = [Int](repeating: 0, count: count + 1)
        for list in lists { bounds[list + 1] += 1 }
        for list in 0..<count { bounds[list + 1] += bounds[list] }
        var next = bounds
        var order = [Int](repeating: 0, count: lists.count)
        for (place, list) in lists.enumerated() {
            order[next[list]] = place
            next[list] += 1
        }
        return (order, bounds)
    }

    /// Copies the rows into new chunks, row i of the order under the number i.
    private func lay(_ order: [Int]) -> (ChunkTable, [RowMatrix]) {
        let count = (order.count + Chunk.capacity - 1) / Chunk.capacity
        let arena = RowArena(dimension: dimension, matrices: count, rows: Chunk.capacity)
        let made = Slots<Chunk>(count: count)
        let (chunks, places) = (self.chunks, self.places)
        Workers.forEachRange(below: order.count, size: Chunk.capacity, threads: threads) { range, _ in
            var chunk = Chunk(matrix: arena[range.lowerBound / Chunk.capacity])
            for place in range { _ = chunk.append(row: Int(places[order[place]].row), of: chunks[Int(places[order[place]].chunk)]) }
            made[range.lowerBound / Chunk.capacity] = chunk
        }
        var table = ChunkTable()
        for chunk in made.all {
            let slot = table.insert(chunk)
            precondition(table.count == slot + 1)
        }
        return (table, made.all.map(\.matrix))
    }

    /// The codes of every list: of the rows that it is the first list of, which lie together, and of those that it is the second of.
    private func code(
        _ geometry: ListGeometry, _ order: [Int], _ bounds: [Int], _ first: WholeNumbers, _ second: WholeNumbers, _ matrices: [RowMatrix]
    ) -> [CodeList] {
        var others = [[UInt32]](repeating: [], count: geometry.count)
        for (number, place) in order.enumerated() where second[place] != first[place] { others[second[place]].append(UInt32(number)) }
        let made = CodeList.lists(geometry.layout, capacities: (0..<geometry.count).map { bounds[$0 + 1] - bounds[$0] + others[$0].count })
        let benches = (0..<threads).map { _ in ListGeometry.Bench(geometry) }
        let guests = others
        Workers.forEachRange(below: geometry.count, size: 8, threads: threads) { range, worker in
            for list in range {
                let own = bounds[list]..<bounds[list + 1]
                for number in own.map({ UInt32($0) }) + guests[list] {
                    let (matrix, row) = (matrices[Int(number) / Chunk.capacity], Int(number) % Chunk.capacity)
                    geometry.take(row: row, of: matrix, benches[worker])
                    let product = Kernels.best.dot(row: row, of: matrix, row: list, of: geometry.matrix)
                    geometry.append(to: made[list], of: list, product: product, row: number, benches[worker])
                }
            }
        }
        return made
    }

    /// The codes of every row, by number.
    private func sign(_ geometry: ListGeometry, _ count: Int, _ matrices: [RowMatrix]) -> [SignPiece] {
        let pieces = SignPiece.pieces(geometry.layout, count: matrices.count)
        let benches = (0..<threads).map { _ in ListGeometry.Bench(geometry) }
        Workers.forEachRange(below: count, size: Chunk.capacity, threads: threads) { range, worker in
            let number = range.lowerBound / Chunk.capacity
            for row in 0..<range.count {
                geometry.take(row: row, of: matrices[number], benches[worker])
                geometry.put(row: row, of: matrices[number], into: pieces[number], at: row, benches[worker])
            }
        }
        return pieces
    }
}
