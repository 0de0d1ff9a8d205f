import CBLAS
import Glibc

/// Matrix products through whichever BLAS the system provides.
///
/// The provider is kept to one thread: its callers bring their own, which is faster on blocks and keeps its threads from fighting theirs.
public enum BLAS {
    /// Who computes, as far as he tells.
    public struct Provider: Sendable, Hashable {
        public let name: String
        /// The processor family that its kernels were chosen for; empty when it does not tell.
        public let core: String
        public let config: String
        /// Netlib's, or one that we cannot name: correct, and many times slower.
        public let isReference: Bool
    }

    /// Found once, at the first use; that also sets its threads to one.
    public static let provider = findProvider()

    /// Products of every query with rows 0..<count of `matrix`: that of query q and row r goes to `scores[q * scoresStride + r]`.
    ///
    /// `queries` holds whole rows of the matrix's dimension, one after the other. The last bits differ from those of `Kernels`, by at most
    /// `roundingBound` for vectors of length one.
    public static func multiply(
        queries: [Float], queryCount: Int, rowsBelow count: Int, of matrix: RowMatrix, into scores: inout [Float], scoresStride: Int
    ) {
        precondition(queries.count == queryCount * matrix.dimension && scoresStride >= count && scores.count >= queryCount * scoresStride)
        guard queryCount > 0, count > 0 else { return }
        _ = provider
        let rows = unsafe matrix.start(ofRowsBelow: count)
        unsafe queries.withUnsafeBufferPointer { queries in
            unsafe scores.withUnsafeMutableBufferPointer { scores in
                guard let left = queries.baseAddress, let out = scores.baseAddress else { return }
                unsafe cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(queryCount), Int32(count), Int32(matrix.dimension), 1, left,
                    Int32(matrix.dimension), rows, Int32(matrix.stride), 0, out, Int32(scoresStride))
            }
        }
    }

    /// How far two sums of the same products of unit vectors can lie apart, in whatever order each was added.
    ///
    /// Each errs by at most γ(n) = n·u / (1 − n·u) times Σ|aᵢbᵢ| ≤ 1, with u = 2⁻²⁴ (Higham, Accuracy and Stability, section 3.1);
    /// a tenth more allows for lengths that are themselves rounded.
    public static func roundingBound(dimension: Int) -> Float {
        let product = Double(dimension) * 0x1p-24
        return Float(2.2 * product / (1 - product))
    }

    private static func findProvider() -> Provider {
        if let name = text("openblas_get_config") {
            chooseCore()
            setThreads("openblas_set_num_threads")
            return Provider(name: "OpenBLAS", core: text("openblas_get_corename") ?? "", config: name, isReference: false)
        }
        if let version = text("bli_info_get_version_str") {
            return Provider(name: "BLIS", core: "", config: version, isReference: false)
        }
        if unsafe dlsym(nil, "MKL_Get_Version_String") != nil {
            return Provider(name: "MKL", core: "", config: "", isReference: false)
        }
        if unsafe dlsym(nil, "ATL_buildinfo") != nil {
            return Provider(name: "ATLAS", core: "", config: "", isReference: false)
        }
        return Provider(name: "reference", core: "", config: "", isReference: true)
    }

    /// An OpenBLAS that does not know a processor newer than itself takes kernels of 2007, which are five times slower. It is told which it can use, unless
    /// the user has told it, where it has the functions for that.
    private static func chooseCore() {
        let old: Set<String> = ["Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Atom", "Core2", "Penryn", "Dunnington", "Nehalem", "Athlon",
            "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat", "Sandybridge", "Bulldozer", "Piledriver", "Steamroller", "Nano", "Generic"]
        let better = ["avx512": "SkylakeX", "avx2": "Haswell"][Kernels.best.name]
        guard let better, let core = text("openblas_get_corename"), old.contains(core), unsafe getenv("OPENBLAS_CORETYPE") == nil else { return }
        guard let leave = unsafe dlsym(nil, "gotoblas_dynamic_quit"), let enter = unsafe dlsym(nil, "gotoblas_dynamic_init") else { return }
        unsafe setenv("OPENBLAS_CORETYPE", better, 1)
        unsafe unsafeBitCast(leave, to: (@convention(c) () -> Void).self)()
        unsafe unsafeBitCast(enter, to: (@convention(c) () -> Void).self)()
        unsafe unsetenv("OPENBLAS_CORETYPE")
    }

    private static func text(_ symbol: String) -> String? {
        guard let address = unsafe dlsym(nil, symbol) else { return nil }
        let function = unsafe unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<CChar>?).self)
        guard let text = unsafe function() else { return nil }
        return unsafe String(cString: text)
    }

    private static func setThreads(_ symbol: String) {
        guard let address = unsafe dlsym(nil, symbol) else { return }
        let function = unsafe unsafeBitCast(address, to: (@convention(c) (Int32) -> Void).self)
        function(1)
    }
}
