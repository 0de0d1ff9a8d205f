import Synchronization

/// Which rows may be meant by something with a hash: open addressing over the numbers of rows. Numbers only come; who looks one up says whether it is meant.
///
/// `@unchecked Sendable`: there is one writer; a place is written once (release), and others read it meanwhile (acquire).
@safe public final class RowFinder: @unchecked Sendable {
    private static let nobody = UInt32.max

    private let places: UnsafeMutablePointer<Atomic<UInt32>>
    private let size: Int
    private var count = 0

    /// For so many numbers.
    public init(capacity: Int) {
        var size = 64
        while size * 5 < 8 * (capacity + 1) { size *= 2 }
        self.size = size
        unsafe places = .allocate(capacity: size)
        for place in 0..<size { unsafe (places + place).initialize(to: Atomic(RowFinder.nobody)) }
    }

    deinit {
        unsafe places.deinitialize(count: size)
        unsafe places.deallocate()
    }

    /// How many numbers it can take.
    public var capacity: Int { size * 5 / 8 }

    public var byteCount: Int { size * MemoryLayout<UInt32>.size }

    public var isFull: Bool { count >= capacity }

    /// Only one thread may add at a time.
    public func add(_ row: Int, hash: Int) {
        precondition(!isFull && row >= 0 && row < Int(RowFinder.nobody))
        var place = start(hash)
        while unsafe places[place].load(ordering: .relaxed) != RowFinder.nobody { place = (place + 1) & (size - 1) }
        unsafe places[place].store(UInt32(row), ordering: .releasing)
        count += 1
    }

    /// The row of those with this hash that is meant.
    @inlinable
    public func find(hash: Int, _ isMeant: (Int) -> Bool) -> Int? {
        var step = 0
        while let row = row(hash: hash, step) {
            if isMeant(row) { return row }
            step += 1
        }
        return nil
    }

    @usableFromInline
    func row(hash: Int, _ step: Int) -> Int? {
        let row = unsafe places[(start(hash) + step) & (size - 1)].load(ordering: .acquiring)
        return row == RowFinder.nobody ? nil : Int(row)
    }

    private func start(_ hash: Int) -> Int { hash & (size - 1) }
}
