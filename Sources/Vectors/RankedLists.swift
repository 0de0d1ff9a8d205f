import CKernels

/// Lists by how near their centres are to a query, the nearest first. Made once and used again for many queries, by one thread at a time.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class RankedLists: @unchecked Sendable {
    public let capacity: Int
    public let scores: FloatBlock
    /// How many rows of each may be found.
    public let weights: FloatBlock
    public internal(set) var count = 0
    let lists: UnsafeMutablePointer<UInt32>
    private let query: UnsafeMutablePointer<Int8>
    private let queryBytes: Int

    /// Room for so many lists, with centres of so many dimensions.
    public init(capacity: Int, dimension: Int) {
        self.capacity = capacity
        scores = FloatBlock(count: capacity + 64)
        weights = FloatBlock(count: capacity + 64)
        unsafe lists = .allocate(capacity: capacity + 64)
        queryBytes = ByteRows.stride(dimension)
        unsafe query = .allocate(capacity: queryBytes)
        unsafe query.initialize(repeating: 0, count: queryBytes)
    }

    deinit {
        unsafe lists.deallocate()
        unsafe query.deallocate()
    }

    public func list(_ place: Int) -> Int {
        precondition(place >= 0 && place < count)
        return unsafe Int(lists[place])
    }

    /// About the `wanted` best that a scan of the centres' codes found, or all `total`, with the scores that their bytes give.
    public func take(_ wanted: Int, of total: Int, from scan: CodeScan, query vector: FloatBlock, centres: ByteRows) {
        precondition(total <= capacity && centres.count == total && vector.count >= centres.dimension)
        if wanted < total, let least = scan.kthBest(wanted, slack: wanted / 8) {
            scan.take(atLeast: least, into: self)
        } else {
            for list in 0..<total { unsafe lists[list] = UInt32(list) }
            count = total
        }
        let scale = unsafe ck_to_bytes(vector.start(of: 0..<centres.dimension), centres.dimension, query)
        unsafe scan.layout.kernels.table.pointee.dot_bytes(
            query, scale, centres.bytes, centres.scales.start(of: 0..<total), lists, count, queryBytes, scores.start(of: 0..<count))
        order()
    }

    /// Drops those that `isUnwanted`.
    public func drop(_ isUnwanted: (_ list: Int) -> Bool) {
        var kept = 0
        for place in 0..<count where unsafe !isUnwanted(Int(lists[place])) {
            unsafe lists[kept] = unsafe lists[place]
            scores[kept] = scores[place]
            kept += 1
        }
        count = kept
    }

    private func order() { unsafe ck_order(scores.start(of: 0..<count), lists, count) }

    /// How many must be visited, from the first on, so that in the others at most `budget` rows better than `kth` are expected, and how many are.
    public func plan(_ rates: MissRates, kth: Float, budget: Float) -> (needed: Int, missed: Float) {
        let plan = unsafe ck_plan_visits(
            scores.start(of: 0..<count), weights.start(of: 0..<count), count, kth, rates.rates.start(of: 0..<rates.rates.count), rates.rates.count, rates.first,
            1 / rates.step, budget)
        return (plan.needed, plan.missed)
    }
}

/// Rows of numbers from −127 to 127 with a scale each, for products that need not be exact.
///
/// `@unchecked Sendable`: it is written once, before anyone else has it.
@safe public final class ByteRows: @unchecked Sendable {
    public let count: Int
    public let dimension: Int
    let bytes: UnsafeMutablePointer<UInt8>
    let scales: FloatBlock

    public init(_ rows: Rows, count: Int, dimension: Int) {
        let stride = ByteRows.stride(dimension)
        self.count = count
        self.dimension = dimension
        scales = FloatBlock(count: count)
        unsafe bytes = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * stride), alignment: 64).assumingMemoryBound(to: UInt8.self)
        unsafe bytes.initialize(repeating: 128, count: max(64, count * stride))
        var signed = [Int8](repeating: 0, count: dimension)
        for row in 0..<count {
            scales[row] = unsafe ck_to_bytes(rows.start(row..<row + 1), dimension, &signed)
            for (column, value) in signed.enumerated() { unsafe bytes[row * stride + column] = UInt8(Int(value) + 128) }
        }
    }

    deinit { unsafe bytes.deallocate() }

    static func stride(_ dimension: Int) -> Int { (dimension + CK_BYTES - 1) / CK_BYTES * CK_BYTES }
}
