import Vectors

/// The lists of a partition as a search reads them: codes by list, and what was learnt about how far a search must look. It never changes.
struct Lists: Sendable {
    let geometry: ListGeometry
    var directory: CodeDirectory
    /// Where the rows of each list lay when it was trained: list i has rows bounds[i]..<bounds[i + 1], and rows from bounds.last on came later.
    let bounds: [Int]
    var calibration: Calibration
    /// Rows that are alive, by number.
    var live: RowSet
    var rows: RowDirectory
    let scratches: ScratchPool

    var count: Int { geometry.count }

    var byteCount: Int { directory.lists.reduce(0) { $0 + $1.byteCount } }
}
