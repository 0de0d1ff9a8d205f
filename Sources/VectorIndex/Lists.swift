import Records
import Vectors

/// The lists of a partition as a search reads them: codes by list, and what was learnt about how far a search must look. It never changes.
struct Lists: Sendable {
    let geometry: ListGeometry
    let style: ListStyle
    var directory: CodeDirectory
    /// The codes of single rows, where lists have codes.
    var signs: SignDirectory
    /// Without codes: the rows of each list that came since the training.
    let tails: ListTails
    /// Where the rows of each list lay when it was trained: list i has rows bounds[i]..<bounds[i + 1], and rows from bounds.last on came later.
    let bounds: [Int]
    var calibration: Calibration
    /// Rows that are alive, by number.
    var live: RowSet
    var rows: RowDirectory
    let scratches: ScratchPools
    let filters: FilterCache
    let expiries: ExpiryCache
    /// Rows that came or went since the training.
    let changes: Int

    /// With one list little is saved by finding less.
    private static let oneListRecallMin = 0.9995

    var count: Int { geometry.count }

    func setting(for recall: Double, k: Int) -> Calibration.Setting {
        calibration.setting(for: count == 1 ? max(recall, Lists.oneListRecallMin) : recall, k: k)
    }

    /// Makes the codes of single rows ready for a query; the product of it with the mean of all rows is what their estimates begin from.
    func prepareSigns(_ unit: [Float], _ query: QueryScratch, _ scratch: ListScratch) -> Float {
        query.vector.copy(unit)
        geometry.turn.apply(query.vector, into: scratch.turned, scratch: scratch.turning)
        scratch.signs.take(scratch.turned)
        return Kernels.best.dot(geometry.mean, unit)
    }

    var trainedRows: Int { bounds.last ?? 0 }

    var byteCount: Int { geometry.byteCount + directory.lists.reduce(0) { $0 + $1.byteCount } + signs.pieces.reduce(0) { $0 + $1.byteCount } }
}
