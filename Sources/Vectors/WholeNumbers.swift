/// Whole numbers that several threads write, each at places of its own.
///
/// `@unchecked Sendable`: no place is written by two threads, and none is read before all have ended.
@safe public final class WholeNumbers: @unchecked Sendable {
    public let count: Int
    private let base: UnsafeMutablePointer<Int>

    public init(count: Int) {
        self.count = count
        unsafe base = .allocate(capacity: max(1, count))
        unsafe base.initialize(repeating: 0, count: max(1, count))
    }

    deinit { unsafe base.deallocate() }

    public subscript(place: Int) -> Int {
        get {
            precondition(place >= 0 && place < count)
            return unsafe base[place]
        }
        set {
            precondition(place >= 0 && place < count)
            unsafe base[place] = newValue
        }
    }

    public var array: [Int] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }
}
