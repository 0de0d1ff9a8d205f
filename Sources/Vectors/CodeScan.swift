import CKernels
import Glibc

/// One query on its way over codes: its tables, and the best that were found. Made once and used again for many queries, by one thread at a time.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class CodeScan: @unchecked Sendable {
    /// Below every estimate.
    private static let leastThreshold: Float = -3e38

    public let layout: CodeLayout
    public let capacity: Int
    private let scores: FloatBlock
    private let rows: UnsafeMutablePointer<UInt32>
    private let sums: UnsafeMutableRawPointer
    /// Of the lists that are scanned together.
    private let starts: UnsafeMutablePointer<UnsafeRawPointer>
    private var lookup: ck_lookup
    private var found: ck_found
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
        unsafe lookup = ck_lookup(sums: sums.assumingMemoryBound(to: UInt8.self), spans: layout.spans, step: 1, offset: 0)
        unsafe found = ck_found(
            scores: scores.start(of: 0..<scores.count), rows: rows, count: 0, capacity: capacity, threshold: CodeScan.leastThreshold, margin: 0, k: 1,
            admitted: nil, admitted_rows: 0)
    }

    deinit {
        unsafe rows.deallocate()
        unsafe starts.deallocate()
        unsafe sums.deallocate()
    }

    /// The tables of a query, turned as the codes are.
    public func prepare(_ query: FloatBlock) {
        unsafe layout.kernels.table.pointee.prepare(query.start(of: 0..<layout.dimensions), &lookup)
    }

    /// Takes the tables of another scan of the same layout.
    public func copyTables(of other: CodeScan) {
        precondition(other.layout.tableBytes == layout.tableBytes)
        unsafe memcpy(sums, other.sums, layout.tableBytes)
        unsafe (lookup.step, lookup.offset) = unsafe (other.lookup.step, other.lookup.offset)
    }

    /// Forgets what was found. Rows of `admitted` will be found, or all below `rowCount`. What lies more than the margin, 0 at first, below the k-th best may be
    /// dropped when there is more than there is room for.
    public func begin(k: Int, admitted: RowSet?, rowCount: Int) {
        self.admitted = admitted
        unsafe found.count = 0
        unsafe found.threshold = CodeScan.leastThreshold
        unsafe found.k = max(1, k)
        unsafe found.margin = 0
        unsafe found.admitted_rows = admitted?.count ?? rowCount
        unsafe found.admitted = admitted.map { unsafe UnsafePointer($0.words) }
    }

    public func setMargin(_ margin: Float) { unsafe found.margin = margin }

    /// Scans the lists `ranked` has in `range`, each with its score as the base of its rows' estimates.
    public func visit(_ ranked: RankedLists, _ range: Range<Int>, of directory: CodeDirectory) {
        guard !range.isEmpty else { return }
        for place in range { unsafe starts[place - range.lowerBound] = directory.start(ranked.list(place)) }
        unsafe layout.kernels.table.pointee.scan(&lookup, starts, ranked.scores.start(of: range), range.count, &found)
    }

    /// Scans one list.
    public func visit(_ list: Int, of directory: CodeDirectory, base: Float) {
        var base = base
        unsafe starts[0] = directory.start(list)
        unsafe layout.kernels.table.pointee.scan(&lookup, starts, &base, 1, &found)
    }

    /// Takes scores that are known, of rows from `first` on.
    public func offer(_ known: FloatBlock, rows first: Int, count: Int) {
        unsafe ck_offer(layout.kernels.table, &found, known.start(of: 0..<count), nil, UInt32(first), count)
    }

    /// Takes scores that are known, of those rows.
    public func offer(_ known: FloatBlock, rows: [UInt32]) {
        unsafe rows.withUnsafeBufferPointer { rows in
            unsafe ck_offer(layout.kernels.table, &found, known.start(of: 0..<rows.count), rows.baseAddress, 0, rows.count)
        }
    }

    public var count: Int { unsafe found.count }

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
        unsafe found.count = kept
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
