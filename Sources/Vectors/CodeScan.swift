import CKernels
import Glibc

/// One query on its way over codes: its tables, and the best that were found. Made once and used again for many queries, by one thread at a time.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class CodeScan: @unchecked Sendable {
    private struct Successor {
        let scan: CodeScan
        let lift: (_ row: Int) -> Float
        let liftMax: Float
    }

    /// The sooner some are left out, the fewer of the others are kept.
    private static let roomMin = 256

    /// Below every estimate.
    private static let leastThreshold: Float = -3e38

    public let layout: CodeLayout
    public let capacity: Int
    private let scores: FloatBlock
    private let rows: UnsafeMutablePointer<UInt32>
    private let sums: UnsafeMutableRawPointer
    /// Of the lists that are scanned together.
    private let starts: UnsafeMutablePointer<UnsafeRawPointer>
    private let lookup: UnsafeMutablePointer<ck_lookup>
    private let found: UnsafeMutablePointer<ck_found>
    /// Who gets what was found.
    private var successor: Successor?
    /// Keeps what `found` points to.
    private var admitted: RowSet?

    /// Keeps up to `capacity` rows, and visits up to `listsMax` lists at once.
    public init(_ layout: CodeLayout, capacity: Int, listsMax: Int) {
        self.layout = layout
        unsafe starts = .allocate(capacity: max(1, listsMax))
        self.capacity = capacity
        scores = FloatBlock(count: capacity + 2 * CodeLayout.blockRows)
        unsafe rows = .allocate(capacity: capacity + 2 * CodeLayout.blockRows)
        unsafe sums = .allocate(byteCount: layout.tableBytes, alignment: 64)
        unsafe lookup = .allocate(capacity: 1)
        unsafe lookup.initialize(to: ck_lookup(sums: sums.assumingMemoryBound(to: UInt8.self), spans: layout.spans, step: 1, offset: 0))
        unsafe found = .allocate(capacity: 1)
        unsafe found.initialize(
            to: ck_found(
                scores: scores.start(of: 0..<scores.count), rows: rows, count: 0, capacity: capacity, room: capacity, threshold: CodeScan.leastThreshold, margin: 0, k: 1,
                scanned: 0, crowded: 0, admitted: nil, admitted_rows: 0, empty: nil, context: nil))
    }

    deinit {
        unsafe lookup.deallocate()
        unsafe found.deallocate()
        unsafe rows.deallocate()
        unsafe starts.deallocate()
        unsafe sums.deallocate()
    }

    /// The tables of a query, turned as the codes are.
    public func prepare(_ query: FloatBlock) {
        unsafe layout.kernels.table.pointee.prepare(query.start(of: 0..<layout.dimensions), lookup)
    }

    /// Takes the tables of another scan of the same layout.
    public func copyTables(of other: CodeScan) {
        precondition(other.layout.tableBytes == layout.tableBytes)
        unsafe memcpy(sums, other.sums, layout.tableBytes)
        unsafe (lookup.pointee.step, lookup.pointee.offset) = unsafe (other.lookup.pointee.step, other.lookup.pointee.offset)
    }

    /// Forgets what was found. Rows of `admitted` will be found, or all below `rowCount`. What lies more than the margin, 0 at first, below the k-th best may be
    /// dropped as soon as there are many times k.
    public func begin(k: Int, admitted: RowSet?, rowCount: Int) {
        self.admitted = admitted
        unsafe found.pointee.count = 0
        unsafe found.pointee.scanned = 0
        unsafe found.pointee.crowded = 0
        unsafe found.pointee.threshold = CodeScan.leastThreshold
        unsafe found.pointee.k = max(1, k)
        unsafe found.pointee.margin = 0
        unsafe found.pointee.empty = nil
        unsafe found.pointee.room = min(capacity, max(CodeScan.roomMin, 8 * k))
        successor = nil
        unsafe found.pointee.admitted_rows = admitted?.count ?? rowCount
        unsafe found.pointee.admitted = admitted.map { unsafe UnsafePointer($0.words) }
    }

    /// Has `other` decide what is kept, among rows whose estimates were lifted, each by at most `liftMax`: it gets them as often as there are `rowsMax`, and by
    /// `passOn`; until the next `begin`.
    public func pass(to other: CodeScan, rowsMax: Int, liftMax: Float, _ lift: @escaping (_ row: Int) -> Float) {
        successor = Successor(scan: other, lift: lift, liftMax: liftMax)
        unsafe found.pointee.room = min(rowsMax, capacity)
        unsafe found.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        unsafe found.pointee.empty = { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<CodeScan>.fromOpaque(context).takeUnretainedValue().passOn()
        }
    }

    /// Holds nothing any more that belongs to a query.
    public func letGo() {
        admitted = nil
        successor = nil
        unsafe found.pointee.admitted = nil
        unsafe found.pointee.empty = nil
    }

    /// Gives away what was found, and learns which estimates are too low to be of use.
    public func passOn() {
        guard let successor else { return }
        let other = successor.scan
        for place in 0..<count {
            var (row, score) = unsafe (rows[place], scores[place])
            score += successor.lift(Int(row))
            unsafe ck_offer(other.layout.kernels.table, other.found, &score, &row, 0, 1)
        }
        unsafe found.pointee.count = 0
        let (k, margin) = unsafe (other.found.pointee.k, other.found.pointee.margin)
        if let kth = other.kthBest(k, slack: k / 4) { other.raise(to: kth - margin) }
        raise(to: unsafe other.found.pointee.threshold - successor.liftMax)
    }

    /// Only estimates of at least `least` are kept from now on.
    private func raise(to least: Float) { unsafe found.pointee.threshold = max(found.pointee.threshold, least) }

    public func setMargin(_ margin: Float) { unsafe found.pointee.margin = margin }

    /// Scans the lists `ranked` has in `range`, each with its score as the base of its rows' estimates.
    public func visit(_ ranked: RankedLists, _ range: Range<Int>, of directory: CodeDirectory) {
        guard !range.isEmpty else { return }
        for place in range { unsafe starts[place - range.lowerBound] = directory.start(ranked.list(place)) }
        unsafe layout.kernels.table.pointee.scan(lookup, starts, ranked.scores.start(of: range), range.count, found)
    }

    /// Scans one list.
    public func visit(_ list: Int, of directory: CodeDirectory, base: Float) {
        var base = base
        unsafe starts[0] = directory.start(list)
        unsafe layout.kernels.table.pointee.scan(lookup, starts, &base, 1, found)
    }

    /// Takes scores that are known, of rows from `first` on.
    public func offer(_ known: FloatBlock, rows first: Int, count: Int) {
        unsafe ck_offer(layout.kernels.table, found, known.start(of: 0..<count), nil, UInt32(first), count)
    }

    /// Takes those of a row of scores.
    public func offer(_ known: Rows, row: Int, rows first: Int, count: Int) {
        precondition(count <= known.stride)
        unsafe ck_offer(layout.kernels.table, found, known.start(row..<row + 1), nil, UInt32(first), count)
    }

    /// Takes scores that are known, of those rows.
    public func offer(_ known: FloatBlock, rows: [UInt32]) { offer(known, rows: rows, rows.indices) }

    /// Takes scores that are known, of those of `rows` that are in `range`.
    public func offer(_ known: FloatBlock, rows: [UInt32], _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows.count)
        unsafe rows.withUnsafeBufferPointer { rows in
            guard let first = rows.baseAddress else { return }
            unsafe ck_offer(layout.kernels.table, found, known.start(of: 0..<range.count), first + range.lowerBound, 0, range.count)
        }
    }

    public var count: Int { unsafe found.pointee.count }

    /// Rows of the lists that were visited.
    public var scannedCount: Int { unsafe found.pointee.scanned }

    /// The least estimate of which nothing was dropped for want of room; nil where nothing was.
    public var leastKept: Float? { unsafe found.pointee.crowded == 0 ? nil : found.pointee.threshold }

    public func score(_ place: Int) -> Float { scores[place] }

    public func row(_ place: Int) -> UInt32 {
        precondition(place >= 0 && place < count)
        return unsafe rows[place]
    }

    /// The k-th best estimate so far, or a little less; nil where fewer were found.
    public func kthBest(_ k: Int, slack: Int = 0) -> Float? {
        guard k > 0, count >= k else { return nil }
        return layout.kernels.kthLargest(scores, count: count, k: k, slack: slack)
    }

    /// The rows whose estimate is `least` or more, each once with the best of its estimates.
    public func takeRows(atLeast least: Float, _ seen: SeenRows, into estimates: FloatBlock, _ result: inout [UInt32]) {
        result.removeAll(keepingCapacity: true)
        // What is kept moves to the front; nothing is scanned afterwards.
        let (first, numbers) = unsafe (scores.start(of: 0..<scores.count), rows)
        let kept = unsafe layout.kernels.table.pointee.pick(first, numbers, count, least, first, numbers)
        unsafe found.pointee.count = kept
        for place in 0..<kept {
            let (row, score) = unsafe (numbers[place], first[place])
            if let earlier = seen.place(of: row, in: result, orElse: result.count) {
                estimates[earlier] = max(estimates[earlier], score)
            } else {
                estimates[result.count] = score
                result.append(row)
            }
        }
        seen.forget(result)
    }

    /// The rows whose estimate is `least` or more, as the numbers of lists.
    func take(atLeast least: Float, into list: RankedLists) {
        precondition(list.capacity >= count)
        unsafe list.count = layout.kernels.table.pointee.pick(
            scores.start(of: 0..<scores.count), rows, count, least, list.scores.start(of: 0..<list.scores.count), list.lists)
    }
}
