import Glibc
import Synchronization

/// A fixed number of rows of floats, each on its own 64-byte boundary and padded with zeros to a multiple of sixteen.
///
/// One writer appends; a row below the published count never changes again, so readers need no lock. The memory is mapped, not allocated:
/// pages that no row has reached cost nothing, and all of it goes back to the system with the last reference.
///
/// `@unchecked Sendable`: guarded by `published`, which the writer raises (release) after a row is written and every access reads (acquire).
@safe public final class RowMatrix: @unchecked Sendable {
    /// Floats in 64 bytes, one cache line.
    public static let alignmentFloats = 16

    public let dimension: Int
    public let capacity: Int
    /// Floats from the start of one row to the start of the next.
    public let stride: Int
    private let base: UnsafeMutablePointer<Float>
    private let mappedBytes: Int
    /// Whose memory it is, where it is not its own.
    private let arena: RowArena?
    private let published = Atomic<Int>(0)

    public init(dimension: Int, capacity: Int) {
        precondition(dimension > 0 && capacity > 0)
        self.dimension = dimension
        self.capacity = capacity
        stride = RowMatrix.stride(dimension: dimension)
        mappedBytes = stride * capacity * MemoryLayout<Float>.size
        let address = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { fatalError("no memory for \(mappedBytes) bytes of vectors") }
        unsafe base = address.assumingMemoryBound(to: Float.self)
        arena = nil
    }

    /// `base` points to room for so many rows, all zeros, that lives as long as `arena`.
    init(dimension: Int, capacity: Int, base: UnsafeMutablePointer<Float>, arena: RowArena) {
        self.dimension = dimension
        self.capacity = capacity
        stride = RowMatrix.stride(dimension: dimension)
        unsafe self.base = base
        mappedBytes = 0
        self.arena = arena
    }

    deinit {
        if mappedBytes > 0 { unsafe munmap(base, mappedBytes) }
    }

    public static func stride(dimension: Int) -> Int { (dimension + alignmentFloats - 1) / alignmentFloats * alignmentFloats }

    /// Rows that can be read.
    public var count: Int { published.load(ordering: .acquiring) }

    public var isFull: Bool { count == capacity }

    /// Memory of the rows that there are; the rest is reserved and costs nothing.
    public var byteCount: Int { count * stride * MemoryLayout<Float>.size }

    /// Adds a row and returns its number. Only one thread may append at a time.
    @discardableResult
    public func append(_ row: [Float]) -> Int {
        precondition(row.count == dimension)
        return unsafe row.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return 0 }
            return unsafe append(from: start)
        }
    }

    /// Adds a row of another matrix, bit for bit.
    @discardableResult
    public func append(row: Int, of other: RowMatrix) -> Int {
        precondition(other.dimension == dimension)
        return unsafe append(from: other.start(ofRow: row))
    }

    private func append(from source: UnsafePointer<Float>) -> Int {
        let row = published.load(ordering: .relaxed)
        precondition(row < capacity)
        unsafe (base + row * stride).update(from: source, count: dimension)
        published.store(row + 1, ordering: .releasing)
        return row
    }

    /// A copy of one row, without its padding.
    public func row(_ row: Int) -> [Float] {
        let start = unsafe start(ofRow: row)
        return unsafe Array(UnsafeBufferPointer(start: start, count: dimension))
    }

    /// For the kernels: the first float of a published row, valid as long as the matrix is.
    func start(ofRow row: Int) -> UnsafePointer<Float> {
        precondition(row >= 0 && row < count)
        return unsafe UnsafePointer(base + row * stride)
    }

    /// For the kernels: the first float of row 0, after it is known that rows below `end` can be read.
    func start(ofRowsBelow end: Int) -> UnsafePointer<Float> {
        precondition(end >= 0 && end <= count)
        return unsafe UnsafePointer(base)
    }
}
