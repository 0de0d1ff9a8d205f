import Columns
import Records
import Vectors

/// The writer's side of lists: takes rows into them, and gives a snapshot what its searches read.
struct ListWriter: Sendable {
    private let geometry: ListGeometry
    private let bounds: [Int]
    private let calibration: Calibration
    private let scratches: ScratchPools
    private let filters = FilterCache()
    private let expiries = ExpiryCache()
    private let bench: ListGeometry.Bench
    let style: ListStyle
    private var codes: [CodeList]
    private var tails: ListTails
    private var live: RowSet
    private var isLiveShared = false
    /// What snapshots read, unless it is out of date.
    private var directory: CodeDirectory?
    private var rows: RowDirectory?
    private var signs: SignDirectory
    /// How many rows there were when the lists were trained.
    let trainedRows: Int
    /// Rows that came or went since.
    private(set) var changes = 0

    init(_ product: ListBuilder.Product, calibration: Calibration, live: RowSet, rows: RowDirectory) {
        geometry = product.geometry
        bounds = product.bounds
        self.calibration = calibration
        scratches = ScratchPools(product.geometry)
        bench = ListGeometry.Bench(product.geometry)
        style = product.style
        codes = product.directory.lists
        tails = ListTails(lists: product.geometry.count)
        self.live = live
        isLiveShared = true
        directory = product.directory
        self.rows = rows
        signs = product.signs
        trainedRows = product.bounds.last ?? 0
    }

    /// A chunk came, so rows have addresses that the directory does not know.
    mutating func hasNewChunk() { rows = nil }

    /// Row `row` of a chunk is there, under the number `number`.
    mutating func add(_ number: Int, row: Int, of matrix: RowMatrix) {
        change(number, true)
        geometry.take(row: row, of: matrix, bench)
        let (first, second) = geometry.lists(of: row, of: matrix, bench)
        guard style == .codes else { return tails.append(UInt32(number), to: first.list) }
        put(number, row: row, of: matrix)
        append(number, first)
        if let second { append(number, second) }
    }

    private mutating func put(_ number: Int, row: Int, of matrix: RowMatrix) {
        let piece = number / SignPiece.rows
        if piece >= signs.pieces.count {
            let wanted = piece + 1 - signs.pieces.count
            signs = SignDirectory(signs.pieces + SignPiece.pieces(geometry.layout, count: max(wanted, signs.pieces.count / 4)))
        }
        geometry.put(row: row, of: matrix, into: signs.pieces[piece], at: number % SignPiece.rows, bench)
    }

    mutating func remove(_ number: Int) { change(number, false) }

    private mutating func change(_ number: Int, _ isLive: Bool) {
        if isLiveShared || number >= live.count {
            live = RowSet(live, count: number < live.count ? live.count : (number / Chunk.capacity + 1) * Chunk.capacity)
            isLiveShared = false
        }
        live[number] = isLive
        changes += 1
    }

    private mutating func append(_ number: Int, _ choice: ListGeometry.Choice) {
        if codes[choice.list].isFull {
            codes[choice.list] = grown(codes[choice.list])
            directory = nil
        }
        geometry.append(to: codes[choice.list], of: choice.list, product: choice.product, row: UInt32(number), bench)
    }

    /// A list with the rows that are alive, and room for more.
    private func grown(_ list: CodeList) -> CodeList {
        let count = list.count
        let alive = (0..<count).filter { live[Int(list.row($0))] }
        let larger = CodeList(geometry.layout, capacity: alive.count + alive.count / 2 + CodeLayout.blockRows)
        for entry in alive { larger.append(entry: entry, of: list) }
        return larger
    }

    /// What searches may read from now on; `matrices` are those of the chunks by slot.
    mutating func lists(_ matrices: () -> [RowMatrix?]) -> Lists {
        let directory = self.directory ?? CodeDirectory(codes)
        let rows = self.rows ?? RowDirectory(matrices(), dimension: geometry.dimension)
        (self.directory, self.rows, isLiveShared) = (directory, rows, true)
        return Lists(
            geometry: geometry, style: style, directory: directory, signs: signs, tails: tails, bounds: bounds, calibration: calibration, live: live, rows: rows, scratches: scratches, filters: filters,
            expiries: expiries, changes: changes)
    }
}
