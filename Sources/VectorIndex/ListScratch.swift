import Synchronization
import Vectors

/// Room in which one search over lists works, used again by the next.
///
/// `@unchecked Sendable`: lent to one search at a time.
final class ListScratch: @unchecked Sendable {
    let codes: CodeScan
    let centreCodes: CodeScan
    let query: FloatBlock
    let turned: FloatBlock
    let turning: Turn.Scratch
    let ranked: RankedLists
    let scores: FloatBlock
    /// Of the rows that were compared, where they are wanted.
    let estimates: FloatBlock
    let pointers: RowPointers
    var rows: [UInt32] = []
    /// Lists that were visited before the ranking was made anew.
    private var visited: [Bool]
    private(set) var hasVisited = false
    let seen: SeenRows

    init(_ geometry: ListGeometry, capacity: Int) {
        codes = CodeScan(geometry.layout, capacity: capacity, listsMax: 64)
        centreCodes = CodeScan(geometry.layout, capacity: geometry.count + CodeLayout.blockRows, listsMax: 1)
        let padded = max(geometry.layout.dimensions, RowMatrix.stride(dimension: geometry.dimension))
        query = FloatBlock(count: padded)
        turned = FloatBlock(count: geometry.layout.dimensions)
        turning = geometry.turn.makeScratch()
        ranked = RankedLists(geometry.bytes)
        let places = capacity + 2 * CodeLayout.blockRows
        scores = FloatBlock(count: places)
        estimates = FloatBlock(count: places)
        pointers = RowPointers(capacity: places)
        visited = Array(repeating: false, count: geometry.count)
        seen = SeenRows(capacity: places)
    }

    var capacity: Int { codes.capacity }

    func visit(_ list: Int) {
        visited[list] = true
        hasVisited = true
    }

    func wasVisited(_ list: Int) -> Bool { visited[list] }

    func forgetVisited() {
        for list in visited.indices { visited[list] = false }
        hasVisited = false
    }
}

/// Scratches that no search uses now.
final class ScratchPool: Sendable {
    private let free = Mutex<[ListScratch]>([])
    private let geometry: ListGeometry
    private static let keptMax = 16
    static let capacityMin = 2_048

    init(_ geometry: ListGeometry) { self.geometry = geometry }

    func take(k: Int) -> ListScratch {
        let capacity = max(ScratchPool.capacityMin, 8 * k)
        if capacity == ScratchPool.capacityMin, let scratch = free.withLock({ $0.popLast() }) { return scratch }
        return ListScratch(geometry, capacity: capacity)
    }

    func giveBack(_ scratch: ListScratch) {
        guard scratch.capacity == ScratchPool.capacityMin else { return }
        free.withLock { if $0.count < ScratchPool.keptMax { $0.append(scratch) } }
    }
}
