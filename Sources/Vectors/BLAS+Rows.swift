import CBLAS

extension BLAS {
    /// out[i][j] = Σ a[i][l] · b[j][l] over the first `width` values of the rows; `out` row 0 is that of the first row of `a`.
    public static func multiply(_ a: Rows, _ aRows: Range<Int>, byTransposed b: Rows, _ bRows: Range<Int>, width: Int, into out: Rows) {
        precondition(width <= a.stride && width <= b.stride && bRows.count <= out.stride && aRows.count <= out.capacity)
        guard !aRows.isEmpty, !bRows.isEmpty, width > 0 else { return }
        _ = provider
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(aRows.count), Int32(bRows.count), Int32(width), 1, a.start(aRows), Int32(a.stride),
            b.start(bRows), Int32(b.stride), 0, out.start(0..<aRows.count), Int32(out.stride))
    }

    /// The same for the first `count` rows of a matrix.
    public static func multiply(rowsBelow count: Int, of matrix: RowMatrix, byTransposed b: Rows, _ bRows: Range<Int>, into out: Rows) {
        precondition(matrix.dimension <= b.stride && bRows.count <= out.stride && count <= out.capacity)
        guard count > 0, !bRows.isEmpty else { return }
        _ = provider
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(count), Int32(bRows.count), Int32(matrix.dimension), 1, matrix.start(ofRowsBelow: count),
            Int32(matrix.stride), b.start(bRows), Int32(b.stride), 0, out.start(0..<count), Int32(out.stride))
    }
}
