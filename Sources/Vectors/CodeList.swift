import CKernels
import Glibc
import Synchronization

/// One row as its list keeps it: the signs of its residual, and what makes an estimate of them.
public struct Code: Sendable {
    public let scale: Float
    public let shift: Float

    /// `residual` is what is left of the row's vector after its list's centre, turned, and padded with zeros; `centre` is the centre, turned likewise.
    /// `centreProduct` is that of centre and residual, exactly.
    ///
    /// The product of a query with the residual is estimated as that of (query − centre), which is shorter and so errs less, with the residual, plus
    /// centre · residual. Both depend on the row alone, but for the query's product with the signs. The scale makes the estimate right on average
    /// (Gao and Long, RaBitQ, 2024, section 3.2).
    public init(residual: FloatBlock, start: Int, centre: FloatBlock, centreStart: Int, dimensions: Int, centreProduct: Float) {
        let (r, c) = unsafe (residual.start(of: start..<start + dimensions), centre.start(of: centreStart..<centreStart + dimensions))
        let (squares, sizes) = unsafe (ck_squares(r, dimensions), ck_signed_sum(r, r, dimensions))
        scale = sizes > 0 ? squares / sizes : 0
        shift = unsafe centreProduct - scale * ck_signed_sum(r, c, dimensions)
    }
}

/// The codes of one list, in blocks of 64 rows. One writer appends; whoever scans meanwhile finds a row whole or not at all.
///
/// `@unchecked Sendable`: places below the count never change, and the count is raised (release) after a place is written and read (acquire) before.
@safe public final class CodeList: @unchecked Sendable {
    public let layout: CodeLayout
    public let capacity: Int
    private let base: UnsafeMutableRawPointer
    /// Nil where the memory is its own.
    private let pages: LargePages?

    public init(_ layout: CodeLayout, capacity: Int) {
        let blocks = CodeList.blocks(capacity)
        self.layout = layout
        self.capacity = blocks * CodeLayout.blockRows
        pages = nil
        unsafe base = .allocate(byteCount: CodeList.byteCount(layout, blocks), alignment: CK_LIST_HEADER)
        clear()
    }

    private init(_ layout: CodeLayout, blocks: Int, at start: Int, in pages: LargePages) {
        self.layout = layout
        capacity = blocks * CodeLayout.blockRows
        self.pages = pages
        unsafe base = pages.start + start
        clear()
    }

    /// Lists that lie together, each with so much room.
    public static func lists(_ layout: CodeLayout, capacities: [Int]) -> [CodeList] {
        let blocks = capacities.map(blocks)
        let pages = LargePages(bytes: blocks.reduce(0) { $0 + byteCount(layout, $1) })
        var next = 0
        return blocks.map { blocks in
            defer { next += byteCount(layout, blocks) }
            return CodeList(layout, blocks: blocks, at: next, in: pages)
        }
    }

    deinit { if pages == nil { unsafe base.deallocate() } }

    private static func blocks(_ capacity: Int) -> Int { max(1, (capacity + CodeLayout.blockRows - 1) / CodeLayout.blockRows) }

    private static func byteCount(_ layout: CodeLayout, _ blocks: Int) -> Int { CK_LIST_HEADER + blocks * layout.blockBytes }

    private func clear() {
        unsafe memset(base, 0, CK_LIST_HEADER)
        for block in 0..<capacity / CodeLayout.blockRows { unsafe ck_clear_block(layout.spans, self.block(block)) }
    }

    public var byteCount: Int { CodeList.byteCount(layout, capacity / CodeLayout.blockRows) }

    public var count: Int { unsafe Int(ck_list_count(base)) }

    public var isFull: Bool { count == capacity }

    /// Adds a row. Only one thread may append at a time.
    public func append(_ code: Code, residual: FloatBlock, start: Int, row: UInt32) {
        let entry = count
        precondition(entry < capacity)
        unsafe ck_put_code(
            layout.kernels.group, layout.spans, block(entry / CodeLayout.blockRows), entry % CodeLayout.blockRows,
            residual.start(of: start..<start + layout.dimensions), code.scale, code.shift, row)
        unsafe ck_set_list_count(base, UInt32(entry + 1))
    }

    /// Adds place `entry` of another list, with another row's number.
    public func append(entry: Int, of other: CodeList) {
        let place = count
        precondition(place < capacity && entry < other.count && other.layout.spans == layout.spans && other.layout.kernels.group == layout.kernels.group)
        unsafe ck_copy_code(
            layout.spans, other.block(entry / CodeLayout.blockRows), entry % CodeLayout.blockRows,
            block(place / CodeLayout.blockRows), place % CodeLayout.blockRows)
        unsafe ck_set_list_count(base, UInt32(place + 1))
    }

    public func row(_ entry: Int) -> UInt32 {
        precondition(entry >= 0 && entry < count)
        return unsafe ck_code_row(layout.spans, block(entry / CodeLayout.blockRows), entry % CodeLayout.blockRows)
    }

    private func block(_ number: Int) -> UnsafeMutablePointer<UInt8> {
        unsafe (base + CK_LIST_HEADER + number * layout.blockBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// For the kernels: the count and then the blocks, valid as long as the list is.
    var start: UnsafeRawPointer { unsafe UnsafeRawPointer(base) }
}

/// Lists by number, as searches read them; it never changes.
///
/// `@unchecked Sendable`: it is written once, before anyone else has it.
@safe public final class CodeDirectory: @unchecked Sendable {
    public let lists: [CodeList]
    private let starts: UnsafeMutablePointer<UnsafeRawPointer>

    public init(_ lists: [CodeList]) {
        self.lists = lists
        unsafe starts = .allocate(capacity: max(1, lists.count))
        for (place, list) in lists.enumerated() { unsafe (starts + place).initialize(to: list.start) }
    }

    deinit { unsafe starts.deallocate() }

    public var count: Int { lists.count }

    func start(_ list: Int) -> UnsafeRawPointer {
        precondition(list >= 0 && list < lists.count)
        return unsafe starts[list]
    }
}
