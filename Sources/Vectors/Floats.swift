import Glibc

/// Floats that nobody changes, of an array or of a mapped file.
///
/// `@unchecked Sendable`: what it points to is never written after it was made, and `owner` keeps it alive.
@safe public struct Floats: @unchecked Sendable {
    public let count: Int
    private let owner: AnyObject
    private let base: UnsafePointer<Float>

    public init(_ values: [Float]) {
        let block = FloatBlock(count: values.count)
        for (place, value) in values.enumerated() { block[place] = value }
        unsafe self.init(owner: block, base: block.start(of: 0..<values.count), count: values.count)
    }

    /// One after the other; a single one as it lies.
    public init(joining parts: [Floats]) {
        if let only = parts.first, parts.count == 1 {
            self = only
            return
        }
        let block = FloatBlock(count: parts.reduce(0) { $0 + $1.count })
        var start = 0
        for part in parts {
            unsafe block.start(of: start..<start + part.count).update(from: part.start(of: 0..<part.count), count: part.count)
            start += part.count
        }
        unsafe self.init(owner: block, base: block.start(of: 0..<block.count), count: block.count)
    }

    /// Rows of `row.count`, to each of which `row` was added.
    public func adding(_ row: Floats) -> Floats {
        precondition(row.count > 0 && count % row.count == 0)
        let block = FloatBlock(count: count)
        for place in 0..<count { block[place] = self[place] + row[place % row.count] }
        return unsafe Floats(owner: block, base: block.start(of: 0..<count), count: count)
    }

    /// `base` points to `count` floats that live as long as `owner`.
    init(owner: AnyObject, base: UnsafePointer<Float>, count: Int) {
        self.owner = owner
        unsafe self.base = base
        self.count = count
    }

    public subscript(place: Int) -> Float {
        precondition(place >= 0 && place < count)
        return unsafe base[place]
    }

    public subscript(range: Range<Int>) -> Floats {
        unsafe Floats(owner: owner, base: start(of: range), count: range.count)
    }

    public var values: [Float] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }

    public var areFinite: Bool {
        // A sum would overflow; a difference of a number with itself is 0 unless it is no number.
        var wrong: Float = 0
        for place in 0..<count { unsafe wrong += base[place] - base[place] }
        return wrong == 0
    }

    /// For the kernels: valid as long as this value, or a copy of it, lives.
    func start(of range: Range<Int>) -> UnsafePointer<Float> {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe base + range.lowerBound
    }
}

/// Floats on a 64-byte boundary for results on their way, with room for a whole block of rows behind the last.
///
/// `@unchecked Sendable`: whoever works with it has it for himself, as the encoder's scratch is lent to one call at a time.
@safe public final class FloatBlock: @unchecked Sendable {
    public let count: Int
    private let base: UnsafeMutablePointer<Float>

    public init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let bytes = max(64, count * MemoryLayout<Float>.stride)
        let address = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe memset(address, 0, bytes)
        unsafe base = address.assumingMemoryBound(to: Float.self)
    }

    deinit { unsafe base.deallocate() }

    public subscript(place: Int) -> Float {
        get {
            precondition(place >= 0 && place < count)
            return unsafe base[place]
        }
        set {
            precondition(place >= 0 && place < count)
            unsafe base[place] = newValue
        }
    }

    public subscript(range: Range<Int>) -> [Float] {
        unsafe Array(UnsafeBufferPointer(start: start(of: range), count: range.count))
    }

    /// For the kernels: valid as long as the block is.
    func start(of range: Range<Int>) -> UnsafeMutablePointer<Float> {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe base + range.lowerBound
    }
}

extension FloatBlock {
    /// Its first values become a row of a matrix, without the padding.
    public func copy(row: Int, of matrix: RowMatrix) {
        unsafe start(of: 0..<matrix.dimension).update(from: matrix.start(ofRow: row), count: matrix.dimension)
    }

    public func copy(_ values: [Float]) {
        let to = unsafe start(of: 0..<values.count)
        for (place, value) in values.enumerated() { unsafe to[place] = value }
    }

    /// Its first values become `a` − those of `b` from a place on.
    public func subtract(_ a: FloatBlock, less b: FloatBlock, from place: Int, count: Int) {
        let (x, y, to) = unsafe (a.start(of: 0..<count), b.start(of: place..<place + count), start(of: 0..<count))
        for column in 0..<count { unsafe to[column] = unsafe x[column] - y[column] }
    }
}
