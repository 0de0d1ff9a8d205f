import Glibc

/// Room for many matrices in one piece, in large pages where the system has them: rows that are read here and there then cost one look-up of an address less.
///
/// `@unchecked Sendable`: it only owns the memory; each matrix guards its own part.
@safe public final class RowArena: @unchecked Sendable {
    private static let pageBytes = 2 << 20

    private let dimension: Int
    private let rows: Int
    private let matrices: Int
    private let mapped: UnsafeMutableRawPointer
    private let mappedBytes: Int

    /// Room for `matrices` of so many rows each.
    public init(dimension: Int, matrices: Int, rows: Int) {
        precondition(dimension > 0 && matrices >= 0 && rows > 0)
        self.dimension = dimension
        self.rows = rows
        self.matrices = matrices
        mappedBytes = matrices * RowArena.matrixBytes(dimension, rows) + 2 * RowArena.pageBytes
        let address = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { fatalError("no memory for \(mappedBytes) bytes of vectors") }
        unsafe mapped = unsafe address
        // Where it is refused, small pages serve.
        _ = unsafe madvise(address, mappedBytes, Int32(MADV_HUGEPAGE))
    }

    deinit { unsafe munmap(mapped, mappedBytes) }

    private static func matrixBytes(_ dimension: Int, _ rows: Int) -> Int { RowMatrix.stride(dimension: dimension) * rows * MemoryLayout<Float>.size }

    /// Each of them is asked for once.
    public subscript(place: Int) -> RowMatrix {
        precondition(place >= 0 && place < matrices)
        let first = unsafe mapped.alignedUp(toMultipleOf: RowArena.pageBytes)
        let start = unsafe first + place * RowArena.matrixBytes(dimension, rows)
        return unsafe RowMatrix(dimension: dimension, capacity: rows, base: start.assumingMemoryBound(to: Float.self), arena: self)
    }
}
