import Synchronization

/// What several workers make, each at places of its own.
final class Slots<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    subscript(place: Int) -> Value? {
        get { values.withLock { $0[place] } }
        set { values.withLock { $0[place] = newValue } }
    }

    /// Everything, in the order of the places.
    var all: [Value] { values.withLock { $0.compactMap { $0 } } }
}
