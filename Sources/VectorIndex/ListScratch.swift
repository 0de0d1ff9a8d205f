import Synchronization
import Vectors

/// What one query has on its way over lists, used again by the next.
///
/// `@unchecked Sendable`: lent to one search at a time.
final class QueryScratch: @unchecked Sendable, Reusable {
    let vector: FloatBlock
    let codes: CodeScan
    /// What codes found, by what counts beside cosines.
    private(set) lazy var lifted = CodeScan(codes.layout, capacity: codes.capacity, listsMax: 1)
    let ranked: RankedLists
    /// Lists that were visited before the ranking was made anew.
    private var visited: [Bool]
    private var hasVisited = false

    init(_ geometry: ListGeometry, capacity: Int) {
        vector = FloatBlock(count: max(geometry.layout.dimensions, RowMatrix.stride(dimension: geometry.dimension)))
        codes = CodeScan(geometry.layout, capacity: capacity, listsMax: 64)
        ranked = RankedLists(geometry.bytes)
        visited = Array(repeating: false, count: geometry.count)
    }

    var capacity: Int { codes.capacity }

    func letGo() { codes.letGo() }

    func note(_ list: Int) {
        visited[list] = true
        hasVisited = true
    }

    func wasVisited(_ list: Int) -> Bool { visited[list] }

    func forgetVisited() {
        guard hasVisited else { return }
        for list in visited.indices { visited[list] = false }
        hasVisited = false
    }
}

/// Room in which one thread works for one query after the other.
///
/// `@unchecked Sendable`: lent to one thread at a time.
final class ListScratch: @unchecked Sendable, Reusable {
    let centreCodes: CodeScan
    let turned: FloatBlock
    let turning: Turn.Scratch
    let scores: FloatBlock
    let pointers: RowPointers
    let seen: SeenRows
    let signs: SignQuery
    var rows: [UInt32] = []
    let capacity: Int

    init(_ geometry: ListGeometry, capacity: Int) {
        self.capacity = capacity
        centreCodes = CodeScan(geometry.layout, capacity: geometry.count + CodeLayout.blockRows, listsMax: 1)
        turned = FloatBlock(count: geometry.layout.dimensions)
        turning = geometry.turn.makeScratch()
        let places = capacity + 2 * CodeLayout.blockRows
        scores = FloatBlock(count: places)
        pointers = RowPointers(capacity: places)
        seen = SeenRows(capacity: places)
        signs = SignQuery(geometry.layout)
    }

    func letGo() {}
}

/// Room that is lent, and made for the lists of one geometry.
protocol Reusable: AnyObject, Sendable {
    init(_ geometry: ListGeometry, capacity: Int)
    /// Rows that there is room for.
    var capacity: Int { get }
    /// Holds nothing any more that belongs to who had it.
    func letGo()
}

/// What no search uses now.
final class Pool<Item: Reusable>: Sendable {
    private let free = Mutex<[Item]>([])
    private let geometry: ListGeometry
    private let keptMax: Int

    init(_ geometry: ListGeometry, keptMax: Int) {
        self.geometry = geometry
        self.keptMax = keptMax
    }

    func take(k: Int) -> Item {
        let capacity = max(ScratchPools.capacityMin, 8 * k)
        if capacity == ScratchPools.capacityMin, let item = free.withLock({ $0.popLast() }) { return item }
        return Item(geometry, capacity: capacity)
    }

    func giveBack(_ item: Item) {
        item.letGo()
        guard item.capacity == ScratchPools.capacityMin else { return }
        free.withLock { if $0.count < keptMax { $0.append(item) } }
    }
}

/// Both kinds of room for the searches over the same lists.
struct ScratchPools: Sendable {
    static let capacityMin = 2_048
    /// Where so many answers are wanted, or so many rows are alike, there is room for eight times as many.
    static let wideK = 2_048
    private static let keptMax = 16

    let queries: Pool<QueryScratch>
    let threads: Pool<ListScratch>

    init(_ geometry: ListGeometry) {
        queries = Pool(geometry, keptMax: ScratchPools.keptMax)
        threads = Pool(geometry, keptMax: ScratchPools.keptMax)
    }
}
