internal import Columns
internal import Lexical
internal import Recall
internal import Records
internal import VectorIndex

/// The rows that are of the time that a question names.
enum AskedTime: Sendable {
    case span(Range<Timestamp>)
    case session(Identifier)

    /// Sessions are those of the scope, in the order in which they began; nil where there are not so many.
    init?(_ time: QuestionTime, among scores: LexicalScores) {
        switch time {
        case .span(let span): self = .span(span)
        case .session(let place):
            var starts: [Identifier: Timestamp] = [:]
            for group in scores.scopes {
                group.rows.forEach { row in
                    guard let session = group.columns.session(row) else { return }
                    let time = group.columns.createdAt(row)
                    starts[session] = min(starts[session] ?? time, time)
                }
            }
            let sessions = starts.sorted { $0.value != $1.value ? $0.value < $1.value : $0.key < $1.key }.map(\.key)
            let index = place < 0 ? sessions.count + place : place
            guard sessions.indices.contains(index) else { return nil }
            self = .session(sessions[index])
        }
    }

    func has(_ row: Int, in columns: ColumnChunk) -> Bool {
        switch self {
        case .span(let span): span.contains(columns.createdAt(row))
        case .session(let id): columns.session(row) == id
        }
    }

    func has(_ memory: Memory) -> Bool {
        switch self {
        case .span(let span): span.contains(memory.createdAt)
        case .session(let id): memory.session == id
        }
    }

    var explained: AnswerExplanation.Time.Which {
        switch self {
        case .span(let span): .span(span)
        case .session(let id): .session(id)
        }
    }

    func rows(of columns: ColumnChunk, among candidates: Bitmap) -> Bitmap {
        var rows = Bitmap()
        candidates.forEach { row in if has(row, in: columns) { rows[row] = true } }
        return rows
    }

    func filter(on kind: Kind) -> Filter {
        switch self {
        case .span(let span): .range(.createdAt, Filter.Bounds(lower: .time(span.lowerBound), upper: .time(span.upperBound), upperIsIncluded: false))
        case .session(let id): .equals(kind == .message ? .plain(.conversation) : .session, .identifier(id))
        }
    }
}

/// More for the rows of the time that a question names.
struct TimedPrior: RowPrior {
    let base: (any RowPrior)?
    let time: AskedTime
    let worth: Float

    var range: ClosedRange<Float> { (base?.range.lowerBound ?? 0)...(base?.range.upperBound ?? 0) + worth }

    func prior(of row: Int, in columns: ColumnChunk) -> Float { (base?.prior(of: row, in: columns) ?? 0) + (time.has(row, in: columns) ? worth : 0) }

    func most(of row: Int, in columns: ColumnChunk) -> Float { (base?.most(of: row, in: columns) ?? 0) + worth }

    func rows(of columns: ColumnChunk, among candidates: Bitmap, atLeast least: Float) -> Bitmap {
        let timed = time.rows(of: columns, among: candidates)
        guard let base else { return least > 0 ? (least <= worth ? timed : Bitmap()) : candidates }
        var rest = candidates
        rest.subtract(timed)
        var rows = base.rows(of: columns, among: rest, atLeast: least)
        rows.formUnion(base.rows(of: columns, among: timed, atLeast: least - worth))
        return rows
    }
}
