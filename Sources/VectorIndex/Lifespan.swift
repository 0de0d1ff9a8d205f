import Columns
import Records

/// Bounds of when rows are alive, so that most searches need not look at them one by one.
struct Lifespan: Sendable {
    /// No row ends before this; nil where none ends.
    private(set) var firstEnd: Timestamp?
    /// No row begins after this; nil where all have begun.
    private(set) var lastStart: Timestamp?

    mutating func admit(_ row: Int, of columns: ColumnChunk) {
        if let end = columns.end(row) { firstEnd = min(end, firstEnd ?? end) }
        if let start = columns.start(row) { lastStart = max(start, lastStart ?? start) }
    }

    mutating func formUnion(_ other: Lifespan) {
        if let end = other.firstEnd { firstEnd = min(end, firstEnd ?? end) }
        if let start = other.lastStart { lastStart = max(start, lastStart ?? start) }
    }

    /// Whether that row is one that a bound was taken from.
    func isBounded(by row: Int, of columns: ColumnChunk) -> Bool {
        firstEnd != nil && columns.end(row) == firstEnd || lastStart != nil && columns.start(row) == lastStart
    }

    /// Whether rows that are kept may be none of that moment's.
    func mayHide(at moment: Moment) -> Bool {
        moment.known != nil || firstEnd.map { $0 <= moment.valid } ?? false || lastStart.map { $0 > moment.valid } ?? false
    }
}
