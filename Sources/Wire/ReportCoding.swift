internal import Records

private enum Tag {
    static let rowsTotal: UInt16 = 16
    static let rowsMatching: UInt16 = 17
    static let rowsScored: UInt16 = 18
    static let listsTotal: UInt16 = 19
    static let listsVisited: UInt16 = 20
    static let recallEstimate: UInt16 = 21
    static let isExact: UInt16 = 22
    static let rowsVisited: UInt16 = 23
    static let lacksContents: UInt16 = 24
    static let asOf: UInt16 = 25
    static let reportMode: UInt16 = 26
    static let validAt: UInt16 = 27
    static let knownAt: UInt16 = 28
    static let trace: UInt16 = 29
}

/// How an answer to a search came about.
extension FieldWriter {
    mutating func report(_ report: SearchReport) {
        integer(Tag.rowsTotal, UInt64(clamping: report.rowsTotal))
        integer(Tag.rowsMatching, UInt64(clamping: report.rowsMatching))
        integer(Tag.rowsScored, UInt64(clamping: report.rowsScored))
        integer(Tag.listsTotal, UInt64(clamping: report.listsTotal))
        integer(Tag.listsVisited, UInt64(clamping: report.listsVisited))
        number(Tag.recallEstimate, report.recallEstimate)
        flag(Tag.isExact, report.isExact)
        integer(Tag.rowsVisited, UInt64(clamping: report.rowsVisited))
        if report.mode != .vector { integer(Tag.reportMode, report.mode.rawValue) }
        if report.lacksContents { flag(Tag.lacksContents, true) }
        if let asOf = report.asOf { time(Tag.asOf, asOf) }
        if let trace = report.trace { identifier(Tag.trace, trace) }
        if let past = report.past {
            time(Tag.validAt, past.valid)
            if let known = past.known { time(Tag.knownAt, known) }
        }
    }
}

extension [UInt8] {
    func report(in range: Range<Int>) throws(BodyError) -> SearchReport {
        var report = SearchReport()
        var (validAt, knownAt): (Timestamp?, Timestamp?) = (nil, nil)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.rowsTotal: report.rowsTotal = Int(clamping: try integer(field, "rows_total") as UInt64)
            case Tag.rowsMatching: report.rowsMatching = Int(clamping: try integer(field, "rows_matching") as UInt64)
            case Tag.rowsScored: report.rowsScored = Int(clamping: try integer(field, "rows_scored") as UInt64)
            case Tag.listsTotal: report.listsTotal = Int(clamping: try integer(field, "lists_total") as UInt64)
            case Tag.listsVisited: report.listsVisited = Int(clamping: try integer(field, "lists_visited") as UInt64)
            case Tag.recallEstimate: report.recallEstimate = try number(field, "recall_estimate")
            case Tag.rowsVisited: report.rowsVisited = Int(clamping: try integer(field, "rows_visited") as UInt64)
            case Tag.isExact: report.isExact = try flag(field, "is_exact")
            case Tag.reportMode: report.mode = try mode(field)
            case Tag.lacksContents: report.lacksContents = try flag(field, "lacks_contents")
            case Tag.asOf: report.asOf = try time(field, "as_of")
            case Tag.trace: report.trace = try identifier(field, "trace")
            case Tag.validAt: validAt = try time(field, "valid_at")
            case Tag.knownAt: knownAt = try time(field, "known_at")
            default: return false
            }
            return true
        }
        if let validAt { report.past = Moment(validAt, known: knownAt) }
        return report
    }
}
