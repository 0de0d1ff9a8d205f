import CBLAS

/// The directions in which rows vary most.
public enum PrincipalAxes {
    private static let rounds = 4

    /// `wanted` orthonormal rows that span nearly the same space as the principal components of the first `count` rows, which are taken as deviations from
    /// zero, and the share of their squares that lies in it. By iteration of a subspace (Halko, Martinsson and Tropp, 2011, algorithm 4.4).
    public static func find(_ wanted: Int, in rows: Rows, count: Int, dimension: Int, random: inout SplitMix) -> (axes: Rows, share: Float) {
        precondition(wanted > 0 && wanted <= dimension && dimension <= rows.stride && count > 0)
        let covariance = Rows(FloatBlock(count: dimension * dimension), stride: dimension)
        _ = BLAS.provider
        unsafe cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(dimension), Int32(dimension), Int32(count), 1, rows.start(0..<count), Int32(rows.stride),
            rows.start(0..<count), Int32(rows.stride), 0, covariance.start(0..<dimension), Int32(dimension))
        var (axes, next) = (Rows(FloatBlock(count: wanted * dimension), stride: dimension), Rows(FloatBlock(count: wanted * dimension), stride: dimension))
        for place in 0..<wanted * dimension { axes.block[place] = Float(random.below(1 << 20)) / Float(1 << 19) - 1 }
        for _ in 0..<rounds {
            makeOrthonormal(axes, wanted, dimension)
            BLAS.multiply(axes, 0..<wanted, byTransposed: covariance, 0..<dimension, width: dimension, into: next)
            swap(&axes, &next)
        }
        makeOrthonormal(axes, wanted, dimension)
        BLAS.multiply(axes, 0..<wanted, byTransposed: covariance, 0..<dimension, width: dimension, into: next)
        var (inside, whole) = (0.0, 0.0)
        for place in 0..<wanted * dimension { inside += Double(axes.block[place]) * Double(next.block[place]) }
        for column in 0..<dimension { whole += Double(covariance[column, column]) }
        return (axes, whole > 0 ? Float(inside / whole) : 1)
    }

    /// The rows are the columns of a matrix as LAPACK sees it, of which Q of its QR decomposition takes the place.
    private static func makeOrthonormal(_ rows: Rows, _ count: Int, _ dimension: Int) {
        var factors = [Float](repeating: 0, count: count)
        let start = unsafe rows.start(0..<count)
        let made = unsafe LAPACKE_sgeqrf(LAPACK_COL_MAJOR, Int32(dimension), Int32(count), start, Int32(dimension), &factors)
        precondition(made == 0)
        let formed = unsafe LAPACKE_sorgqr(LAPACK_COL_MAJOR, Int32(dimension), Int32(count), Int32(count), start, Int32(dimension), &factors)
        precondition(formed == 0)
    }
}
