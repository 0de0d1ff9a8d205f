import CKernels

/// Codes of one bit a dimension, row by row, through the inner loops of one instruction set.
///
/// `@unchecked Sendable`: it points to a constant of the C module.
@safe public struct SignKernels: @unchecked Sendable {
    public let name: String
    fileprivate let table: UnsafePointer<ck_signs>

    private init(_ table: UnsafePointer<ck_signs>) {
        unsafe name = String(cString: table.pointee.name)
        unsafe self.table = unsafe table
    }

    /// The fastest that this machine has.
    public static let best = unsafe SignKernels(ck_signs_best())

    /// Every set that runs on this machine.
    public static var available: [SignKernels] {
        var result = unsafe [SignKernels(ck_signs_portable())]
        if let table = unsafe ck_signs_popcnt() { unsafe result.append(SignKernels(table)) }
        if let table = unsafe ck_signs_avx512() { unsafe result.append(SignKernels(table)) }
        return result
    }
}

/// The codes of 1,024 rows, in the order of their numbers.
///
/// `@unchecked Sendable`: one writer puts a row before anyone else knows of it.
@safe public final class SignPiece: @unchecked Sendable {
    public static let rows = CK_SIGN_ROWS

    fileprivate let base: UnsafeMutablePointer<UInt8>
    private let layout: CodeLayout
    private let pages: LargePages

    private init(_ layout: CodeLayout, place: Int, in pages: LargePages) {
        self.layout = layout
        self.pages = pages
        unsafe base = (pages.start + place * SignPiece.rows * layout.signStride).assumingMemoryBound(to: UInt8.self)
    }

    /// So many that lie together.
    public static func pieces(_ layout: CodeLayout, count: Int) -> [SignPiece] {
        let pages = LargePages(bytes: count * SignPiece.rows * layout.signStride)
        return (0..<count).map { SignPiece(layout, place: $0, in: pages) }
    }

    public var byteCount: Int { SignPiece.rows * layout.signStride }

    public func put(_ code: Code, residual: FloatBlock, row: Int) {
        precondition(row >= 0 && row < SignPiece.rows)
        unsafe ck_put_signs(residual.start(of: 0..<layout.dimensions), layout.dimensions, code.scale, code.shift, base + row * layout.signStride)
    }
}

/// Pieces by number, as searches read them; it never changes.
///
/// `@unchecked Sendable`: it is written once, before anyone else has it.
@safe public final class SignDirectory: @unchecked Sendable {
    public let pieces: [SignPiece]
    private let starts: UnsafeMutablePointer<UnsafePointer<UInt8>?>

    public init(_ pieces: [SignPiece]) {
        self.pieces = pieces
        unsafe starts = .allocate(capacity: max(1, pieces.count))
        for (place, piece) in pieces.enumerated() { unsafe (starts + place).initialize(to: UnsafePointer(piece.base)) }
    }

    deinit { unsafe starts.deallocate() }

    /// The estimates of those of `rows` that are in `range` into the first places of `scores`.
    public func estimate(_ query: SignQuery, rows: [UInt32], _ range: Range<Int>, base: Float, into scores: FloatBlock) {
        precondition(rows[range].allSatisfy { Int($0) / SignPiece.rows < pieces.count })
        unsafe rows.withUnsafeBufferPointer { numbers in
            guard let first = numbers.baseAddress else { return }
            unsafe query.kernels.table.pointee.estimate(query.query, starts, first + range.lowerBound, range.count, base, scores.start(of: 0..<range.count))
        }
    }
}

/// A query for codes row by row. Made once and used again, by one thread at a time.
///
/// `@unchecked Sendable`: whoever works with it has it for himself.
@safe public final class SignQuery: @unchecked Sendable {
    fileprivate let query: UnsafeMutablePointer<ck_sign_query>
    private let planes: UnsafeMutablePointer<UInt64>
    fileprivate let kernels: SignKernels
    private let dimensions: Int

    public init(_ layout: CodeLayout, kernels: SignKernels = .best) {
        self.kernels = kernels
        dimensions = layout.dimensions
        unsafe planes = .allocate(capacity: layout.signWords * CK_SIGN_PLANES)
        unsafe query = .allocate(capacity: 1)
        unsafe query.initialize(to: ck_sign_query(planes: planes, words: layout.signWords, step: 1, centre: 0, total: 0))
    }

    deinit {
        unsafe query.deallocate()
        unsafe planes.deallocate()
    }

    /// Takes a query, turned as the codes are.
    public func take(_ turned: FloatBlock) { unsafe ck_prepare_signs(turned.start(of: 0..<dimensions), dimensions, query) }
}

extension CodeLayout {
    var signWords: Int { (dimensions + 63) / 64 }
    var signStride: Int { ck_sign_stride(signWords) }
}
