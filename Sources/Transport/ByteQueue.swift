/// Bytes appended at the end and taken from the front.
///
/// Taking moves a mark and copies nothing; the room before the mark comes back when all is taken, or when it is at least as large as what is left,
/// so that each byte is moved at most once on average, however long the queue is never quite empty.
struct ByteQueue {
    /// Append here; everything before `start` has been taken.
    var bytes: [UInt8] = []
    private(set) var start = 0

    private static let compactionBytesMin = 262_144
    /// A queue that was once longer than this gives its room back when it is empty.
    private static let capacityKeptMax = 1_048_576

    var count: Int { bytes.count - start }

    var isEmpty: Bool { start == bytes.count }

    mutating func removeFirst(_ taken: Int) {
        start = min(start + taken, bytes.count)
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= ByteQueue.capacityKeptMax)
            start = 0
        } else if start >= ByteQueue.compactionBytesMin, start >= count {
            bytes.removeSubrange(0..<start)
            start = 0
        }
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
