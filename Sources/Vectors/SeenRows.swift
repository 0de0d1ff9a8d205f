/// Which rows came before, and where, by open addressing.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class SeenRows: @unchecked Sendable {
    private let places: UnsafeMutablePointer<Int32>
    private let size: Int

    /// For up to so many rows at once.
    public init(capacity: Int) {
        var size = 64
        while size < 2 * capacity { size *= 2 }
        self.size = size
        unsafe places = .allocate(capacity: size)
        unsafe places.initialize(repeating: -1, count: size)
    }

    deinit { unsafe places.deallocate() }

    /// The place in `rows` of a row that came before; else nil, and it is noted that it will be at `place`.
    @inline(__always)
    func place(of row: UInt32, in rows: [UInt32], orElse place: Int) -> Int? {
        var slot = start(row)
        while true {
            let found = unsafe places[slot]
            guard found >= 0 else { break }
            if rows[Int(found)] == row { return Int(found) }
            slot = (slot + 1) & (size - 1)
        }
        unsafe places[slot] = Int32(place)
        return nil
    }

    /// Forgets `rows`, which are all that came.
    func forget(_ rows: [UInt32]) {
        // Whatever stands where a row may stand is one of them.
        for row in rows {
            var slot = start(row)
            while unsafe places[slot] >= 0 {
                unsafe places[slot] = -1
                slot = (slot + 1) & (size - 1)
            }
        }
    }

    private func start(_ row: UInt32) -> Int { Int(row &* 0x9E37_79B1 >> 8) & (size - 1) }
}
