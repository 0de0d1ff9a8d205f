import CBLAS

extension BLAS {
    /// out[i][j] = Σ a[i][l] · b[j][l] over the first `width` values of the rows; `out` row 0 is that of the first row of `a`.
    public static func multiply(_ a: Rows, _ aRows: Range<Int>, byTransposed b: Rows, _ bRows: Range<Int>, width: Int, into out: Rows) {
        precondition(width <= a.stride && width <= b.stride && bRows.count <= out.stride && aRows.count <= out.capacity)
        unsafe multiply(
            a.start(aRows), a.stride, aRows.count, byTransposed: b.start(bRows), b.stride, bRows.count, width: width, into: out.start(0..<aRows.count), out.stride)
    }

    /// The same for the first `count` rows of a matrix.
    public static func multiply(rowsBelow count: Int, of matrix: RowMatrix, byTransposed b: Rows, _ bRows: Range<Int>, into out: Rows) {
        precondition(matrix.dimension <= b.stride && bRows.count <= out.stride && count <= out.capacity)
        unsafe multiply(
            matrix.start(ofRowsBelow: count), matrix.stride, count, byTransposed: b.start(bRows), b.stride, bRows.count, width: matrix.dimension,
            into: out.start(0..<count), out.stride)
    }

    /// The same for rows anywhere, a stride after their numbers.
    static func multiply(
        _ a: UnsafePointer<Float>, _ aStride: Int, _ aCount: Int, byTransposed b: UnsafePointer<Float>, _ bStride: Int, _ bCount: Int, width: Int,
        into out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) {
        guard aCount > 0, bCount > 0, width > 0 else { return }
        _ = provider
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(aCount), Int32(bCount), Int32(width), 1, a, Int32(aStride), b, Int32(bStride), 0, out, Int32(outStride))
    }
}
