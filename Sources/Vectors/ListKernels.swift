import CKernels

/// Which list a row belongs to, through the inner loops of one instruction set.
///
/// `@unchecked Sendable`: it points to a constant of the C module.
@safe public struct ListKernels: @unchecked Sendable {
    public let name: String
    private let table: UnsafePointer<ck_lists>

    private init(_ table: UnsafePointer<ck_lists>) {
        unsafe name = String(cString: table.pointee.name)
        unsafe self.table = unsafe table
    }

    /// The fastest that this machine has.
    public static let best = unsafe ListKernels(ck_lists_best())

    /// Every set that runs on this machine.
    public static var available: [ListKernels] {
        var result = unsafe [ListKernels(ck_lists_portable())]
        if let table = unsafe ck_lists_avx2() { unsafe result.append(ListKernels(table)) }
        if let table = unsafe ck_lists_avx512() { unsafe result.append(ListKernels(table)) }
        return result
    }

    /// The centre with the largest product − half of its square, which is the nearest; of equal ones the first. `products` row `row` are those with all centres.
    public func nearest(_ products: Rows, row: Int, halves: FloatBlock) -> (place: Int, value: Float) {
        precondition(halves.count > 0 && halves.count <= products.stride)
        var value: Float = 0
        let place = unsafe table.pointee.nearest(products.start(row..<row + 1), halves.start(of: 0..<halves.count), halves.count, &value)
        return (place, value)
    }

    /// A second list for a row whose nearest centre is `nearest`: near, and where the residual r to the first points elsewhere. `own` is r · row, and
    /// `squares` |r|²; row `nearest` of `centres` are the products of that centre with all.
    public func second(_ products: Rows, row: Int, halves: FloatBlock, centres: Rows, nearest: Int, own: Float, squares: Float) -> Int {
        precondition(halves.count > 1 && halves.count <= products.stride && halves.count <= centres.stride)
        return unsafe table.pointee.second(
            products.start(row..<row + 1), halves.start(of: 0..<halves.count), centres.start(nearest..<nearest + 1), halves.count, nearest, own, squares)
    }
}
