/// Room that the channels of one loop read into in turn; lent to their owners, never kept.
@safe final class ReadBuffer: @unchecked Sendable {
    // Only the channels of one loop touch it, on that loop, one at a time: the loop guards it.
    private let room: UnsafeMutableRawBufferPointer

    init(capacity: Int) { unsafe room = .allocate(byteCount: capacity, alignment: 64) }

    deinit { unsafe room.deallocate() }

    var capacity: Int { unsafe room.count }

    /// Lets a C call write behind the first `start` bytes.
    func fill<Result>(from start: Int = 0, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeMutableRawBufferPointer(rebasing: room[min(start, room.count)...]))
    }

    func lend<Result, Failure>(_ count: Int, _ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: room[..<min(count, room.count)])
        return try unsafe body(Span(_unsafeBytes: bytes))
    }
}

extension [UInt8] {
    /// One copy, whatever the length.
    mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
