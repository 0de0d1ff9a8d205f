import CKernels

/// Lists by how near their centres are to a query, the nearest first. Made once and used again for many queries, by one thread at a time.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class RankedLists: @unchecked Sendable {
    public let capacity: Int
    public let scores: FloatBlock
    /// How many rows of each may be found.
    public let weights: FloatBlock
    /// One over the distance of each one's centre.
    public let nearness: FloatBlock
    /// How many there are. It lies where reading it costs nothing more, as what a class keeps would.
    private let filled: UnsafeMutablePointer<Int>
    let lists: UnsafeMutablePointer<UInt32>
    private let numbers: ByteNumbers

    /// Room for all of the lists whose centres these are.
    public init(_ centres: ByteRows) {
        let capacity = centres.count
        self.capacity = capacity
        scores = FloatBlock(count: capacity + 64)
        weights = FloatBlock(count: capacity + 64)
        nearness = FloatBlock(count: capacity + 64)
        unsafe lists = .allocate(capacity: capacity + 64)
        unsafe filled = .allocate(capacity: 1)
        unsafe filled.initialize(to: 0)
        numbers = ByteNumbers(centres)
    }

    deinit {
        unsafe lists.deallocate()
        unsafe filled.deallocate()
    }

    public internal(set) var count: Int {
        get { unsafe filled.pointee }
        set { unsafe filled.pointee = newValue }
    }

    public func list(_ place: Int) -> Int {
        precondition(place >= 0 && place < count)
        return unsafe Int(lists[place])
    }

    /// About the `wanted` nearest that a scan of the centres' codes found, or all `total`, with the products that their bytes give. `halves` are half of the
    /// centres' squares.
    public func take(_ wanted: Int, of total: Int, from scan: CodeScan, query vector: FloatBlock, centres: ByteRows, halves: FloatBlock) {
        precondition(total <= capacity && centres.count == total && vector.count >= centres.dimension)
        if wanted < total, let least = scan.kthBest(wanted, slack: wanted / 8) {
            scan.take(atLeast: least, into: self)
        } else {
            for list in 0..<total { unsafe lists[list] = UInt32(list) }
            count = total
        }
        numbers.take(vector)
        unsafe centres.multiply(numbers, rows: lists, count: count, into: scores, scan.layout.kernels)
        // The nearest first: by product less half of the square. What an estimate is based on is the product.
        for place in 0..<count { scores[place] -= halves[list(place)] }
        order()
        for place in 0..<count { scores[place] += halves[list(place)] }
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

    /// How far a row of length one is from a centre, from their product and half of the centre's square; never quite nothing.
    @inlinable
    public static func distance(product: Float, half: Float) -> Float { max(0.01, 1 - 2 * product + 2 * half).squareRoot() }

    /// Notes how near each centre is, and how many rows of its list may be found.
    public func weigh(halves: FloatBlock, _ weight: (_ list: Int) -> Float) {
        precondition(halves.count >= capacity)
        let (count, range) = (count, 0..<count)
        let (halves, scores) = unsafe (halves.start(of: 0..<halves.count), self.scores.start(of: range))
        let (weights, nearness) = unsafe (self.weights.start(of: range), self.nearness.start(of: range))
        for place in 0..<count {
            let list = unsafe Int(lists[place])
            unsafe weights[place] = weight(list)
            unsafe nearness[place] = 1 / RankedLists.distance(product: scores[place], half: halves[list])
        }
    }

    private func order() { unsafe ck_order(scores.start(of: 0..<count), lists, count) }

    /// How many must be visited, from the first on, so that in the others at most `budget` rows better than their kth are expected, and how many are. Each of
    /// `kths` holds for an equal share of a list's rows.
    public func plan(_ rates: MissRates, kths: [Float], budget: Float) -> (needed: Int, missed: Float) {
        let plan = plan(rates, kths, from: 0, budget)
        return (plan.needed, plan.missed)
    }

    /// How many rows better than their kth are expected in the lists from place `first` on.
    public func missed(_ rates: MissRates, kths: [Float], from first: Int) -> Float {
        first < count ? plan(rates, kths, from: first, .infinity).missed : 0
    }

    private func plan(_ rates: MissRates, _ kths: [Float], from first: Int, _ budget: Float) -> ck_plan {
        let range = first..<count
        return unsafe kths.withUnsafeBufferPointer { kths in
            guard let start = kths.baseAddress else { return ck_plan() }
            return unsafe ck_plan_visits(
                scores.start(of: range), weights.start(of: range), nearness.start(of: range), range.count, start, kths.count,
                rates.rates.start(of: 0..<rates.rates.count), rates.rates.count, rates.first, 1 / rates.step, budget)
        }
    }
}
