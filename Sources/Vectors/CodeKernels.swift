import CKernels

/// Codes of one bit a dimension, through the inner loops of one instruction set.
///
/// `@unchecked Sendable`: it points to a constant of the C module.
@safe public struct CodeKernels: @unchecked Sendable {
    public let name: String
    /// Dimensions in one look-up, which decides how codes lie in memory.
    let group: UInt32
    let table: UnsafePointer<ck_codes>

    private init(_ table: UnsafePointer<ck_codes>) {
        unsafe name = String(cString: table.pointee.name)
        unsafe group = table.pointee.group
        unsafe self.table = unsafe table
    }

    /// The fastest that this machine has.
    public static let best = unsafe CodeKernels(ck_codes_best())

    /// In plain C, with codes that lie as those of `kernels`.
    public static func portable(like kernels: CodeKernels) -> CodeKernels { unsafe CodeKernels(ck_codes_portable(kernels.group)) }

    /// Every set that runs on this machine.
    public static var available: [CodeKernels] {
        var result = unsafe [CodeKernels(ck_codes_portable(6)), CodeKernels(ck_codes_portable(4))]
        if let table = unsafe ck_codes_avx2() { unsafe result.append(CodeKernels(table)) }
        if let table = unsafe ck_codes_vbmi() { unsafe result.append(CodeKernels(table)) }
        if let table = unsafe ck_codes_neon() { unsafe result.append(CodeKernels(table)) }
        return result
    }

    /// A number that at least k of the first `count` values reach, and hardly more than k + `slack`; the least of them when there are fewer.
    public func kthLargest(_ values: FloatBlock, count: Int, k: Int, slack: Int = 0) -> Float {
        precondition(count > 0 && k > 0)
        return unsafe table.pointee.kth_largest(values.start(of: 0..<count), count, k, slack)
    }
}

/// How codes of so many dimensions lie in memory.
public struct CodeLayout: Sendable {
    public static let blockRows = CK_BLOCK
    public static let dimensionsMax = CK_CODE_DIMENSIONS_MAX

    public let kernels: CodeKernels
    let spans: Int

    /// `dimensions` are at most `dimensionsMax`.
    public init(_ kernels: CodeKernels, dimensions: Int) {
        precondition(dimensions > 0 && dimensions <= CodeLayout.dimensionsMax)
        self.kernels = kernels
        spans = (dimensions + CK_SPAN - 1) / CK_SPAN
    }

    /// Dimensions with those that fill the last look-ups, which are zero.
    public var dimensions: Int { spans * CK_SPAN }

    var blockBytes: Int { ck_block_bytes(spans) }
    var tableBytes: Int { ck_table_bytes(kernels.group, spans) }

    /// Bytes that a row needs beside its vector, each time that it is in a list.
    public var rowBytes: Int { blockBytes / CodeLayout.blockRows }
}
