/// The k best of what was offered, by score descending, then by id ascending.
///
/// A heap with the worst of them on top. Its order is total, so the outcome does not depend on the order of the offers.
@frozen public struct TopK<ID: Comparable & Sendable>: Sendable {
    @frozen public struct Entry: Sendable {
        public let score: Float
        public let id: ID

        @inlinable
        init(score: Float, id: ID) {
            self.score = score
            self.id = id
        }
    }

    public let k: Int
    @usableFromInline var heap: [Entry] = []

    @inlinable
    public init(k: Int) {
        self.k = max(0, k)
    }

    @inlinable
    public var count: Int { heap.count }

    @inlinable
    public var isFull: Bool { heap.count >= k }

    /// What scores below this cannot enter; −∞ until there are k.
    @inlinable
    public var threshold: Float {
        guard isFull else { return -.infinity }
        return heap.first?.score ?? .infinity
    }

    @inlinable
    public mutating func offer(score: Float, id: ID) {
        let entry = Entry(score: score, id: id)
        if heap.count < k {
            heap.append(entry)
            siftUp(from: heap.count - 1)
        } else if let worst = heap.first, TopK.isBetter(entry, worst) {
            heap[0] = entry
            siftDown(from: 0)
        }
    }

    /// Best first.
    @inlinable
    public var sorted: [Entry] { heap.sorted(by: TopK.isBetter) }

    @inlinable
    @inline(__always)
    static func isBetter(_ a: Entry, _ b: Entry) -> Bool {
        a.score != b.score ? a.score > b.score : a.id < b.id
    }

    @inlinable
    mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard TopK.isBetter(heap[parent], heap[child]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    @inlinable
    mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var worst = parent
            let left = 2 * parent + 1
            let right = left + 1
            if left < heap.count, TopK.isBetter(heap[worst], heap[left]) { worst = left }
            if right < heap.count, TopK.isBetter(heap[worst], heap[right]) { worst = right }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
